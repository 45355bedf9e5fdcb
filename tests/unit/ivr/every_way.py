"""Every way through a flow that callers and the world can take, found by trying all of them.

From each place of a flow, every kind of input is given once: each key that means something there,
one that means nothing, silence, a number that is long enough and one that is not; where somebody
listens, a phrase for each intent, an emergency that is said indistinctly, and words that mean
nothing. What is not the caller's choice (language, line, order, what a lookup finds, whether
anybody listens) is given by the worlds that are walked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ivr.core.conditions import Around
from ivr.core.flow import (
    Announce,
    Callback,
    ChooseLanguage,
    Condition,
    Digits,
    End,
    Flow,
    LeaveFor,
    Listening,
    Lookup,
    Menu,
    Message,
    Queue,
    Step,
    SurveyQuestion,
    targets,
)
from ivr.core.history import History, PastCall
from ivr.core.intents import IntentTable, Kind
from ivr.core.interpreter import Entered, Result, Turn, begin, inform, resume, step
from ivr.core.listening import Sentence, Take, after_words
from ivr.core.rehearsal import example_answer, example_order
from ivr.core.waiting import QueueOffers
from ivr.core.walk import MUMBLED, SURE, UNSURE, Visit
from kernel.ids import TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import CallerInput, InputKind, Listen, TransferOut
from tests.fakes.clock import NOON
from tests.unit.ivr.shipped import TEAMS

Edge = tuple[str, str]
"""A step and the field of it by which it is left; of several keys, `keys.<key>`."""
NUMBER = "20261124000123"
"""What is typed where a number is asked for, as far as it goes."""
NOBODYS_KEYS = "8765#"
OWN_NUMBER = PhoneNumber("13800138000")
BOTH = QueueOffers(callback=True, at_once=True, message=True)
OFFERED = Around(offers=dict.fromkeys(TEAMS, BOTH))
NOTHING_KNOWN = "咕噜咕噜"
LINE = TeamId("labour")
Answer = tuple[str, CallerInput | None]
"""The field by which the step is left, or would be after as many tries, and the input."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a step is come to: in this world, with these keys, one entry for each question."""

    visit: Visit
    keys: tuple[str, ...]
    late: bool = False
    """The last key came when citizens were rung no more."""


def worlds() -> list[Visit]:
    """What callers bring along, and what lookups may find."""
    plain = Visit(started_at=NOON, answer=example_answer(Result.FOUND, NOON))
    return [
        plain,
        replace(plain, language=Language.CANTONESE),
        replace(plain, line_team=LINE, dnis="12333"),
        replace(plain, line_team=LINE, dnis="12333", language=Language.ENGLISH),
        replace(plain, known=example_order("answered", NOON)),
        replace(plain, around=Around(hearing=frozenset(Language))),
        replace(plain, history=History((PastCall(NOON, "abandoned"),))),
        replace(plain, ani=OWN_NUMBER, around=OFFERED),
        replace(plain, line_team=LINE, dnis="12333", ani=OWN_NUMBER, around=OFFERED),
        *(
            replace(plain, answer=example_answer(result, NOON))
            for result in Result
            if result is not Result.FOUND
        ),
    ]


def edges(flow: Flow) -> frozenset[Edge]:
    """Every way out of every step."""
    return frozenset(
        (name, field) for name, here in flow.steps.items() for field in fields_of(here)
    )


def fields_of(here: Step) -> Iterator[str]:
    yield from (field for field, _ in targets(here))
    if isinstance(here, SurveyQuestion):
        yield from (f"scores.{key}" for key in here.scores)
    if isinstance(here, ChooseLanguage):
        yield from (f"languages.{key}" for key in here.languages)


@dataclass(slots=True)
class Explored:
    """`edges`: every one that was taken; `ways`: for each step, the shortest way to it."""

    edges: set[Edge] = field(default_factory=set)
    ways: dict[str, Way] = field(default_factory=dict)


def explore(flow: Flow, visits: Iterable[Visit]) -> Explored:
    """Try everything in each of these worlds."""
    found = Explored()
    for visit in visits:
        _explore(flow, visit, found)
    return found


def _explore(flow: Flow, visit: Visit, found: Explored) -> None:
    first = begin(
        flow,
        language=visit.language,
        line_team=visit.line_team,
        now=NOON,
        dnis=visit.dnis,
        caller=visit.caller,
        ani=visit.ani,
        around=visit.around,
    )
    _note(flow, None, first, Way(visit, ()), found)
    seen: set[tuple[object, ...]] = set()
    waiting = deque([(first, Way(visit, ()))])
    while waiting:
        turn, way = waiting.popleft()
        at = turn.session
        place = (at.step, at.tries, at.language, at.asked)
        if place in seen:
            continue
        seen.add(place)
        here = flow.steps[turn.session.step]
        for taken, given in _answers(flow.words, here, turn, visit):
            if given is None:
                after = resume(flow, turn.session, visit.answer, NOON, visit.around)
            else:
                session = replace(inform(turn.session, visit.known), history=visit.history)
                after = step(flow, session, given, NOON, visit.around)
            asked = given is not None and given.kind is not InputKind.PLAYED
            further = replace(way, keys=(*way.keys, _entry(given))) if given and asked else way
            _note(flow, (here.name, taken), after, further, found)
            waiting.append((after, further))
            if taken == "callback" and given is not None:
                # Between the offer and the key comes the hour at which nobody is rung.
                late = replace(visit.around, calls_back=False)
                closed = step(flow, turn.session, given, NOON, late)
                _note(flow, (here.name, taken), closed, replace(further, late=True), found)
                waiting.append((closed, replace(further, late=True)))


def _note(flow: Flow, left: Edge | None, turn: Turn, way: Way, found: Explored) -> None:
    """Which steps were entered, and so which edges were taken."""
    entered = [h.step for h in turn.happened if isinstance(h, Entered)]
    if not entered:
        return
    if left is not None:
        name, taken = left
        found.edges.add(left)
        if taken.startswith("scores."):
            found.edges.add((name, "answered"))
        if taken.startswith("languages."):
            found.edges.add((name, "next"))
    for name, following in zip(entered, entered[1:], strict=False):
        passed = flow.steps[name]
        assert isinstance(passed, Condition | Callback)
        found.edges |= {(name, way_out) for way_out, to in targets(passed) if to == following}
    for name in entered:
        found.ways.setdefault(name, way)


def _entry(given: CallerInput) -> str:
    """As `ivr.core.walk` takes it."""
    if given.kind is not InputKind.HEARD:
        return given.digits
    return given.text if given.confidence_fraction == SURE else f"{MUMBLED}{given.text}"


def _answers(words: IntentTable, here: Step, turn: Turn, visit: Visit) -> Iterator[Answer]:
    """None for the input: the lookup answers."""
    match here:
        case Listening():
            yield from _to_listening(words, here, turn)
        case Announce():
            yield "next", _played()
        case Menu():
            yield from ((f"keys.{key}", _pressed(key)) for key in here.keys)
            yield "silence", _silent()
            yield "unknown", _pressed(nobodys_key(here.keys))
        case Digits():
            yield from ((f"keys.{key}", _pressed(key)) for key in here.keys)
            yield "silence", _silent()
            yield "unknown", _pressed(nobodys_key(here.keys))
            yield "entered", _pressed(NUMBER[: here.most].ljust(here.least, "0"))
        case ChooseLanguage():
            yield from ((f"languages.{key}", _pressed(key)) for key in here.languages)
            yield "next", _silent()
        case Callback() | Message():
            yield from ((f"keys.{key}", _pressed(key)) for key in here.keys)
            yield "silence", _silent()
        case Queue():
            fields = {target: name for name, target in targets(here)}
            for key, target in turn.session.choices.items():
                yield fields[target], _pressed(key)
        case SurveyQuestion():
            yield from ((f"keys.{key}", _pressed(key)) for key in here.keys)
            yield from ((f"scores.{key}", _pressed(key)) for key in here.scores)
            yield "silence", _silent()
            yield "unknown", _pressed(nobodys_key({**here.scores, **here.keys}))
        case Lookup():
            yield visit.answer.result.value, None
        case LeaveFor():
            if isinstance(turn.instruction, TransferOut):
                yield "failed", _played()
        case End() | Condition():
            return


def _to_listening(words: IntentTable, here: Listening, turn: Turn) -> Iterator[Answer]:
    if turn.session.asked is not None:
        # Only an emergency was said indistinctly, and it is not confirmed.
        yield "alarm", _silent()
        return
    yield from ((f"keys.{key}", _pressed(key)) for key in here.keys)
    yield "silence", _silent()
    yield "unknown", _pressed(nobodys_key(here.keys))
    if not isinstance(turn.instruction, Listen):
        return
    for intent in here.intents:
        phrase = _phrase_for(words, here, intent)
        yield f"intents.{intent}", _said(phrase, SURE)
        if words.kind(intent) is Kind.EMERGENCY:
            yield "", _said(phrase, UNSURE)
    yield "unknown", _said(NOTHING_KNOWN, SURE)


def _phrase_for(words: IntentTable, here: Listening, intent: str) -> str:
    """The first of its phrases that is taken for it at once."""
    for phrases in words.intents[intent].phrases.values():
        for phrase in phrases:
            if after_words(words, here, None, Sentence(phrase, SURE)) == Take(intent):
                return phrase
    raise AssertionError(f"no phrase of {intent!r} is taken for it at {here.name!r}")


def _said(text: str, sure: float) -> CallerInput:
    return CallerInput(InputKind.HEARD, "", NOON, text, sure)


def nobodys_key(keys: Mapping[str, object]) -> str:
    return next(key for key in NOBODYS_KEYS if key not in keys)


def _pressed(keys: str) -> CallerInput:
    return CallerInput(InputKind.DIGITS, keys, NOON)


def _silent() -> CallerInput:
    return CallerInput(InputKind.SILENCE, "", NOON)


def _played() -> CallerInput:
    return CallerInput(InputKind.PLAYED, "", NOON)
