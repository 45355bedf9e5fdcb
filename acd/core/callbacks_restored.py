"""Callbacks after a start and after the return of the line, corrected by the telephone's truth.

While the line is lost nothing is dialled and nothing is concluded. `LineRestored` tells whose phone
rings and who picked up; a dial that is neither has ended, and if nobody saw how, the citizen is
left in peace for an interval without losing an attempt.
"""

from __future__ import annotations

from acd.core import callback as cb
from acd.core.callback import Callback
from acd.core.callbacks import UNKNOWN, fulfil, keep, missed, pick_up, stand
from acd.core.dialling import await_word
from acd.core.effects import CancelDialBack
from acd.core.floor import call_key
from acd.core.inputs import RestoredCallback, TimerKind
from acd.core.rings import begin_rings
from acd.core.work import Work
from kernel.ids import CallId
from kernel.telephony import LineRestored


def restore_callback(work: Work, found: RestoredCallback) -> None:
    """As the log remembers it, with nobody held."""
    floor = work.floor
    team = floor.rules.team(found.team).team
    resting = found.rests_until is not None and not found.dialling
    callback = Callback(
        callback_id=found.callback_id,
        call_id=found.call_id,
        number=found.number,
        team=team,
        language=found.language,
        priority=found.priority,
        first_arrival_at=found.first_arrival_at,
        entered_at=found.entered_at,
        expires_at=found.expires_at,
        key=call_key(CallId(found.callback_id), found.first_arrival_at, found.priority),
        state=cb.Resting(found.rests_until or work.now),
        attempts=found.attempts,
    )
    keep(work, callback)
    if found.dialling:
        callback.state = cb.TakenBack()
        floor.join_callback(callback)
        begin_rings(work, callback)
    elif resting and found.rests_until is not None:
        work.start_timer(TimerKind.REDIAL, callback.callback_id, found.rests_until)
    else:
        stand(work, callback)


def before_placing(work: Work, fact: LineRestored) -> None:
    """Judge each dial that was under way. Who picked up is known before the calls are placed."""
    floor = work.floor
    picked_up = {c.callback_id: c for c in fact.calls if c.callback_id in floor.callbacks}
    floor.returning = {
        found.call_id: callback_id for callback_id, found in picked_up.items() if callback_id
    }
    for callback_id in sorted(floor.callbacks):
        callback = floor.callbacks[callback_id]
        found = picked_up.get(callback_id)
        if found is not None:
            state = callback.state
            if not isinstance(state, cb.Arriving) or state.call_id != found.call_id:
                pick_up(work, callback, found.call_id)
            await_word(work, callback)
        elif isinstance(callback.state, cb.Dialling | cb.TakenBack | cb.Arriving):
            _judge(work, callback, rings=callback_id in fact.dialling)


def _judge(work: Work, callback: Callback, *, rings: bool) -> None:
    """Rings for the agent who is held: it goes on. Rings for nobody: it is to stop."""
    if not rings:
        missed(work, callback, UNKNOWN, counts=False)
    elif isinstance(callback.state, cb.TakenBack):
        work.do(CancelDialBack(callback.callback_id, callback.call_id))
        margin = work.floor.rules.answer_margin
        work.start_timer(TimerKind.DIAL, callback.callback_id, work.now + margin)
    else:
        await_word(work, callback)


def after_placing(work: Work) -> None:
    """Who picked up and stands in line, or even talks, has come back; those who are due wait for
    their turn with everybody."""
    floor = work.floor
    for call_id in sorted(floor.returning):
        call = floor.calls.get(call_id)
        callback = floor.callbacks.get(floor.returning[call_id])
        if call is not None and callback is not None:
            fulfil(work, callback, call)
    work.arrived += [c for c in floor.callbacks.values() if isinstance(c.state, cb.Due)]
