"""How answers are counted. Pure."""
