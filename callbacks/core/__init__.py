"""What a task is and what may become of it. Pure."""
