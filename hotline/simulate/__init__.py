"""`hotline simulate`: a living city on a running hotline.

Citizens are real SIP calls through Asterisk (sipp, with synthetic speech); operators sit at desk
phones (sipp registers and answers them) and are driven over the same WebSocket as the desktop.
Talks only to a hotline on loopback. For demonstrations, never on a line that serves citizens.
"""
