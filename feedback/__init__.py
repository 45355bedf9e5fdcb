"""Satisfaction: what callers said of the service right after their call.

Words: a *survey* is one caller who was asked two questions: was the matter *solved* (yes, partly,
no), and how did the operator serve, a *score* of 1 (very satisfied) to 5 (very dissatisfied). The
*satisfaction rate* counts the scores 1 and 2 of all scores, the *solved rate* the yes of all who
said; the two are never mixed. Who did not answer is not rated, and never counted as satisfied.

Guarantees: one answer to each question for each call, the first one; an answer once published is
stored or the failure is in the log. It asks nothing itself: the questions are the IVR's, and whom
to call about a bad answer is the duty callbacks'.
"""
