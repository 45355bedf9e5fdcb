"""What every test may ask for: the real servers of `tests/servers`."""

pytest_plugins = ["tests.servers.fixtures"]
