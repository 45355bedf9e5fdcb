"""Computer-telephony integration: the only department that knows Asterisk.

Purpose: callers' reports become facts (`kernel.telephony`), the platform's decisions become
orders, and the journal keeps what happened to each call.

Words: a *channel* is Asterisk's one connection with one party (the word stays in here; others say
*leg*); a *report* is what Asterisk said; a *fact* is what it means; an *order* is one thing
Asterisk shall do; a *track* is our picture of one present caller; the *beat* tells Asterisk that
the platform lives.

Guarantees:
* Asterisk holds every caller; the death of this process drops nobody.
* Facts come in the order they happened; each call ends with exactly one `CallHungUp`.
* No order is ever sent twice. Each has a deadline of 5 s and fails at once when the link is cut.
* After each reconnect the picture is read back from Asterisk (`LineRestored`) before anything else.
* Nothing that a caller or an operator typed reaches Asterisk unfiltered.

What it does not do: it decides nothing. Who hears what is the IVR's, who gets which call the ACD's.
"""
