"""Real servers for tests: PostgreSQL, Redis, Asterisk, each in a folder of its own on free ports.

Every server is stopped by the process that started it and by its own process id; nothing else on
the machine is touched. What a test waits for is a named condition with a deadline.

* `postgres_server`, `postgres_url`: a server for the session, a migrated database for each test.
* `redis_server`, `redis_url`: a server for the session, emptied before each test.
* `database_url`: runs a test twice, on SQLite and on PostgreSQL, both migrated.
* `asterisk_values`, `asterisk_process`: a configuration on free ports, and a running Asterisk.
* `chromium_path`: the browser that set-up found or installed.
"""
