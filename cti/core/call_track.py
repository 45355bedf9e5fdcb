"""Where one caller is, followed from Asterisk's reports, and the facts that follow from it. Pure.

Theory of operation
-------------------
The dialplan owns the truth; a `CallTrack` is the platform's picture of it. A caller is always in
one `Place`; each report moves the picture and yields the facts of `kernel.telephony` that others
build on. Reports may come twice or late (after a reconnect); each step therefore looks at the
place first and yields a fact only when something changed.

A caller who enters the waiting loop again has thereby left whatever went before, so `waiting`
closes an offer or a conversation that was still open in the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cti.core import reports as rp
from cti.core.dial_back import DialTold
from cti.core.words import Place, Tell
from kernel import telephony as tel
from kernel.ids import AgentId, CallbackId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber, clean

# Q.850 causes by which a phone says "the person does not want this call".
_REFUSED = frozenset({17, 21})
_NO_PHONE = frozenset({3, 20, 27, 38, 41, 102})
_TALK = frozenset({Place.TALKING, Place.CONSULTING})
PARTING = frozenset({Place.WAITING, Place.IVR})
"""Where a caller may be let go from, with the promise of a callback or with a message."""
CLOCKS_AGREE = timedelta(seconds=30)


ANONYMOUS = PhoneNumber("")


@dataclass(frozen=True, slots=True)
class Leg:
    """A phone's connection within a call."""

    channel: str
    endpoint: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTrack:
    """One present caller. `channel` is empty until Asterisk's own report named it."""

    call_id: CallId
    channel: str = ""
    place: Place = Place.IVR
    seq: int = 0
    ani: str = ""
    dnis: str = ""
    name: str = ""
    team: TeamId | None = None
    language: Language = Language.MANDARIN
    priority: int = 0
    arrived_at: datetime | None = None
    wanted_agent: AgentId | None = None
    offer_id: OfferId | None = None
    endpoint: Endpoint | None = None
    operator: Leg | None = None
    asked: Endpoint | None = None  # the phone a consultation was ordered with
    consulted: Leg | None = None
    consult_talking: bool = False
    answered_at: datetime | None = None
    promised: PhoneNumber = ANONYMOUS  # the number to call, once the caller was let go
    message_s: int | None = None  # the caller was let go with a message of so many seconds
    callback_id: CallbackId | None = None  # of a citizen whom we called

    @property
    def greeted(self) -> bool:
        """A citizen whom we called, who picked up and has not yet said what he or she wants."""
        return self.callback_id is not None and self.place is Place.IVR

    @property
    def channels(self) -> Iterator[str]:
        """Every channel that belongs to this call, the caller's first."""
        if self.channel:
            yield self.channel
        for leg in (self.operator, self.consulted):
            if leg is not None:
                yield leg.channel


def in_turn(track: CallTrack) -> tuple[datetime, CallId]:
    """Sorts callers by their first arrival in a line; the call's own beginning before that."""
    return track.arrived_at or rp.begun_at(track.call_id), track.call_id


Step = tuple[CallTrack | None, tuple[tel.TelephonyFact, ...]]

# The dialplan counts a telling before it tells: a channel that is gone between the two steps of the
# first telling ends with number 2, and nobody was told that the caller had come.
_SEQ_OF_AN_UNTOLD_END = 2


def step(track: CallTrack | None, report: rp.Report, now: datetime) -> Step:
    """The picture after `report`, and the facts it means, in their order.

    A track of None before: a call not yet known; after: a call that is over.
    """
    match report:
        case rp.Begun():
            return _entered(track, report.call_id, "", report, now)
        case rp.Told():
            return _told(track, report, now)
        case DialTold() | rp.ContactMoved() | rp.PhoneUsed():
            return track, ()
    if track is None:
        return None, ()
    match report:
        case rp.LegDialled():
            return _dialled(track, report), ()
        case rp.LegRinging():
            return track, _ringing(track, report, now)
        case rp.LegAnswered():
            return _answered(track, report, now)
        case rp.HoldToggled():
            return track, _hold(track, report, now)


# --- the dialplan's own reports ----------------------------------------------------------


def _told(track: CallTrack | None, told: rp.Told, now: datetime) -> Step:
    if track is not None and 0 < told.seq <= track.seq:
        return track, ()
    if told.tell is Tell.HUNGUP:
        return None, (*_dial_over(track, told, now), *_hung_up(track, told, now))
    if told.tell is Tell.ENTERED:
        return _entered(track, told.call_id, told.channel, told, now)
    before = _with_truth(track or CallTrack(call_id=told.call_id), told, _arrival(track, told, now))
    match told.tell:
        case Tell.WAITING:
            answered = _dial_answered(before, now)
            after, facts = _waiting(before, now)
            return after, (*answered, *facts)
        case Tell.OFFER_FAILED:
            return _offer_failed(before, told, now)
        case Tell.TALK_ENDED:
            return _left(before, Place.AFTER_CALL), _talk_ended(before, now)
        case Tell.JOINED:
            return _joined(before, told, now)
        case Tell.HELD:
            return replace(before, place=Place.CONSULTING), ()
        case Tell.FALLBACK:
            facts = (*_dial_answered(before, now), *_talk_ended(before, now))
            return _left(before, Place.FALLBACK), facts
        case Tell.CALLBACK:
            after = replace(_left(before, Place.LEAVING), promised=clean(told.number))
            return after, (*_talk_ended(before, now), *parting_facts(after, now))
        case Tell.MESSAGE:
            after = _with_message(_left(before, Place.LEAVING), told)
            return after, (*_talk_ended(before, now), *parting_facts(after, now))


def _arrival(track: CallTrack | None, told: rp.Told, now: datetime) -> datetime | None:
    """When the caller first came into the line; kept once known.

    The dialplan stamps it by the machine's clock and tells it at once. That clock may jump, ours
    does not: a stamp that is far from now would put the caller before or behind everybody else.
    """
    if track is None or told.arrived_at is None or track.callback_id is not None:
        return told.arrived_at
    if track.arrived_at is not None:
        return track.arrived_at
    return told.arrived_at if abs(told.arrived_at - now) <= CLOCKS_AGREE else now


def restamp(track: CallTrack, report: rp.Report) -> str | None:
    """What the channel's own stamp (in milliseconds) must be set to: the next platform reads it.
    None when it is right."""
    if not isinstance(report, rp.Told) or report.arrived_at is None or track.arrived_at is None:
        return None
    if track.arrived_at == report.arrived_at:
        return None
    return str(int(track.arrived_at.timestamp() * 1000))


def _with_truth(track: CallTrack, told: rp.Told, arrived_at: datetime | None) -> CallTrack:
    return replace(
        track,
        channel=told.channel or track.channel,
        seq=told.seq,
        ani=told.ani,
        dnis=told.dnis,
        name=told.name,
        team=told.team,
        language=told.language,
        priority=told.priority,
        arrived_at=arrived_at,
        wanted_agent=told.wanted_agent,
        callback_id=told.callback_id or track.callback_id,
        # Told from anywhere else, the caller was not let go.
        promised=ANONYMOUS,
        message_s=None,
    )


def _with_message(track: CallTrack, told: rp.Told) -> CallTrack:
    return replace(track, promised=clean(told.number), message_s=told.message_s or 0)


def _entered(
    track: CallTrack | None,
    call_id: CallId,
    channel: str,
    source: rp.Told | rp.Begun,
    now: datetime,
) -> Step:
    seq = source.seq if isinstance(source, rp.Told) else 0
    if track is not None:
        known = replace(track, channel=channel or track.channel, seq=max(seq, track.seq))
        return known, ()
    fresh = CallTrack(
        call_id=call_id,
        channel=channel,
        seq=seq,
        ani=source.ani,
        dnis=source.dnis,
        name=source.name,
        callback_id=source.callback_id,
    )
    return fresh, (_entered_fact(call_id, source, now),)


def _entered_fact(call_id: CallId, source: rp.Told | rp.Begun, now: datetime) -> tel.CallEntered:
    return tel.CallEntered(
        call_id, clean(source.ani), source.name, source.dnis, now, source.callback_id
    )


def _waiting(track: CallTrack, now: datetime) -> Step:
    facts: list[tel.TelephonyFact] = list(_talk_ended(track, now))
    if track.place is Place.OFFERED and track.offer_id and track.endpoint:
        cancelled = tel.OfferResult.CANCELLED
        facts.append(tel.OfferFailed(track.call_id, track.offer_id, track.endpoint, cancelled, now))
    after = _left(replace(track, arrived_at=track.arrived_at or now), Place.WAITING)
    facts.append(waiting_fact(after, now))
    return after, tuple(facts)


def waiting_fact(track: CallTrack, now: datetime) -> tel.CallWaiting:
    """The fact that this caller waits. `track.team` and `arrived_at` are set in this place."""
    return tel.CallWaiting(
        track.call_id,
        track.team or TeamId(""),
        track.language,
        track.priority,
        track.arrived_at or now,
        clean(track.ani),
        track.dnis,
        track.wanted_agent,
        now,
    )


def parting_facts(track: CallTrack, now: datetime) -> tuple[tel.TelephonyFact, ...]:
    """That this caller asked to be called back or left a message; nothing for anybody else."""
    if track.promised.anonymous:
        return ()
    if track.message_s is not None:
        team, spoken = track.team or TeamId(""), timedelta(seconds=track.message_s)
        return (tel.MessageLeft(track.call_id, track.promised, team, track.language, spoken, now),)
    fact = tel.CallbackAsked(
        track.call_id,
        track.promised,
        track.team or TeamId(""),
        track.language,
        track.priority,
        track.arrived_at or now,
        now,
    )
    return (fact,)


def may_be_let_go(track: CallTrack, place: tel.PlaceInLine | None) -> bool:
    """Whoever waits; and with a place in a line, whoever is in the menu."""
    if place is None:
        return track.place is Place.WAITING
    return track.place is Place.IVR and not track.greeted


def placed(track: CallTrack, place: tel.PlaceInLine | None) -> CallTrack:
    """With the place that a caller would have who does not wait yet, as the channel counts it."""
    if place is None:
        return track
    since = place.since.replace(microsecond=place.since.microsecond // 1000 * 1000)
    return replace(
        track,
        team=place.team,
        language=place.language,
        priority=place.priority,
        arrived_at=track.arrived_at or since,
    )


def _offer_failed(track: CallTrack, told: rp.Told, now: datetime) -> Step:
    offer = rp.offer_id(track.call_id, told.offer)
    endpoint = told.endpoint or Endpoint("")
    fact = tel.OfferFailed(track.call_id, offer, endpoint, offer_result(told), now)
    # The picture stays "offered" without an offer: the waiting loop's report follows at once.
    return _left(track, Place.OFFERED), (*_talk_ended(track, now), fact)


def offer_result(told: rp.Told) -> tel.OfferResult:
    """What DIALSTATUS and the Q.850 cause of the phone's refusal mean.

    Source: measured on Asterisk 22.10.1: 486 and 600 give BUSY/17, 603 gives CHANUNAVAIL/21, no
    contact CHANUNAVAIL/20, 480 NOANSWER/19.
    """
    if told.result == "NOANSWER":
        return tel.OfferResult.NO_ANSWER
    if told.result == "BUSY" or told.cause in _REFUSED:
        return tel.OfferResult.BUSY
    if told.result == "CANCEL":
        return tel.OfferResult.CANCELLED
    return tel.OfferResult.UNREACHABLE


def _talk_ended(track: CallTrack, now: datetime) -> tuple[tel.TelephonyFact, ...]:
    if track.place not in _TALK or track.offer_id is None or track.endpoint is None:
        return ()
    return (tel.TalkEnded(track.call_id, track.offer_id, track.endpoint, now),)


def _left(track: CallTrack, place: Place) -> CallTrack:
    return replace(
        track,
        place=place,
        offer_id=None,
        endpoint=None,
        operator=None,
        asked=None,
        consulted=None,
        consult_talking=False,
    )


def _joined(track: CallTrack, told: rp.Told, now: datetime) -> Step:
    phases = {
        "completed": tel.ConsultPhase.COMPLETED,
        "failed": tel.ConsultPhase.FAILED,
    }
    phase = phases.get(told.consult, tel.ConsultPhase.CANCELLED)
    facts = _consult_fact(track, phase, now)
    if phase is tel.ConsultPhase.COMPLETED and track.consulted is not None:
        track = replace(track, operator=track.consulted, endpoint=track.consulted.endpoint)
    after = replace(track, place=Place.TALKING, asked=None, consulted=None, consult_talking=False)
    return after, facts


def _consult_fact(
    track: CallTrack, phase: tel.ConsultPhase, now: datetime
) -> tuple[tel.TelephonyFact, ...]:
    # A phone that could not even be rung has no leg.
    asked = track.consulted.endpoint if track.consulted is not None else track.asked
    if track.offer_id is None or track.endpoint is None or asked is None:
        return ()
    return (tel.ConsultChanged(track.call_id, track.offer_id, track.endpoint, asked, phase, now),)


def _hung_up(
    track: CallTrack | None, told: rp.Told, now: datetime
) -> tuple[tel.TelephonyFact, ...]:
    ended_by = tel.EndedBy.CALLER
    if told.ended_by_platform:
        ended_by = tel.EndedBy.AGENT if told.in_survey else tel.EndedBy.PLATFORM
    facts = _talk_ended(track, now) if track is not None else ()
    if track is not None and track.place in PARTING and told.message_s is not None:
        # Hung up at the end of the message, as most people do.
        facts = parting_facts(_with_message(track, told), now)
    if track is None and told.seq <= _SEQ_OF_AN_UNTOLD_END:
        # Hung up at the very moment of the answer: the first telling is also the last.
        facts = (_entered_fact(told.call_id, told, now),)
    return (*facts, tel.CallHungUp(told.call_id, ended_by, told.cause, now))


# --- citizens whom we called ------------------------------------------------------------------


def _dial_answered(track: CallTrack, now: datetime) -> tuple[tel.TelephonyFact, ...]:
    """The citizen wants to talk: nothing for whoever is no such citizen, or has been there."""
    if not track.greeted or track.callback_id is None:
        return ()
    result = tel.DialResult.ANSWERED
    return (tel.DialBackEnded(track.callback_id, result, track.call_id, now),)


def _dial_over(
    track: CallTrack | None, told: rp.Told, now: datetime
) -> tuple[tel.TelephonyFact, ...]:
    """Picked up and gone before the line: whoever let the greeting talk on is a machine, or has put
    the telephone down; whoever hung up or pressed a key has refused."""
    if track is None or not track.greeted or track.callback_id is None:
        return ()
    unheard = told.ended_by_platform and told.silent
    result = tel.DialResult.NO_ANSWER if unheard else tel.DialResult.REFUSED
    return (tel.DialBackEnded(track.callback_id, result, track.call_id, now),)


# --- native reports -------------------------------------------------------------------------


def _dialled(track: CallTrack, report: rp.LegDialled) -> CallTrack:
    endpoint = rp.endpoint_of(report.leg)
    if endpoint is None:
        return track
    leg = Leg(report.leg, endpoint)
    if track.operator is not None and report.channel == track.operator.channel:
        return replace(track, consulted=leg, consult_talking=False)
    if report.channel == track.channel:
        offer = track.offer_id or rp.offer_id(track.call_id, 0)
        return replace(track, operator=leg, endpoint=endpoint, offer_id=offer)
    return track


def _ringing(
    track: CallTrack, report: rp.LegRinging, now: datetime
) -> tuple[tel.TelephonyFact, ...]:
    if track.consulted is not None and report.leg == track.consulted.channel:
        return _consult_fact(track, tel.ConsultPhase.RINGING, now)
    if track.place is Place.OFFERED and track.operator is not None and track.offer_id:
        if report.leg == track.operator.channel:
            endpoint = track.operator.endpoint
            return (tel.OfferRinging(track.call_id, track.offer_id, endpoint, now),)
    return ()


def _answered(track: CallTrack, report: rp.LegAnswered, now: datetime) -> Step:
    if track.consulted is not None and report.leg == track.consulted.channel:
        if track.consult_talking:
            return track, ()
        facts = _consult_fact(track, tel.ConsultPhase.TALKING, now)
        return replace(track, consult_talking=True), facts
    leg = track.operator
    if leg is None or report.leg != leg.channel or track.place in _TALK or not track.offer_id:
        return track, ()
    after = replace(
        track,
        place=Place.TALKING,
        endpoint=leg.endpoint,
        answered_at=track.answered_at or now,
    )
    return after, (tel.OfferAnswered(track.call_id, track.offer_id, leg.endpoint, now),)


def _hold(track: CallTrack, report: rp.HoldToggled, now: datetime) -> tuple[tel.TelephonyFact, ...]:
    for leg in (track.operator, track.consulted):
        if leg is not None and leg.channel == report.channel:
            return (tel.HoldChanged(track.call_id, leg.endpoint, report.on_hold, now),)
    return ()


# --- what is left over ------------------------------------------------------------------------


def strays(report: rp.Report, before: CallTrack | None, after: CallTrack | None) -> tuple[Leg, ...]:
    """Phones that `before` held and that nobody talks to `after` the caller was moved.

    Asterisk drops most of them by itself. A leg fetched by `Bridge` in the few milliseconds between
    its answer and its bridge, however, leaves the other party alone in a bridge for ever (measured
    on Asterisk 22.10.1, one in 25 under load); and a consultation would talk on without a caller.
    """
    if before is None or not isinstance(report, rp.Told):
        return ()
    moved = report.tell in (Tell.WAITING, Tell.JOINED) and before.place in _TALK
    if not moved and not (after is None and before.place is Place.CONSULTING):
        return ()
    kept = (after.operator, after.consulted) if after is not None else ()
    legs = (leg for leg in (before.operator, before.consulted) if leg is not None)
    return tuple(leg for leg in legs if leg not in kept)
