"""Where a call stands in a flow, what happened on the way, and what a turn answers. Data only.

The interpreter (`ivr.core.interpreter`) makes one from the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from ivr.core import letting_go
from ivr.core.conditions import CallerKind
from ivr.core.flow import Asks, Enquiry
from ivr.core.history import NO_HISTORY, History
from ivr.core.listening import Asked
from kernel.ids import TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import Collect, Instruction, Listen

NO_NUMBER = PhoneNumber("")


@dataclass(frozen=True, slots=True)
class Session:
    """Where one call stands. `line_team`: the team of the old line that was dialled, if one was.
    `tries` counts the unknown keys pressed at this step. `slots`: what was typed in and what was
    looked up, by name. `noticed`: what is said before the wait was heard, or there was nothing;
    `choices`: what was offered there, key -> step. `wanted`: the team whose line was to be entered.
    `asked`: the question that is being answered at a listening step. `deaf`: the recogniser failed
    in this call. `unclear`: a question back was answered with nothing that was understood; nothing
    is asked back any more. `history` is that of the number, as far as it was found. `talk` is the
    dialogue about a number in a callback or a message, `letting_go_at` its beginning. `answered`
    counts what came of instructions: keys, words, silence, announcements heard to the end."""

    step: str
    language: Language
    language_known: bool
    line_team: TeamId | None
    started_at: datetime
    tries: int = 0
    dnis: str = ""
    caller: CallerKind = CallerKind.OTHER
    slots: Mapping[str, str] = field(default_factory=dict)
    noticed: bool = False
    asked: Asked | None = None
    deaf: bool = False
    unclear: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    wanted: TeamId | None = None
    ani: PhoneNumber = NO_NUMBER
    talk: letting_go.Talk | None = None
    letting_go_at: datetime | None = None
    history: History = NO_HISTORY
    answered: int = 0


# --- what happened, for the record; the service turns it into events --------------------------


@dataclass(frozen=True, slots=True)
class Entered:
    step: str
    language: Language


@dataclass(frozen=True, slots=True)
class Pressed:
    """`keys` empty: the caller stayed silent."""

    step: str
    keys: str


@dataclass(frozen=True, slots=True)
class Spoke:
    """`text` was heard; `wish`: the intent whose way was taken, or that is asked back (`asked`),
    empty where nothing was understood. The text is private and goes into no record."""

    step: str
    text: str
    wish: str
    asked: bool
    confidence_fraction: float


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    language: Language


@dataclass(frozen=True, slots=True)
class Scored:
    asks: Asks
    score: int


@dataclass(frozen=True, slots=True)
class LeftFor:
    number: str


@dataclass(frozen=True, slots=True)
class OffersHeard:
    """What plans say to those who wait was heard before the wait."""


Happening = Entered | Pressed | Spoke | LanguageChosen | Scored | LeftFor | OffersHeard


class Result(StrEnum):
    """What came of a lookup; each is a field of the step with the way to take."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the world outside the flow, with the slots it is asked with."""

    enquiry: Enquiry
    slots: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """`slots`: what was found, to be said by the steps that follow."""

    result: Result
    slots: Mapping[str, str] = field(default_factory=dict)


UNANSWERED = Answer(Result.FAILED)


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer: the session after it, the instruction, and what happened on the way.

    With `ask` set the instruction plays nothing: it only brings the caller back here.
    """

    session: Session
    instruction: Instruction
    happened: tuple[Happening, ...]
    ask: Ask | None = None


def forgetting(turn: Turn) -> Turn:
    """The same turn, where what was typed ahead was meant for another way than this."""
    if not isinstance(turn.instruction, Collect | Listen):
        return turn
    return replace(turn, instruction=replace(turn.instruction, fresh=True))
