"""What Asterisk reports, as typed values: the first thing made of a message, before any thought.

The dialplan's own `UserEvent` carries all the truth about a caller; native events add what the
dialplan cannot see (a phone rings, answers, holds; a contact comes or goes). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

from cti.core.dial_back import DialTold
from cti.core.words import USER_EVENT, DialTell, Tell
from kernel.ids import AgentId, CallbackId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.telephony import PhoneUse

Headers = Mapping[str, str]
"""One message: header name in lower case -> value (the last one, if it came twice)."""

NAME_LIMIT = 80
_CHANNEL = re.compile(r"PJSIP/(?P<endpoint>.+)-[0-9a-f]{8}$")
_CALL_ID = re.compile(r"[a-z0-9]{1,24}-[0-9]{1,12}-[0-9]{1,12}")
_GONE = frozenset({"Removed", "Unreachable"})
_USES = {
    "NOT_INUSE": PhoneUse.IDLE,
    "UNAVAILABLE": PhoneUse.IDLE,
    "INUSE": PhoneUse.IN_USE,
    "BUSY": PhoneUse.IN_USE,
    "ONHOLD": PhoneUse.IN_USE,
    "RINGINUSE": PhoneUse.IN_USE,
    "RINGING": PhoneUse.RINGING,
}
_YEAR_9999_MS = 253_370_764_800_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The dialplan told where its caller is. `seq` counts the tellings of one call."""

    tell: Tell
    call_id: CallId
    channel: str
    seq: int = 0
    ani: str = ""
    dnis: str = ""
    name: str = ""
    team: TeamId | None = None
    priority: int = 0
    language: Language = Language.MANDARIN
    arrived_at: datetime | None = None
    wanted_agent: AgentId | None = None
    offer: int = 0
    endpoint: Endpoint | None = None
    result: str = ""
    cause: int = 0
    consult: str = ""
    ended_by_platform: bool = False
    in_survey: bool = False
    recorded_at: datetime | None = None
    number: str = ""
    message_s: int | None = None  # so many seconds of a message were spoken
    callback_id: CallbackId | None = None
    silent: bool = False  # the last thing heard of the caller was nothing


@dataclass(frozen=True, slots=True)
class LegDialled:
    """`channel` (caller, or operator in a consultation) rings `leg`."""

    channel: str
    leg: str


@dataclass(frozen=True, slots=True)
class LegRinging:
    channel: str
    leg: str


@dataclass(frozen=True, slots=True)
class LegAnswered:
    channel: str
    leg: str


@dataclass(frozen=True, slots=True)
class HoldToggled:
    channel: str
    on_hold: bool


@dataclass(frozen=True, slots=True)
class ContactMoved:
    """`address`: where the phone is, by which one registration is told from the next."""

    endpoint: Endpoint
    reachable: bool
    address: str = ""


@dataclass(frozen=True, slots=True)
class PhoneUsed:
    """The device rings, is in a conversation, or does nothing."""

    endpoint: Endpoint
    use: PhoneUse


@dataclass(frozen=True, slots=True)
class Begun:
    """The dialogue of a call was asked to begin (over FastAGI)."""

    call_id: CallId
    ani: str
    name: str
    dnis: str
    callback_id: CallbackId | None = None


Report = (
    Told
    | DialTold
    | LegDialled
    | LegRinging
    | LegAnswered
    | HoldToggled
    | ContactMoved
    | PhoneUsed
    | Begun
)


def parse_event(headers: Headers) -> Report | None:
    """The report in an AMI event, or None if it says nothing to us.

    Raises ValueError for an event of our own dialplan that is malformed.
    Source: AMI events of Asterisk 22.10 (UserEvent, DialBegin, DialState, DialEnd, Hold, Unhold,
    ContactStatus, DeviceStateChange).
    """
    event = headers.get("event", "")
    if event == "UserEvent":
        return _told(headers) if headers.get("userevent") == USER_EVENT else None
    if event in ("DialBegin", "DialState", "DialEnd"):
        return _dial(event, headers)
    if event in ("Hold", "Unhold"):
        return HoldToggled(headers.get("channel", ""), event == "Hold")
    if event == "ContactStatus":
        return _contact(headers)
    if event == "DeviceStateChange":
        return phone_used(headers)
    return None


def _dial(event: str, headers: Headers) -> Report | None:
    channel, leg = headers.get("channel", ""), headers.get("destchannel", "")
    if not channel or not leg:
        return None
    status = headers.get("dialstatus", "")
    if event == "DialBegin":
        return LegDialled(channel, leg)
    if event == "DialState" and status == "RINGING":
        return LegRinging(channel, leg)
    if event == "DialEnd" and status == "ANSWER":
        return LegAnswered(channel, leg)
    return None


def _contact(headers: Headers) -> ContactMoved | None:
    endpoint = headers.get("endpointname") or headers.get("aor", "")
    if not endpoint:
        return None
    reachable = headers.get("contactstatus", "") not in _GONE
    return ContactMoved(Endpoint(endpoint), reachable, headers.get("uri", ""))


def _told(headers: Headers) -> Told | DialTold:
    fact = headers.get("fact", "")
    if fact not in (DialTell.DIALLING, DialTell.DIALLED):
        return parse_told(headers)
    callback_id = callback(headers.get("callback"))
    if callback_id is None:
        raise ValueError("a dialling without its callback")
    channel = headers.get("channel", "")
    if fact == DialTell.DIALLING:
        return DialTold(callback_id, channel)
    return DialTold(callback_id, channel, headers.get("result", ""), integer(headers.get("cause")))


def phone_used(headers: Headers) -> PhoneUsed | None:
    """What a device does; None for a device that is no phone, and for a state that says nothing.

    Source: Asterisk 22.10, `ast_devstate_str`; a PJSIP device's state is made of all its channels.
    """
    kind, _, name = headers.get("device", "").partition("/")
    use = _USES.get(headers.get("state", ""))
    return PhoneUsed(Endpoint(name), use) if kind == "PJSIP" and name and use else None


def parse_told(headers: Headers) -> Told:
    """The dialplan's own event. Raises ValueError if it is malformed."""
    call_id = valid_call_id(headers.get("call", ""))
    return Told(
        tell=Tell(headers.get("fact", "")),
        call_id=call_id,
        channel=headers.get("channel", ""),
        seq=integer(headers.get("seq")),
        ani=headers.get("ani", ""),
        dnis=headers.get("dnis", ""),
        name=caller_name(headers.get("name", "")),
        team=TeamId(headers["team"]) if headers.get("team") else None,
        priority=integer(headers.get("priority")),
        language=language(headers.get("speech")),
        arrived_at=milliseconds(headers.get("arrived")),
        wanted_agent=AgentId(headers["wanted"]) if headers.get("wanted") else None,
        offer=integer(headers.get("offer")),
        endpoint=Endpoint(headers["endpoint"]) if headers.get("endpoint") else None,
        result=headers.get("result", ""),
        cause=integer(headers.get("cause")),
        consult=headers.get("consult", ""),
        ended_by_platform=headers.get("ended") == "platform",
        in_survey=headers.get("stage") == "survey",
        recorded_at=milliseconds(headers.get("recorded")),
        number=headers.get("number", ""),
        message_s=integer(headers["message"]) if headers.get("message") else None,
        callback_id=callback(headers.get("callback")),
        silent=headers.get("input") == "silence",
    )


def valid_call_id(text: str) -> CallId:
    """Raises ValueError for what our dialplan never makes."""
    if not _CALL_ID.fullmatch(text):
        raise ValueError(f"not a call id: {text[:80]!r}")
    return CallId(text)


def begun_at(call_id: CallId) -> datetime:
    """The start of a call from its id, `<system>-<epoch>-<seq>`, to the second."""
    return datetime.fromtimestamp(int(call_id.split("-")[1]), UTC)


def caller_name(encoded: str) -> str:
    """The caller's name from its percent-encoded UTF-8: at most 80 characters, none of control.

    The dialplan cuts at 240 bytes, perhaps inside a character: that one is dropped.
    """
    raw = unquote_to_bytes(encoded)
    text = raw.decode("utf-8", "replace")
    if len(raw) >= 238:
        text = text.rstrip("\ufffd")
    return "".join(c for c in text if c.isprintable())[:NAME_LIMIT].strip()


def endpoint_of(channel: str) -> Endpoint | None:
    """`PJSIP/booth001-0000002a` -> `booth001`; None for a channel that is no phone of ours."""
    match = _CHANNEL.match(channel)
    return Endpoint(match["endpoint"]) if match else None


def offer_id(call_id: CallId, number: int) -> OfferId:
    return OfferId(f"{call_id}.{number}")


def offer_number(offer: OfferId, call_id: CallId) -> int:
    """The n of `<call_id>.<n>`. Raises ValueError if the offer is not of this call."""
    head, _, tail = offer.rpartition(".")
    if head != call_id or not tail.isdigit():
        raise ValueError(f"offer {offer!r} is not of call {call_id!r}")
    return int(tail)


def callback(text: str | None) -> CallbackId | None:
    """The id of a callback, or None where there is none."""
    return CallbackId(text) if text else None


def integer(text: str | None) -> int:
    """0 for what is no whole number."""
    try:
        return int(text or "")
    except ValueError:
        return 0


def milliseconds(text: str | None) -> datetime | None:
    """The moment of a count of milliseconds since 1970; None when there is none, or none that a
    calendar knows."""
    value = integer(text)
    if not 0 < value < _YEAR_9999_MS:
        return None
    return datetime.fromtimestamp(value / 1000, UTC)


def language(text: str | None) -> Language:
    try:
        return Language(text or "")
    except ValueError:
        return Language.MANDARIN
