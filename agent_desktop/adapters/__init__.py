"""The outgoing side of the sockets."""
