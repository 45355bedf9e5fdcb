"""The tasks in the database."""
