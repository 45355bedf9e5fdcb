"""The thinking of the IVR: flows, their validation and their interpreter. Pure."""
