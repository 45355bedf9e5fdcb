"""What is really at a phone, and what of it belongs to nobody. Pure.

The picture that is followed from reports can be wrong where a report was lost or never made; the
list cannot. Only what nobody could doubt is concluded: a leg whose call is over belongs to nobody,
a caller in a conversation that has no other leg talks to nobody, a call that is not listed is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cti.core import reports as rp
from cti.core.call_track import CallTrack
from cti.core.read_back import ChannelRow, truth
from cti.core.words import Place, Role, TruthVariable
from kernel.ids import CallId, Endpoint
from kernel.telephony import OfferAnswered, PhoneUse

_WITH_PHONE = frozenset({Place.OFFERED, Place.FALLBACK, Place.TALKING, Place.CONSULTING})
_TALK = frozenset({Place.TALKING, Place.CONSULTING})


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a phone.

    `drop`: channels to hang up, never a caller's. `talk`: the call in conversation with whoever is
    at the phone. `gone`: the call that was believed to be there has ended. `alone`: the channel of
    its caller, who is in a conversation with nobody. `as_of` counts what had been heard of the
    phone when the look began.
    """

    endpoint: Endpoint
    call_id: CallId | None
    use: PhoneUse
    drop: tuple[str, ...]
    talk: CallTrack | None
    gone: bool
    alone: str | None
    as_of: int


def look(
    rows: Iterable[ChannelRow],
    endpoint: Endpoint,
    call_id: CallId | None,
    *,
    free: bool,
    as_of: int = 0,
) -> Look:
    """What the list says of a phone; with `free`, what is there and belongs to no conversation is
    dropped though nobody knows what it is."""
    listed = list(rows)
    here = [row for row in listed if rp.endpoint_of(row.channel) == endpoint]
    calls = {track.call_id: track for track in truth(listed, ()).tracks}
    believed = calls.get(call_id) if call_id is not None else None
    return Look(
        endpoint=endpoint,
        call_id=call_id,
        use=_use(here),
        drop=tuple(r.channel for r in here if _droppable(r, calls, free=free)),
        talk=_talk(calls.values(), endpoint, here),
        gone=call_id is not None and believed is None,
        alone=believed.channel if believed is not None and _alone(believed) else None,
        as_of=as_of,
    )


def _use(here: Sequence[ChannelRow]) -> PhoneUse:
    if any(row.up for row in here):
        return PhoneUse.IN_USE
    return PhoneUse.RINGING if here else PhoneUse.IDLE


def _droppable(row: ChannelRow, calls: dict[CallId, CallTrack], *, free: bool) -> bool:
    role = row.variables.get(TruthVariable.ROLE)
    if role not in (Role.OPERATOR, Role.CONSULTED):
        return free and role != Role.CALLER
    call = calls.get(CallId(row.variables.get(TruthVariable.LEG_OF, "")))
    if call is None or call.place not in _WITH_PHONE:
        return True
    legs = (call.operator, call.consulted)
    mine = call.place is Place.FALLBACK or any(leg and leg.channel == row.channel for leg in legs)
    return free and not mine


def _talk(
    calls: Iterable[CallTrack], endpoint: Endpoint, here: Sequence[ChannelRow]
) -> CallTrack | None:
    up = {row.channel for row in here if row.up}
    for call in calls:
        leg = call.operator
        if call.place in _TALK and leg and leg.endpoint == endpoint and leg.channel in up:
            return call
    return None


def _alone(call: CallTrack) -> bool:
    return call.place is Place.TALKING and call.operator is None and call.consulted is None


def unheard_answer(talk: CallTrack, known: CallTrack | None, now: datetime) -> OfferAnswered | None:
    """The fact that ought to have told of this conversation; None when it was told, or the call
    has moved on since the look."""
    if talk.offer_id is None or talk.endpoint is None:
        return None
    if known is not None and (known.seq > talk.seq or known.place in _TALK):
        return None
    return OfferAnswered(talk.call_id, talk.offer_id, talk.endpoint, now)
