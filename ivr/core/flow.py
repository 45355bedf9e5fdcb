"""A flow as data: one frozen class for each kind of step. No behaviour but looking at itself.

The interpreter is in `ivr.core.interpreter`, the rules a flow must keep in `ivr.core.validation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from ivr.core.conditions import Test
from ivr.core.intents import NO_INTENTS, IntentTable
from kernel.ids import TeamId
from kernel.language import Language

LINE_GREETING = "{line_greeting}"
KNOWN_NUMBER, KNOWN_STAGE, KNOWN_AT = "known_number", "known_stage", "known_at"
KNOWN_DISTRICT = "known_district"
KNOWN_SLOTS = frozenset({KNOWN_NUMBER, KNOWN_STAGE, KNOWN_AT})
"""Filled for a caller whose number has a recent order, while the greeting is heard."""
EMERGENCY_NUMBERS = frozenset({"110", "119", "120", "122"})
CALLBACK_KEY, MESSAGE_KEY = "7", "8"
"""As `waiting_callback_offer` and `waiting_message_offer` say, and `config/ivr/waiting.yaml`."""
MOST_QUESTIONS = 60
"""How many questions a call answers where its flow names no number: whoever types an order and
has the result said a dozen times needs a third of it."""
LANGUAGE_ORDER = (Language.MANDARIN, Language.CANTONESE, Language.ENGLISH)


class Purpose(StrEnum):
    """What a flow is for, and so where each of its steps must be able to lead."""

    RECEPTION = "reception"  # to a person
    SURVEY = "survey"  # to a polite end


class Reading(StrEnum):
    """How the value of a slot is said aloud."""

    DIGITS = "digits"  # digit by digit, as one dials it
    NUMBER = "number"  # a whole number
    COUNT = "count"  # the same, of things: a Chinese 2 is 两
    DATE = "date"  # a day with its year
    TIME = "time"  # a time of day
    MONEY = "money"  # yuan, jiao and fen
    DAY = "day"  # a moment, as today, yesterday, so many days ago
    STAGE = "stage"  # how far an order is


class Enquiry(StrEnum):
    """What a flow may look up for the caller."""

    ORDER_PROGRESS = "order_progress"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A prompt as a step names it.

    The name `{line_greeting}` stands for the greeting of the dialled line, which is that of its
    team. `language` None means the caller's language.
    """

    name: str
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A value of the call said aloud: what was typed in, or what was looked up. An empty slot is
    passed over in silence."""

    reading: Reading
    name: str


Saying = Phrase | Slot


@dataclass(frozen=True, slots=True)
class Announce:
    """Say something to the end and go on."""

    name: str
    phrases: tuple[Saying, ...]
    next: str


@dataclass(frozen=True, slots=True)
class Menu:
    """Say something that a key interrupts, and follow the key.

    `keys`: what was pressed -> step. `attempts` counts how often the menu is heard when an unknown
    key is pressed; then `unknown` is taken. `again` is said before a repetition.
    """

    name: str
    phrases: tuple[Saying, ...]
    keys: Mapping[str, str]
    silence: str
    unknown: str
    again: tuple[Saying, ...]
    attempts: int
    max_digits: int
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class Listening:
    """Say something that a voice or a key interrupts, and follow what was said or pressed.

    `intents`: what is meant (of the table of intents) -> step. Without a recogniser for the
    caller's language it is a menu that says `by_keys`. `again` is said before a repetition after
    an unknown key, `unheard` after words that were not understood; both are failed attempts.
    Below `sure_fraction` of confidence the caller is asked back, below `sure_emergency_fraction`
    about an emergency. `alarm`: where an emergency goes that was neither affirmed nor denied.
    `timeout` and `patience`: after the last phrase, by keys
    and by voice.
    """

    name: str
    phrases: tuple[Saying, ...]
    by_keys: tuple[Saying, ...]
    keys: Mapping[str, str]
    intents: Mapping[str, str]
    alarm: str | None
    silence: str
    unknown: str
    again: tuple[Saying, ...]
    unheard: tuple[Saying, ...]
    attempts: int
    max_digits: int
    timeout: timedelta
    patience: timedelta
    sure_fraction: float
    sure_emergency_fraction: float


@dataclass(frozen=True, slots=True)
class Digits:
    """Ask for a number of `least` to `most` digits, ended by # or by the timeout, and keep it in
    the slot `into`. `keys`: what is a wish of its own when it is pressed alone, and where to."""

    name: str
    phrases: tuple[Saying, ...]
    into: str
    least: int
    most: int
    entered: str
    keys: Mapping[str, str]
    silence: str
    unknown: str
    again: tuple[Saying, ...]
    attempts: int
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class Lookup:
    """Look something up with what is in the slots, within a deadline; each outcome has its way.

    `refused`: asked too often. `failed`: no answer in time.
    """

    name: str
    enquiry: Enquiry
    found: str
    not_found: str
    refused: str
    failed: str


@dataclass(frozen=True, slots=True)
class ChooseLanguage:
    """Ask for the language, each offered in itself. Silence or any other key keeps the present."""

    name: str
    phrases: tuple[Saying, ...]
    languages: Mapping[str, Language]
    next: str
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class Queue:
    """Hand over to the operators of `team`; None means the team of the dialled line.

    While a plan has something for those who wait for the team, it is heard before the wait, and
    what it offers leads by key (`CALLBACK_KEY`, `MESSAGE_KEY`) to the steps `callback` and
    `message`; None: it is not offered here.
    """

    name: str
    team: TeamId | None
    priority: int
    phrases: tuple[Saying, ...]
    callback: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """Promise to call back instead of a wait: the own number is read out, or another is typed, and
    only a confirmed one is promised. The place in the line is that of the moment this began.

    `team` None: that of the queue which led here, or of the dialled line. `keys` are wishes of
    their own, pressed alone. `silence` is taken by whoever gives no number, `closed` while nobody
    is called back. A number may be typed `attempts` times.
    """

    name: str
    team: TeamId | None
    priority: int
    phrases: tuple[Saying, ...]
    keys: Mapping[str, str]
    silence: str
    closed: str
    attempts: int
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class Message:
    """Let the caller speak a message, which a person hears and calls about. Whoever calls without a
    number that can be called types one first; the rest as in `Callback`. `silence` is also taken
    after a message that lasted less than `shortest`."""

    name: str
    team: TeamId | None
    phrases: tuple[Saying, ...]
    keys: Mapping[str, str]
    silence: str
    attempts: int
    timeout: timedelta
    shortest: timedelta
    quiet: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class LeaveFor:
    """Transfer to an emergency number or the tax line (`transfer_out`); `failed` if that cannot be
    reached."""

    name: str
    number: str
    phrases: tuple[Saying, ...]
    failed: str


@dataclass(frozen=True, slots=True)
class Condition:
    """Choose the way without the caller noticing."""

    name: str
    test: Test
    then: str
    otherwise: str


class Asks(StrEnum):
    """What a question of the survey is about; each is a figure of its own."""

    SOLVED = "solved"  # 1 solved, 2 partly, 3 not
    OPERATOR = "operator"  # 1 very satisfied .. 5 very dissatisfied


MOST_SCORES: Mapping[Asks, int] = {Asks.SOLVED: 3, Asks.OPERATOR: 5}


@dataclass(frozen=True, slots=True)
class SurveyQuestion:
    """One question answered by one key. `scores`: key -> score, 1 is best. `keys`: other wishes,
    as not to be asked at all."""

    name: str
    asks: Asks
    phrases: tuple[Saying, ...]
    scores: Mapping[str, int]
    keys: Mapping[str, str]
    answered: str
    silence: str
    unknown: str
    again: tuple[Saying, ...]
    attempts: int
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class End:
    """Say good-bye and hang up."""

    name: str
    phrases: tuple[Saying, ...]


Step = (
    Announce
    | Menu
    | Listening
    | Digits
    | ChooseLanguage
    | Queue
    | Callback
    | Message
    | LeaveFor
    | Condition
    | Lookup
    | SurveyQuestion
    | End
)


@dataclass(frozen=True, slots=True)
class Flow:
    """One version of a flow.

    `version` changes with the content. `fallback` is the step for whoever the flow cannot help
    further: a person in a reception, a good-bye in a survey. `limit` is how long a caller may stay
    in it altogether before the fallback is taken, `most_questions` how often one may answer
    (`ivr.core.interpreter`). `words`: by what words its intents are known.
    """

    name: str
    version: str
    purpose: Purpose
    start: str
    fallback: str
    limit: timedelta
    steps: Mapping[str, Step]
    most_questions: int = MOST_QUESTIONS
    words: IntentTable = NO_INTENTS


_ASKS_FOR_A_NUMBER = (
    "waiting_callback_type", "waiting_callback_not_callable", "waiting_callback_typed",
    "waiting_callback_right",
)  # fmt: skip
_SAID_BY_ITSELF: Mapping[type[Step], tuple[str, ...]] = {
    Callback: (
        "own_number", "own_number_right", "waiting_callback_promised", *_ASKS_FOR_A_NUMBER,
    ),
    Message: ("waiting_message_speak", "waiting_message_kept", *_ASKS_FOR_A_NUMBER),
}  # fmt: skip
"""What a step says beside its own phrases."""


def line_greeting(team: TeamId) -> str:
    """The prompt that greets callers of the old lines of `team`."""
    return f"line_{team}"


def silent_targets(step: Step) -> Iterator[tuple[str, str]]:
    """(field, target) of each way out of `step` that needs no key."""
    match step:
        case Announce():
            yield "next", step.next
        case Menu() | Listening() | Digits() | SurveyQuestion():
            yield "silence", step.silence
        case Lookup():
            yield "found", step.found
            yield "not_found", step.not_found
            yield "refused", step.refused
            yield "failed", step.failed
        case ChooseLanguage():
            yield "next", step.next
        case Condition():
            yield "then", step.then
            yield "otherwise", step.otherwise
        case Callback():
            yield "silence", step.silence
            yield "closed", step.closed
        case Message():
            yield "silence", step.silence
        case LeaveFor():
            yield "failed", step.failed
        case Queue() | End():
            return


def is_way_out(step: Step) -> bool:
    """Whether a caller who comes to `step` leaves the flow there, or is let go."""
    return isinstance(step, Queue | LeaveFor | End | Callback | Message)


def calls_for_help(flow: Flow, step: Step) -> bool:
    """Whether one key at `step` dials an emergency number at once."""
    if not isinstance(step, Menu | Listening | Digits):
        return False
    ways = (flow.steps[target] for key, target in step.keys.items() if len(key) == 1)
    return any(isinstance(way, LeaveFor) and way.number in EMERGENCY_NUMBERS for way in ways)


def targets(step: Step) -> Iterator[tuple[str, str]]:
    """(field, target) of every way out of `step`; a key's field is `keys.<key>`."""
    yield from silent_targets(step)
    match step:
        case Menu() | Listening() | Digits():
            for key, target in step.keys.items():
                yield f"keys.{key}", target
            yield "unknown", step.unknown
            if isinstance(step, Digits):
                yield "entered", step.entered
            if isinstance(step, Listening):
                yield from _by_voice(step)
        case Callback() | Message():
            for key, target in step.keys.items():
                yield f"keys.{key}", target
        case Queue():
            if step.callback is not None:
                yield "callback", step.callback
            if step.message is not None:
                yield "message", step.message
        case SurveyQuestion():
            for key, target in step.keys.items():
                yield f"keys.{key}", target
            yield "answered", step.answered
            yield "unknown", step.unknown
        case _:
            return


def _by_voice(step: Listening) -> Iterator[tuple[str, str]]:
    for intent, target in step.intents.items():
        yield f"intents.{intent}", target
    if step.alarm is not None:
        yield "alarm", step.alarm


def phrases(step: Step) -> Iterator[tuple[str, Saying]]:
    """(field, saying) of everything `step` may say."""
    if isinstance(step, Condition | Lookup):
        return
    for phrase in step.phrases:
        yield "say", phrase
    for name in _SAID_BY_ITSELF.get(type(step), ()):
        yield "say", Phrase(name)
    if isinstance(step, Menu | Listening | Digits | SurveyQuestion):
        for phrase in step.again:
            yield "again", phrase
    if isinstance(step, Listening):
        for phrase in step.by_keys:
            yield "by_keys", phrase
        for phrase in step.unheard:
            yield "unheard", phrase
