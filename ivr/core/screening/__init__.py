"""Screening before anyone is bothered: what becomes of a call before its dialogue. Pure.

Words: the `guard` (来电防护) judges each entering call; its `level` is normal, raised or storm; a
`list entry` (名单条目) puts a number or a block of numbers on the grey list or on the list of those
that are spared, always with an end. A `challenge` (按键验证) is one key that a person presses and a
machine does not.

Guarantees: below the limits nobody is touched; nobody is refused by number alone, and nothing lasts
for ever; who is refused hears why and how to reach help; every table is bounded.

It does not know how a challenge sounds (`ivr.core.screening.challenge` names the prompts only), and
it does not see what a call is about.
"""
