"""A caller on paper: walk a flow with given inputs and see where it ends.

Used by the tests (with generated callers) and by the text simulator.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, repeat

from ivr.core.conditions import NOTHING_AROUND, Around, CallerKind
from ivr.core.flow import Flow
from ivr.core.history import NO_HISTORY, History
from ivr.core.interpreter import NO_NUMBER, UNANSWERED, Answer, Turn, begin, inform, resume, step
from kernel.ids import TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import (
    CallerInput,
    Collect,
    Disconnect,
    EnterQueue,
    InputKind,
    Instruction,
    KeepMessage,
    Listen,
    Play,
    PromiseCallback,
    TakeMessage,
    TransferOut,
)

DIALABLE = frozenset("0123456789*#")
MUMBLED = "?"
"""Before words that the recogniser is not sure of."""
DEAFENED = "!"
"""The recogniser dies instead of an answer."""
SURE, UNSURE = 1.0, 0.2
MAX_TURNS = 200
PLAYING = timedelta(seconds=8)
"""How long one prompt lasts on paper; only its order of magnitude matters, for the limit."""

SPOKEN_S = "10"
"""How long a message lasts on paper, of whoever presses anything instead of staying silent."""
Ending = EnterQueue | TransferOut | PromiseCallback | KeepMessage | Disconnect


@dataclass(frozen=True, slots=True)
class Journey:
    """`turns` in order; `ending` is the last instruction. It is None if the caller was stranded,
    or, where silence was not asked for, if the walk stands at a question without a key left."""

    turns: tuple[Turn, ...]
    ending: Ending | None

    @property
    def steps(self) -> tuple[str, ...]:
        """The step in which each turn left the session."""
        return tuple(turn.session.step for turn in self.turns)

    @property
    def heard(self) -> tuple[str, ...]:
        """Everything that was said, as `language/prompt`, in order."""
        return tuple(
            f"{prompt.language}/{prompt.name}"
            for turn in self.turns
            for prompt in turn.instruction.prompts
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who walks, and what the world is like meanwhile. `answer` is that of every lookup; `known`
    are the slots of a caller whose order is found while the greeting is heard, `history` the
    number's earlier calls."""

    started_at: datetime
    language: Language | None = None
    line_team: TeamId | None = None
    dnis: str = ""
    caller: CallerKind = CallerKind.OTHER
    ani: PhoneNumber = NO_NUMBER
    around: Around = NOTHING_AROUND
    answer: Answer = UNANSWERED
    known: Mapping[str, str] = field(default_factory=dict)
    history: History = NO_HISTORY


def walk(
    flow: Flow,
    keys: Iterable[str],
    *,
    started_at: datetime,
    language: Language | None = None,
    line_team: TeamId | None = None,
) -> Journey:
    """Walk `flow`, with one entry of `keys` at each question: keys, "" for silence, or words.

    When `keys` are used up the caller stays silent. Ends at a queue, a transfer or a hang-up, or
    after `MAX_TURNS`, which a valid flow never needs.
    """
    visit = Visit(started_at=started_at, language=language, line_team=line_team)
    return visit_flow(flow, chain(keys, repeat("")), visit)


def visit_flow(flow: Flow, keys: Iterable[str], visit: Visit) -> Journey:
    """As `walk`, but the walk stops where a question finds no key left."""
    now = visit.started_at
    turn = begin(
        flow,
        language=visit.language,
        line_team=visit.line_team,
        now=now,
        dnis=visit.dnis,
        caller=visit.caller,
        ani=visit.ani,
        around=visit.around,
    )
    turns = [turn]
    pressing = iter(keys)
    while len(turns) < MAX_TURNS:
        if isinstance(turn.instruction, Ending):
            return Journey(tuple(turns), turn.instruction)
        if turn.ask is not None:
            turn = resume(flow, turn.session, visit.answer, now, visit.around)
        else:
            given = _input(turn.instruction, pressing, now + PLAYING)
            if given is None:
                break
            now += PLAYING
            session = replace(inform(turn.session, visit.known), history=visit.history)
            turn = step(flow, session, given, now, visit.around)
        turns.append(turn)
    return Journey(tuple(turns), None)


def _input(instruction: Instruction, pressing: Iterator[str], now: datetime) -> CallerInput | None:
    if isinstance(instruction, Play):
        return CallerInput(InputKind.PLAYED, "", now)
    given = next(pressing, None)
    if given is None:
        return None
    if isinstance(instruction, TakeMessage):
        return CallerInput(InputKind.MESSAGE, SPOKEN_S if given else "0", now)
    if isinstance(instruction, Listen):
        return _spoken(given, now)
    assert isinstance(instruction, Collect)
    # Words that are said where nobody listens are as good as silence.
    kind = InputKind.DIGITS if given and given.isascii() else InputKind.SILENCE
    return CallerInput(kind, given if kind is InputKind.DIGITS else "", now)


def _spoken(given: str, now: datetime) -> CallerInput:
    """What comes of one entry where somebody listens."""
    if not given:
        return CallerInput(InputKind.SILENCE, "", now)
    if given == DEAFENED:
        return CallerInput(InputKind.DEAF, "", now)
    if set(given) <= DIALABLE:
        return CallerInput(InputKind.DIGITS, given, now)
    sure = SURE if given[0] != MUMBLED else UNSURE
    text = given.removeprefix(MUMBLED).replace(" ", "")
    return CallerInput(InputKind.HEARD, "", now, text, sure)
