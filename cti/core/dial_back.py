"""Calling a citizen back: what may be dialled, how the dialplan is told, what came of it. Pure.

Theory of operation
-------------------
One order makes one dialling channel, which rings the citizen for a while and ends by itself. It
tells when it begins (`dialling`) and, unless the citizen picked up, how it ended (`dialled`). Who
picks up is a caller with a call id of its own (`entered`, with the callback's id): `CallTrack`
follows it and says whether it came into the line. See `docs/adr/0416-dialling-citizens.md`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from cti.core.words import SEPARATOR
from kernel.errors import BadInput
from kernel.ids import CallbackId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber, callable_number
from kernel.telephony import DialResult

LONGEST_RING_S = 120
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_TEAM = re.compile(r"[a-z][a-z0-9_]{1,31}")
# Q.850 causes by which a citizen or the citizen's network says no: call rejected.
_REJECTED = frozenset({21})


@dataclass(frozen=True, slots=True)
class DialTold:
    """The dialling channel told that it begins to ring the citizen (`result` None), or how it ended
    without an answer: Asterisk's DIALSTATUS and the Q.850 cause."""

    callback_id: CallbackId
    channel: str
    result: str | None = None
    cause: int = 0


@dataclass(frozen=True, slots=True)
class DialOut:
    """All that a dialling carries; every text was checked against a narrow alphabet."""

    callback_id: CallbackId
    number: PhoneNumber
    team: TeamId
    language: Language
    priority: int
    arrived_ms: int  # milliseconds since 1970
    ring_s: int

    @property
    def exten(self) -> str:
        """What the dialling order carries besides the term: `<number>*<ring seconds>`."""
        return SEPARATOR.join((self.number.digits, str(self.ring_s)))


def dial_out(
    callback_id: CallbackId,
    number: PhoneNumber,
    team: TeamId,
    language: Language,
    priority: int,
    arrived_at: datetime,
    ring_timeout: timedelta,
) -> DialOut:
    """Raises BadInput for a number that may not be called and for what may not reach the
    dialplan. The ring time is kept within 1 to 120 s."""
    if not callable_number(number):
        raise BadInput("该号码不能回拨", "number")
    if not _ID.fullmatch(callback_id) or not _TEAM.fullmatch(team):
        raise BadInput("回拨的资料不完整")
    ring_s = min(max(1, round(ring_timeout.total_seconds())), LONGEST_RING_S)
    arrived_ms = round(arrived_at.timestamp() * 1000)
    return DialOut(callback_id, number, team, language, priority, arrived_ms, ring_s)


def dial_result(told: DialTold, *, taken_back: bool = False) -> DialResult:
    """What DIALSTATUS and the Q.850 cause mean for a citizen's telephone.

    A dialling that we took back before the carrier had answered at all has no status of its own.

    Source: app_dial and chan_pjsip of Asterisk 22.10: 486 and 600 give BUSY/17, 603 gives
    CHANUNAVAIL/21, 480 NOANSWER/19, 404 CHANUNAVAIL/1, a dialling that was hung up CANCEL.
    """
    if told.result == "BUSY":
        return DialResult.BUSY
    if told.cause in _REJECTED:
        return DialResult.REFUSED
    if told.result == "NOANSWER":
        return DialResult.NO_ANSWER
    if told.result == "CANCEL" or taken_back:
        return DialResult.CANCELLED
    return DialResult.FAILED
