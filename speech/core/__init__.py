"""What is heard, decided without a clock, a socket or a recogniser."""
