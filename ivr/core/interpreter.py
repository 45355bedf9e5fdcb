"""The interpreter: where a call stands in a flow, and what its next instruction is.

Theory of operation: a session stands at one step. `begin` enters the first step, `step` answers
what came of the last instruction by entering the next one; conditions are passed through at once.
A session whose instruction handed the call over (queue, transfer, end) may be asked again when the
telephone system could not do it; then a person is next, never silence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from ivr.core.flow import (
    LINE_GREETING,
    Announce,
    ChooseLanguage,
    Condition,
    End,
    Flow,
    LeaveFor,
    Menu,
    Phrase,
    Queue,
    Step,
    SurveyQuestion,
    Test,
    line_greeting,
)
from kernel.ids import TeamId
from kernel.language import Language
from kernel.telephony import (
    CallerInput,
    Collect,
    Disconnect,
    EnterQueue,
    InputKind,
    Instruction,
    Play,
    Prompt,
    TransferOut,
)

KEYS_KEPT = 16


@dataclass(frozen=True, slots=True)
class Session:
    """Where one call stands. `line_team`: the team of the old line that was dialled, if one was.
    `tries` counts the unknown keys pressed at this step."""

    step: str
    language: Language
    language_known: bool
    line_team: TeamId | None
    started_at: datetime
    tries: int = 0


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
class LanguageChosen:
    language: Language


@dataclass(frozen=True, slots=True)
class Scored:
    score: int


@dataclass(frozen=True, slots=True)
class LeftFor:
    number: str


Happening = Entered | Pressed | LanguageChosen | Scored | LeftFor


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer: the session after it, the instruction, and what happened on the way."""

    session: Session
    instruction: Instruction
    happened: tuple[Happening, ...]


def begin(
    flow: Flow,
    *,
    language: Language | None,
    line_team: TeamId | None,
    now: datetime,
) -> Turn:
    """Enter the flow. `language` None: nothing is known, Mandarin is spoken first."""
    session = Session(
        step=flow.start,
        language=language or Language.MANDARIN,
        language_known=language is not None,
        line_team=line_team,
        started_at=now,
    )
    return _enter(flow, session, flow.start, ())


def rescue(flow: Flow, *, language: Language, now: datetime) -> Turn:
    """Enter the fallback: for a call that nothing is known about, and for one past the limit."""
    session = Session(flow.fallback, language, False, None, now)
    return _enter(flow, session, flow.fallback, ())


def step(flow: Flow, session: Session, given: CallerInput, now: datetime) -> Turn:
    """Answer what came of the last instruction. Never raises for anything a caller can do."""
    here = flow.steps[session.step]
    keys = given.digits[:KEYS_KEPT] if given.kind is InputKind.DIGITS else ""
    match here:
        case Announce():
            return _go(flow, session, here.next, (), now)
        case Menu():
            return _after_menu(flow, session, here, keys, now)
        case ChooseLanguage():
            return _after_language(flow, session, here, keys, now)
        case SurveyQuestion():
            return _after_question(flow, session, here, keys, now)
        case LeaveFor():
            return _go(flow, session, here.failed, (), now)
        case Queue() | End() | Condition():
            # Asked again at a place of rest: the same answer, nothing new happened.
            return replace(_enter(flow, session, session.step, ()), happened=())
        case _:
            assert_never(here)


def _after_menu(flow: Flow, session: Session, menu: Menu, keys: str, now: datetime) -> Turn:
    pressed = (Pressed(menu.name, keys),)
    if not keys:
        return _go(flow, session, menu.silence, pressed, now)
    if keys in menu.keys:
        return _go(flow, session, menu.keys[keys], pressed, now)
    if session.tries + 1 < menu.attempts:
        return _repeat(flow, session, menu, pressed)
    return _go(flow, session, menu.unknown, pressed, now)


def _after_language(
    flow: Flow, session: Session, here: ChooseLanguage, keys: str, now: datetime
) -> Turn:
    pressed: tuple[Happening, ...] = (Pressed(here.name, keys),)
    chosen = here.languages.get(keys)
    if chosen is not None:
        session = replace(session, language=chosen, language_known=True)
        pressed += (LanguageChosen(chosen),)
    return _go(flow, session, here.next, pressed, now)


def _after_question(
    flow: Flow, session: Session, here: SurveyQuestion, keys: str, now: datetime
) -> Turn:
    pressed: tuple[Happening, ...] = (Pressed(here.name, keys),)
    if not keys:
        return _go(flow, session, here.silence, pressed, now)
    score = here.scores.get(keys)
    if score is not None:
        return _go(flow, session, here.answered, (*pressed, Scored(score)), now)
    if session.tries + 1 < here.attempts:
        return _repeat(flow, session, here, pressed)
    return _go(flow, session, here.unknown, pressed, now)


def _repeat(
    flow: Flow, session: Session, here: Menu | SurveyQuestion, pressed: tuple[Happening, ...]
) -> Turn:
    session = replace(session, tries=session.tries + 1)
    prompts = _prompts(flow, session, (*here.again, *here.phrases))
    instruction = Collect(prompts, _max_digits(here), here.timeout)
    return Turn(session, instruction, pressed)


def _go(
    flow: Flow, session: Session, target: str, happened: tuple[Happening, ...], now: datetime
) -> Turn:
    """Enter `target`, or the fallback if the caller has gone round for longer than allowed."""
    if now - session.started_at > flow.limit and not _is_way_out(flow.steps[target]):
        target = flow.fallback
    return _enter(flow, session, target, happened)


def _is_way_out(step: Step) -> bool:
    return isinstance(step, Queue | LeaveFor | End)


def _enter(flow: Flow, session: Session, target: str, happened: tuple[Happening, ...]) -> Turn:
    # Validation proves that conditions never lead in a circle, so this loop ends.
    while True:
        here = flow.steps[target]
        session = replace(session, step=target, tries=0)
        happened = (*happened, Entered(target, session.language))
        if not isinstance(here, Condition):
            if isinstance(here, LeaveFor):
                happened = (*happened, LeftFor(here.number))
            return Turn(session, _instruction(flow, session, here), happened)
        target = here.then if _holds(here.test, session) else here.otherwise


def _holds(test: Test, session: Session) -> bool:
    match test:
        case Test.LINE_KNOWN:
            return session.line_team is not None
        case Test.LANGUAGE_KNOWN:
            return session.language_known
        case _:
            assert_never(test)


def _instruction(
    flow: Flow,
    session: Session,
    here: Announce | Menu | ChooseLanguage | Queue | LeaveFor | SurveyQuestion | End,
) -> Instruction:
    prompts = _prompts(flow, session, here.phrases)
    match here:
        case Announce():
            return Play(prompts)
        case Menu() | ChooseLanguage() | SurveyQuestion():
            return Collect(prompts, _max_digits(here), here.timeout)
        case Queue():
            team = here.team or _line_team(flow, session)
            return EnterQueue(team, session.language, here.priority, prompts)
        case LeaveFor():
            return TransferOut(here.number, prompts)
        case End():
            return Disconnect(prompts)
        case _:
            assert_never(here)


def _max_digits(here: Menu | ChooseLanguage | SurveyQuestion) -> int:
    return here.max_digits if isinstance(here, Menu) else 1


def _line_team(flow: Flow, session: Session) -> TeamId:
    """The team of the dialled line; where a flow asks for one that was not dialled, the fallback's.

    Validation has made sure that a reception falls back to a queue that names its team.
    """
    if session.line_team is not None:
        return session.line_team
    fallback = flow.steps[flow.fallback]
    assert isinstance(fallback, Queue) and fallback.team is not None
    return fallback.team


def _prompts(flow: Flow, session: Session, wanted: tuple[Phrase, ...]) -> tuple[Prompt, ...]:
    return tuple(
        Prompt(_name(flow, session, phrase.name), phrase.language or session.language)
        for phrase in wanted
    )


def _name(flow: Flow, session: Session, name: str) -> str:
    if name != LINE_GREETING:
        return name
    return line_greeting(_line_team(flow, session))
