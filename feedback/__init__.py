"""Satisfaction: what callers said of the service right after their call.

Words: an *answer* is one digit, 1 (very satisfied) to 5 (very dissatisfied); the *satisfaction
rate* counts the scores 1 and 2 of all answers. Who did not answer is not rated, and never counted
as satisfied.

Guarantees: one answer for each call, the first one; an answer once published is stored or the
failure is in the log. It asks nothing itself: the question is the IVR's, the call-back of finished
work orders comes later.
"""
