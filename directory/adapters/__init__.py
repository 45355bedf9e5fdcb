"""The directory's hands: tables, stores, configuration files, password hashing, the demo city."""
