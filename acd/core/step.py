"""`step`: the one door to the floor. One table says which handler an input has.

Theory of operation: the floor is an owned aggregate that `step` changes in place (ADR 0003) and
returns; effects are values. The same inputs in the same order with the same `now` give the same
effects bit for bit: no clock, no chance, no order of a set or of hashing is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from acd.core import inputs as inp
from acd.core import people
from acd.core.callbacks import (
    callback_expired,
    cancel_callback,
    dial_expired,
    on_callback_asked,
    on_dial_back_ended,
    on_message_left,
    redial,
)
from acd.core.consulting import on_consult_changed
from acd.core.contradiction import compare_phones, doubt_over, free_agent, on_phone_changed
from acd.core.effects import Effect
from acd.core.floor import Floor
from acd.core.forcing import force_state
from acd.core.inputs import Input, Started, TimerExpired, TimerKind
from acd.core.left_alone import alone_too_long
from acd.core.lines import (
    give_up_wanted,
    on_entered,
    on_hung_up,
    on_left_for_number,
    on_offer_answered,
    on_offer_failed,
    on_waiting,
    return_expired,
)
from acd.core.offering import on_ringing, ring_expired, settle
from acd.core.on_duty import count_on_duty
from acd.core.orders import on_order_failed
from acd.core.reconcile import on_line_lost, on_line_restored, on_started
from acd.core.rings import open_ring, relax
from acd.core.sharing import look_again
from acd.core.talking import on_hold_changed, on_talk_ended
from acd.core.work import Work
from acd.core.wrap_up import extend_wrap_up, restrict_wrap_up, wrap_up_done, wrap_up_expired
from kernel import telephony as tel

Handler = Callable[[Work, Any], None]

_TIMERS: Mapping[TimerKind, Callable[[Work, Any], None]] = {
    TimerKind.RING: ring_expired,
    TimerKind.RETURN: return_expired,
    TimerKind.RELAX: relax,
    TimerKind.WANTED: give_up_wanted,
    TimerKind.WRAP_UP: wrap_up_expired,
    TimerKind.GRACE: people.grace_over,
    TimerKind.SESSION: people.session_over,
    TimerKind.PHONE: people.phone_stayed_away,
    TimerKind.SHARE: look_again,
    TimerKind.ALONE: alone_too_long,
    TimerKind.DIAL: dial_expired,
    TimerKind.REDIAL: redial,
    TimerKind.EXPIRY: callback_expired,
    TimerKind.DOUBT: doubt_over,
}


def _on_timer(work: Work, expired: TimerExpired) -> None:
    _TIMERS[expired.timer.kind](work, expired.timer.of)


def _on_phone(work: Work, fact: tel.EndpointChanged) -> None:
    people.phone_changed(work, fact.endpoint, fact.reachable)


def _not_ours(work: Work, fact: object) -> None:
    """Facts of recordings are no matter of the distribution."""


HANDLERS: Mapping[type[Any], Handler] = {
    Started: on_started,
    TimerExpired: _on_timer,
    inp.OrderFailed: on_order_failed,
    inp.LogIn: people.log_in,
    inp.LogOut: people.log_out,
    inp.ChooseReady: people.choose_ready,
    inp.ChooseNotReady: people.choose_not_ready,
    inp.DeclineOffer: people.decline,
    inp.ReleaseCall: people.release,
    inp.FinishWrapUp: wrap_up_done,
    inp.ExtendWrapUp: extend_wrap_up,
    inp.TransferToTeam: people.transfer_to_team,
    inp.TransferToAgent: people.transfer_to_agent,
    inp.BeginConsult: people.consult,
    inp.EndConsultByTransfer: people.complete_consult,
    inp.AbortConsult: people.cancel_consult,
    inp.ConnectionLost: people.connection_lost,
    inp.ConnectionBack: people.connection_back,
    inp.ForceState: force_state,
    inp.FreeAgent: free_agent,
    inp.OpenRing: open_ring,
    inp.RestrictWrapUp: restrict_wrap_up,
    inp.CancelCallback: cancel_callback,
    inp.LeftForNumber: on_left_for_number,
    tel.CallEntered: on_entered,
    tel.CallWaiting: on_waiting,
    tel.OfferRinging: on_ringing,
    tel.OfferAnswered: on_offer_answered,
    tel.OfferFailed: on_offer_failed,
    tel.TalkEnded: on_talk_ended,
    tel.HoldChanged: on_hold_changed,
    tel.ConsultChanged: on_consult_changed,
    tel.CallHungUp: on_hung_up,
    tel.CallbackAsked: on_callback_asked,
    tel.MessageLeft: on_message_left,
    tel.DialBackEnded: on_dial_back_ended,
    tel.EndpointChanged: _on_phone,
    tel.PhoneChanged: on_phone_changed,
    tel.RecordingClosed: _not_ours,
    tel.LineRestored: on_line_restored,
    tel.LineLost: on_line_lost,
}


def step(floor: Floor, event: Input, now: datetime) -> tuple[Floor, tuple[Effect, ...]]:
    """Apply one input at `now` (aware UTC, never before the last one's).

    Returns:
        The same floor, changed, and the effects in the order in which they are to be performed.

    Raises:
        HotlineError: a command was refused; the floor is as it was and there are no effects.
            Facts, timers and failed orders are never refused: what does not fit is passed over.
    """
    work = Work(floor, now)
    HANDLERS[type(event)](work, event)
    people.see_off(work)
    count_on_duty(work)
    settle(work)
    compare_phones(work)
    return floor, tuple(work.effects)
