"""What a caller hears before and after a person: menus as data, prompts, languages, survey.

Words: a *flow* is a reviewed YAML file of *steps*; a *prompt* is one phrase of the catalogue,
spoken in Mandarin, Cantonese or English; a *session* is the place of one live call in one version
of a flow.

Guarantees: every step has a way to a person (checked at load, with file and line); silence always
leads onwards and never in a circle; a call the department does not know (after a restart) is sent
to a person; a call finishes on the version of the flow it began with; answering a question needs no
database.

It does not know Asterisk, does not choose an operator, and keeps no record of calls: it publishes
events and forgets.
"""
