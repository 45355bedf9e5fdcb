"""A message that a caller left: when it is written down, and what is shown until it is. Pure.

Theory of operation: a message is WAITING from the moment it was left; it is tried when its
recording is archived and a recogniser of its language listens. A try that broke off is followed by
others, ever later, because a recogniser may die for any reason; a message at which it dies each
time is GIVEN_UP in the end, for its death interrupts callers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.ids import CallId, TeamId
from kernel.language import Language
from recordings.core.recording import Recording, Status

PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600)
)
"""After each try that broke off; after the last of them there is one more try."""
MARGIN = timedelta(seconds=2)
"""The telephone counts a message in whole seconds, and leaves out the silence that ended it."""


class Writing(StrEnum):
    """How far the writing down has come."""

    WAITING = "waiting"
    WRITTEN = "written"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`spoken`: how long it is, to within two seconds. `from_s`: where it begins in the call's
    recording, once it is written. `again_at`: it is not tried before."""

    call_id: CallId
    left_at: datetime
    language: Language
    team: TeamId | None
    spoken: timedelta
    again_at: datetime
    state: Writing = Writing.WAITING
    attempts: int = 0
    from_s: float | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A message whose turn it is, with its archived recording."""

    message: Message
    file_name: str
    duration: timedelta
    answered: bool

    @property
    def from_s(self) -> float:
        """All of the recording, unless an operator spoke with the caller before: of a conversation
        no more is written down than the margin."""
        if not self.answered:
            return 0.0
        return max(timedelta(), self.duration - self.message.spoken - MARGIN).total_seconds()


def broke_off(message: Message, now: datetime) -> Message:
    """After a try that was not the recogniser's rest, but its end."""
    if message.attempts >= len(PAUSES):
        return replace(message, state=Writing.GIVEN_UP, attempts=message.attempts + 1)
    pause = PAUSES[message.attempts]
    return replace(message, attempts=message.attempts + 1, again_at=now + pause)


class Shown(StrEnum):
    """What a page says where the words of a message stand."""

    WORDS = "words"
    NOTHING = "nothing"  # it was written down, and nothing was understood
    BEING_WRITTEN = "being_written"
    NO_RECOGNISER = "no_recogniser"  # none is installed for its language; it waits for one
    GIVEN_UP = "given_up"
    OFF = "off"
    NO_SOUND = "no_sound"  # there is no recording, or not any more


TEXTLESS: Mapping[Shown, str] = {
    Shown.NOTHING: "没有识别出文字，请听录音",
    Shown.BEING_WRITTEN: "正在识别成文字，稍后刷新本页",
    Shown.NO_RECOGNISER: "没有安装这种语言的识别模型，暂时没有文字；安装后自动补上，请先听录音",
    Shown.GIVEN_UP: "多次识别都没有完成，没有文字，请听录音",
    Shown.OFF: "没有开启留言的文字识别",
    Shown.NO_SOUND: "没有找到这条留言的录音",
}
"""What stands in place of a message's words."""


def shown(
    message: Message | None, row: Recording | None, *, words: bool, listens: bool, wanted: bool
) -> Shown:
    """`words`: some were understood; `listens`: a recogniser of the language is installed;
    `wanted`: messages are written down here."""
    if row is None or row.status in (Status.DAMAGED, Status.MISSING):
        return Shown.NO_SOUND
    if message is not None and message.state is Writing.WRITTEN:
        return Shown.WORDS if words else Shown.NOTHING
    if not wanted:
        return Shown.OFF
    if message is not None and message.state is Writing.GIVEN_UP:
        return Shown.GIVEN_UP
    return Shown.BEING_WRITTEN if listens else Shown.NO_RECOGNISER
