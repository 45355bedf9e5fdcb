"""What would have been: a recorded day's callers and operators once more through the real core,
with other staff or other rules.

Words: a *visit* is one stay in one line, as in `acd.core.metrics`; what was *seen* is in the log;
what could not be seen (how long a caller who was answered would have waited, how long the talk of
one who left would have lasted) is *drawn*, from what was seen of others, by a seed.

What it is not: a forecast of another day. Callers who would have called again, operators who would
have worked faster, consultations, and orders that plans and supervisors would have given in the
other situation are not in it.
"""
