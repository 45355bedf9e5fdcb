"""What every test may ask for: the real servers of `tests/servers`."""

from hypothesis import settings

pytest_plugins = ["tests.servers.fixtures"]

# How long one example takes says something of the machine, and nothing of what is tested.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
