"""Relaxation in rings: the longer a call waits, the more operators may serve it.

Theory of operation: a call enters ring 1 with its visit and moves outward by the clock alone,
counted from the beginning of the visit, whoever is free meanwhile and whatever becomes of its
offers. Its place in the line never changes. A plan or a supervisor may open a ring for a whole
team: each of its calls is then at least in that ring. Within the rings open to a call, operators of
an earlier one come first (`Floor.best_agent`).
Source: contact-centre notes 2.2; ADR 0410.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from acd.core import call as ca
from acd.core.callback import Callback, Due
from acd.core.effects import NO_ID
from acd.core.floor import Waiter
from acd.core.inputs import OpenRing, TimerKind
from acd.core.rules import Ring
from acd.core.work import Work
from kernel import events as ev
from kernel.errors import BadInput, NotFound
from kernel.ids import CallbackId, CallId


def ring_at(rings: Sequence[Ring], waited: timedelta) -> int:
    """The ring, from 1, of a call whose visit began `waited` ago."""
    for number, ring in enumerate(rings, start=1):
        if ring.stay is None or waited < ring.stay:
            return number
        waited -= ring.stay
    return len(rings)


def left_after(rings: Sequence[Ring], number: int) -> timedelta | None:
    """How long after the beginning of the visit the ring is left; None for the last."""
    stays = [r.stay for r in rings[:number]]
    return None if None in stays else sum((s for s in stays if s is not None), timedelta(0))


def begin_rings(work: Work, call: Waiter) -> None:
    """Put a call that is not open yet into the ring of its visit's age and wait for the next."""
    rings = work.floor.teams[call.team].rings
    call.ring = ring_at(rings, work.now - call.entered_at)
    _await_next(work, call, rings)


def _await_next(work: Work, call: Waiter, rings: Sequence[Ring]) -> None:
    after = left_after(rings, call.ring)
    if after is not None:
        work.start_timer(TimerKind.RELAX, call.key[1], call.entered_at + after)


def relax(work: Work, waiter_id: str) -> None:
    """The time in the ring is over: outward, with the place in the line as it was."""
    call: Waiter | None = work.floor.calls.get(CallId(waiter_id))
    call = call or work.floor.callbacks.get(CallbackId(waiter_id))
    if call is None or not call.in_line:
        return
    rings = work.floor.teams[call.team].rings
    ring = ring_at(rings, work.now - call.entered_at)
    if ring > call.ring:
        _move_outward(work, call, ring)
    _await_next(work, call, rings)


def _move_outward(work: Work, call: Waiter, ring: int) -> None:
    waiting = isinstance(call.state, ca.Waiting | Due)
    if waiting:
        work.floor.close(call)
    call.ring = ring
    if waiting:
        work.floor.open(call)
        work.arrived.append(call)
    if isinstance(call, Callback):
        return
    work.publish(
        ev.CallRelaxed(
            event_id=NO_ID,
            occurred_at=work.now,
            call_id=call.call_id,
            team=call.team,
            ring=ring,
        )
    )


def open_ring(work: Work, command: OpenRing) -> None:
    """Open a ring for a whole team, or (ring 1) leave it to the clock again. Costs no look at the
    team's calls but at those that find an operator now.

    Raises:
        NotFound: the team is not served.
        BadInput: the team has no such ring.
    """
    floor = work.floor
    rules = floor.teams.get(command.team)
    if rules is None:
        raise NotFound("没有这个班组")
    if not 1 <= command.ring <= rules.last_ring:
        raise BadInput("该班组没有这一级放宽圈", "ring")
    before = floor.open_rings[command.team]
    if command.ring == before:
        return
    floor.open_rings[command.team] = command.ring
    if command.ring > before:
        work.widened = True
    work.publish(
        ev.RingOpened(
            event_id=NO_ID,
            occurred_at=work.now,
            team=command.team,
            ring=command.ring,
            cause=command.cause,
            actor=command.actor,
        )
    )
