"""Tables and files of the recordings."""
