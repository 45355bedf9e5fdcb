"""What sipp wrote down of every message it sent and received (`-trace_msg`), and what follows
from it. Pure.

sipp takes the time of a message from the machine's clock when the socket has taken or given it.
It writes local time, so the trace is to be read on the machine, and in the season, of its making.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from cti.core.words import HEADER_CALL, HEADER_OFFER

_HEADING = re.compile(
    r"^-{20,} (?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})\n"
    r"\w+ message (?P<way>sent|received) [\[(]\d+[^\n]*:\n\n",
    re.MULTILINE,
)
_MEDIA = re.compile(r"^m=audio (\d+) ", re.MULTILINE)
_USER = re.compile(r"^INVITE sip:([^@]+)@")


@dataclass(frozen=True, slots=True)
class SipMessage:
    """`at`: seconds since 1970. `start` is the first line; header names are in lower case."""

    at: float
    sent: bool
    start: str
    headers: Mapping[str, str]
    body: str

    @property
    def dialog(self) -> str:
        return self.headers["call-id"]

    @property
    def method(self) -> str:
        """Of the request, or of the request that this answers."""
        return self.headers["cseq"].split()[1]

    @property
    def status(self) -> int | None:
        """None for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0 ") else None


@dataclass(frozen=True, slots=True)
class CallSetUp:
    """A citizen's INVITE: when it left, when 200 came (None: never), where sound is awaited."""

    invited_at: float
    answered_at: float | None
    media_port: int


@dataclass(frozen=True, slots=True)
class Offer:
    """An INVITE that reached a phone: when, which phone, for which call, the how manieth offer."""

    at: float
    endpoint: str
    call_id: str
    number: int


def read_trace(text: str) -> Iterator[SipMessage]:
    """The messages, oldest first."""
    headings = list(_HEADING.finditer(text))
    for heading, following in zip_longest(headings, headings[1:]):
        end = following.start() if following else len(text)
        head, _, body = text[heading.end() : end].replace("\r\n", "\n").partition("\n\n")
        start, *lines = head.split("\n")
        pairs = (line.partition(":") for line in lines)
        yield SipMessage(
            at=datetime.fromisoformat(heading["at"]).astimezone().timestamp(),
            sent=heading["way"] == "sent",
            start=start,
            headers={name.strip().lower(): value.strip() for name, _, value in pairs},
            body=body,
        )


def set_ups(messages: Iterable[SipMessage]) -> list[CallSetUp]:
    """From a citizen's trace. An INVITE that is sent again counts from the first time."""
    invited: dict[str, SipMessage] = {}
    answered: dict[str, float] = {}
    for message in messages:
        if message.method != "INVITE":
            continue
        if message.sent and message.status is None:
            invited.setdefault(message.dialog, message)
        elif message.status == 200:
            answered.setdefault(message.dialog, message.at)
    return [
        CallSetUp(message.at, answered.get(dialog), int(_MEDIA.findall(message.body)[0]))
        for dialog, message in invited.items()
    ]


def offers(messages: Iterable[SipMessage]) -> list[Offer]:
    """From a desk phone's trace: the first INVITE of each dialog, oldest first."""
    found: dict[str, Offer] = {}
    for message in messages:
        user = _USER.match(message.start)
        if message.sent or user is None or message.dialog in found:
            continue
        _, _, number = message.headers[HEADER_OFFER.lower()].rpartition(".")
        call_id = message.headers[HEADER_CALL.lower()]
        found[message.dialog] = Offer(message.at, user[1], call_id, int(number))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Engagement:
    """One phone's part of one call, from the INVITE that reached it to its end (None: none yet)."""

    endpoint: str
    call_id: str
    since: float
    until: float | None


def engagements(messages: Iterable[SipMessage]) -> list[Engagement]:
    """From a desk phone's trace: over with BYE, CANCEL or a refusal; in order of beginning."""
    begun: dict[str, Offer] = {}
    over: dict[str, float] = {}
    for message in messages:
        user = _USER.match(message.start)
        if not message.sent and user is not None and message.dialog not in begun:
            call_id = message.headers[HEADER_CALL.lower()]
            begun[message.dialog] = Offer(message.at, user[1], call_id, 1)
        elif message.dialog in begun and _ends(message):
            over.setdefault(message.dialog, message.at)
    return [
        Engagement(offer.endpoint, offer.call_id, offer.at, over.get(dialog))
        for dialog, offer in begun.items()
    ]


def _ends(message: SipMessage) -> bool:
    if message.status is None:
        return message.method in ("BYE", "CANCEL")
    return message.method == "INVITE" and message.status >= 300


def overlapping(found: Iterable[Engagement], key: Callable[[Engagement], str]) -> int:
    """How often one begins while another of the same key is not over: a caller rung at two phones
    (by call), or a phone given two callers (by endpoint)."""
    busy_until: dict[str, float] = {}
    clashes = 0
    for one in sorted(found, key=lambda e: e.since):
        clashes += one.since < busy_until.get(key(one), 0.0)
        until = one.until if one.until is not None else math.inf
        busy_until[key(one)] = max(until, busy_until.get(key(one), 0.0))
    return clashes
