"""Asterisk's truth after a reconnect, made from its lists of channels and contacts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cti.core import reports as rp
from cti.core.call_track import CallTrack, Leg
from cti.core.words import Place, Role
from cti.core.words import TruthVariable as Var
from kernel import telephony as tel
from kernel.ids import AgentId, CallbackId, CallId, Endpoint, TeamId
from kernel.phone import clean

_PJSIP = "PJSIP/"
_AWAY = ("UNAVAILABLE", "INVALID", "UNKNOWN", "")
_PLACES = {
    Place.IVR: "ivr",
    Place.WAITING: "waiting",
    # Not deliverable until it has left the native queue; a CallWaiting will say so.
    Place.FALLBACK: "fallback",
    Place.OFFERED: "offered",
    Place.TALKING: "talking",
    Place.CONSULTING: "consulting",
    Place.AFTER_CALL: "after_call",
    Place.OUT: "after_call",
    Place.LEAVING: "leaving",
}


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel of the list `Status`: its variables without those that are not set."""

    channel: str
    bridge: str
    up: bool
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Truth:
    """All present callers, the phones that can be reached, the channels that dial citizens, and
    what each phone does."""

    tracks: tuple[CallTrack, ...]
    reachable: frozenset[Endpoint]
    dialling: Mapping[CallbackId, str] = field(default_factory=dict)
    phones: tuple[tuple[Endpoint, tel.PhoneUse], ...] = ()


def truth(rows: Iterable[ChannelRow], contacts: Iterable[rp.Headers]) -> Truth:
    """The callers with their legs. A channel that is not ours is passed over."""
    ours = list(rows)
    legs: dict[str, list[ChannelRow]] = {}
    for row in ours:
        if row.variables.get(Var.ROLE) in (Role.OPERATOR, Role.CONSULTED):
            legs.setdefault(row.variables.get(Var.LEG_OF, ""), []).append(row)
    tracks = tuple(
        _track(row, legs.get(row.variables.get(Var.CALL, ""), []))
        for row in ours
        if row.variables.get(Var.ROLE) == Role.CALLER and row.variables.get(Var.SEQ, "0") != "0"
    )
    states = list(contacts)
    used = (rp.phone_used(state) for state in states)
    phones = tuple((u.endpoint, u.use) for u in used if u)
    return Truth(tracks, reachable(states), _dialling(ours), phones)


def _dialling(rows: Iterable[ChannelRow]) -> dict[CallbackId, str]:
    """A Local channel has two halves with the same variables; the second one dials."""
    return {
        CallbackId(row.variables[Var.CALLBACK]): row.channel
        for row in rows
        if row.variables.get(Var.ROLE) == Role.DIALLER
        and row.variables.get(Var.CALLBACK)
        and row.channel.endswith(";2")
    }


def reachable(contacts: Iterable[rp.Headers]) -> frozenset[Endpoint]:
    """Endpoints whose phone is registered, whatever it is doing.

    Source: AMI list `DeviceStateList`, Asterisk 22.10 (events `DeviceStateChange`): a PJSIP
    device without a living contact is UNAVAILABLE.
    """
    return frozenset(
        Endpoint(c.get("device", "").removeprefix(_PJSIP))
        for c in contacts
        if c.get("device", "").startswith(_PJSIP) and c.get("state", "") not in _AWAY
    )


def _track(row: ChannelRow, legs: list[ChannelRow]) -> CallTrack:
    variables = row.variables
    call_id = CallId(variables[Var.CALL])
    operator = _leg(legs, Role.OPERATOR)
    consulted = _leg(legs, Role.CONSULTED)
    place = _place(row, legs)
    if place is Place.TALKING and operator is None:
        # After a completed consultation the colleague is the one who talks.
        operator, consulted = consulted, None
    with_phone = place in (Place.OFFERED, Place.TALKING, Place.CONSULTING)
    told_endpoint = variables.get(Var.ENDPOINT)
    endpoint = (
        operator.endpoint if operator else (Endpoint(told_endpoint) if told_endpoint else None)
    )
    return CallTrack(
        call_id=call_id,
        channel=row.channel,
        place=place,
        seq=rp.integer(variables.get(Var.SEQ)),
        ani=variables.get(Var.ANI, ""),
        dnis=variables.get(Var.DNIS, ""),
        name=rp.caller_name(variables.get(Var.NAME, "")),
        team=TeamId(variables[Var.TEAM]) if variables.get(Var.TEAM) else None,
        language=rp.language(variables.get(Var.LANGUAGE)),
        priority=rp.integer(variables.get(Var.PRIORITY)),
        arrived_at=rp.milliseconds(variables.get(Var.ARRIVED)),
        wanted_agent=AgentId(variables[Var.WANTED]) if variables.get(Var.WANTED) else None,
        offer_id=rp.offer_id(call_id, rp.integer(variables.get(Var.OFFER))) if with_phone else None,
        endpoint=endpoint if with_phone else None,
        operator=operator if with_phone else None,
        consulted=consulted if place is Place.CONSULTING else None,
        consult_talking=place is Place.CONSULTING and _up(legs, Role.CONSULTED),
        answered_at=rp.milliseconds(variables.get(Var.RECORDED)) if _was_answered(row) else None,
        promised=clean(variables.get(Var.CALLBACK_NUMBER, "") if place is Place.LEAVING else ""),
        message_s=_message_s(variables) if place is Place.LEAVING else None,
        callback_id=rp.callback(variables.get(Var.CALLBACK)),
    )


def _message_s(variables: Mapping[str, str]) -> int | None:
    spoken = variables.get(Var.MESSAGE_S)
    return rp.integer(spoken) if spoken else None


def _place(row: ChannelRow, legs: list[ChannelRow]) -> Place:
    """`CC_STATE`, corrected by what only the bridge and the legs show."""
    try:
        place = Place(row.variables.get(Var.STATE, ""))
    except ValueError:
        return Place.IVR
    if place in (Place.OFFERED, Place.FALLBACK) and row.bridge and _up(legs, Role.OPERATOR):
        return Place.TALKING
    return place


def _was_answered(row: ChannelRow) -> bool:
    answered = row.variables.get(Var.DIALSTATUS) == "ANSWER" or bool(row.bridge)
    return answered and bool(row.variables.get(Var.RECORDED))


def _leg(legs: list[ChannelRow], role: Role) -> Leg | None:
    for row in legs:
        endpoint = rp.endpoint_of(row.channel)
        if row.variables.get(Var.ROLE) == role and endpoint is not None:
            return Leg(row.channel, endpoint)
    return None


def _up(legs: list[ChannelRow], role: Role) -> bool:
    return any(row.up for row in legs if row.variables.get(Var.ROLE) == role)


def live_call(track: CallTrack) -> tel.LiveCall:
    """The caller in the words that others know."""
    return tel.LiveCall(
        call_id=track.call_id,
        place=_PLACES[track.place],
        ani=clean(track.ani),
        dnis=track.dnis,
        team=track.team,
        language=track.language,
        priority=track.priority,
        first_arrival_at=track.arrived_at,
        offer_id=track.offer_id,
        endpoint=track.endpoint,
        callback_id=track.callback_id,
    )
