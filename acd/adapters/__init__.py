"""Tables, files and timers of the distribution."""
