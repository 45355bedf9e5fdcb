"""The rules of the directory: plain values and functions, no I/O."""
