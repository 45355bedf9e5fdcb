"""The table of answers."""
