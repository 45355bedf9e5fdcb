"""How well calls are routed: the real core against its rivals, in one simulator.

Words: a *hall* is 506 operators of the demo city under one routing policy; a *caller* is drawn
before any policy runs (arrival, team, language, patience, handle time), so that every policy meets
the same people (common random numbers); *own team* is the team of the operator's best skill.

What it shows: the 15-second service level in its three variants, abandons, waits, who served whom,
and how evenly the work falls, for the pooled Erlang bound, five separate queues, app_queue,
mod_callcenter and the distribution itself.

What it does not show: delays of the telephone system (that is measured on the real Asterisk), and
people who decline, transfer or take breaks.

`python -m bench.quality` prints the tables and the bars; `tests/simulation/test_quality.py` runs a
small hall of the same code.
"""
