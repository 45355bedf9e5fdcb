"""Who and where: operators, booths, teams, lines, authorities; accounts, sessions, the audit trail.

Words: an *operator* (agent) serves calls and has skills; a *booth* is a place with phones; a *team*
is one of the five; a *line* is one of the 76 old numbers; an *authority* is one of the 123 bodies;
an *account* signs in; a *device* is a browser from which somebody has signed in before.

Guarantees: `service.Directory` answers from memory in constant time and never touches the
database on the call path. `service.Accounts` costs the same for an unknown account as for a wrong
password, keeps no token but its hash, and can slow a guesser down without locking a shift out.
`service.Audit` appends and chains by hash; an altered or missing entry is found by `verify`.

It does not know who sits at which booth now (`acd`), nor what a role may do (`kernel.policy`).
"""
