"""The arithmetic and the rules of recordings. Pure."""
