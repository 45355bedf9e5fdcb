"""The interpreter: where a call stands in a flow, and what its next instruction is.

Theory of operation: a session stands at one step. `begin` enters the first step, `step` answers
what came of the last instruction by entering the next one; conditions are passed through at once.
At a lookup the turn carries a question (`ask`); whoever can answer it goes on with `resume`, and
whoever cannot with `step`, which takes the way of a failed lookup.
At a listening step what follows from words and keys is judged in `ivr.core.listening`; a recogniser
that died makes it a menu by keys for the rest of the call.
Whoever has been in the flow for longer than its limit, or has answered more often than its
`most_questions`, comes to the fallback by the next way that is no way out: keys that come faster
than any hand are over in a moment, and cost no more than the most patient caller.
Keys that a caller types ahead answer the questions to come, in order (`Collect`). A question is
`fresh`, and they are forgotten, where they were meant for another one or would do too much: asked
again or after a wrong key, asked back of what was said, asked before a caller is let go, and where
one key calls for help.
A session whose instruction handed the call over (queue, transfer, end) may be asked again when the
telephone system could not do it; then a person is next, never silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from ivr.core import letting_go
from ivr.core.conditions import NO_OFFERS, NOTHING_AROUND, Around, CallerKind, Known, holds
from ivr.core.flow import (
    CALLBACK_KEY,
    KNOWN_DISTRICT,
    KNOWN_NUMBER,
    LINE_GREETING,
    MESSAGE_KEY,
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
    Phrase,
    Queue,
    Saying,
    SurveyQuestion,
    calls_for_help,
    is_way_out,
    line_greeting,
)
from ivr.core.listening import (
    Alarm,
    Asked,
    Denied,
    Key,
    NotUnderstood,
    Outcome,
    Repeat,
    Sentence,
    Silent,
    Take,
    WrongKey,
    after_key,
    after_silence,
    after_words,
)
from ivr.core.notices import heard_by
from ivr.core.saying import prompts_of
from ivr.core.session import (
    NO_NUMBER,
    UNANSWERED,
    Answer,
    Ask,
    Entered,
    Happening,
    LanguageChosen,
    LeftFor,
    OffersHeard,
    Pressed,
    Result,
    Scored,
    Session,
    Spoke,
    Turn,
    forgetting,
)
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
    Listen,
    PlaceInLine,
    Play,
    Prompt,
    TransferOut,
)

__all__ = [
    "NO_NUMBER",
    "UNANSWERED",
    "Answer",
    "Ask",
    "Entered",
    "Happening",
    "LanguageChosen",
    "LeftFor",
    "OffersHeard",
    "Pressed",
    "Result",
    "Scored",
    "Session",
    "Spoke",
    "Turn",
    "begin",
    "inform",
    "rescue",
    "resume",
    "step",
]

KEYS_KEPT = 16
DIGITS_KEPT = 32
AFTER_NOTICE = timedelta(seconds=0.1)
AFTER_OFFER = timedelta(seconds=1.5)
HIDDEN_KEY = "·"
"""Stands in the record for each key of a number that was typed in."""
_DECIMAL = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class _Here:
    """The version of the flow, the moment, and what is around the call."""

    flow: Flow
    now: datetime
    around: Around


def begin(
    flow: Flow,
    *,
    language: Language | None,
    line_team: TeamId | None,
    now: datetime,
    dnis: str = "",
    caller: CallerKind = CallerKind.OTHER,
    ani: PhoneNumber = NO_NUMBER,
    around: Around = NOTHING_AROUND,
) -> Turn:
    """Enter the flow. `language` None: nothing is known, Mandarin is spoken first."""
    session = Session(
        step=flow.start,
        language=language or Language.MANDARIN,
        language_known=language is not None,
        line_team=line_team,
        started_at=now,
        dnis=dnis,
        caller=caller,
        ani=ani,
    )
    return _enter(_Here(flow, now, around), session, flow.start, ())


def rescue(flow: Flow, *, language: Language, now: datetime) -> Turn:
    """Enter the fallback: for a call that nothing is known about, and for one past the limit."""
    session = Session(flow.fallback, language, False, None, now)
    return _enter(_Here(flow, now, NOTHING_AROUND), session, flow.fallback, ())


def step(
    flow: Flow,
    session: Session,
    given: CallerInput,
    now: datetime,
    around: Around = NOTHING_AROUND,
) -> Turn:
    """Answer what came of the last instruction. Never raises for anything a caller can do."""
    on = _Here(flow, now, around)
    here = flow.steps[session.step]
    kept = DIGITS_KEPT if isinstance(here, Digits | Callback | Message) else KEYS_KEPT
    keys = given.digits[:kept] if given.kind is InputKind.DIGITS else ""
    session = replace(session, answered=session.answered + 1)
    match here:
        case Announce():
            return _go(on, session, here.next, ())
        case Menu():
            return _after_menu(on, session, here, keys)
        case Listening():
            return _after_listening(on, session, here, given, keys)
        case Digits():
            return _after_digits(on, session, here, keys)
        case ChooseLanguage():
            return _after_language(on, session, here, keys)
        case SurveyQuestion():
            return _after_question(on, session, here, keys)
        case LeaveFor():
            return _go(on, session, here.failed, ())
        case Lookup():
            return resume(flow, session, UNANSWERED, now, around)
        case Callback() | Message():
            return _after_letting_go(on, session, here, given)
        case Queue() if keys in session.choices:
            return _go(on, session, session.choices[keys], (Pressed(here.name, keys),))
        case Queue() | End() | Condition():
            # Asked again at a place of rest: the same answer, nothing new happened.
            return replace(_enter(on, session, session.step, ()), happened=())
        case _:
            assert_never(here)


def resume(
    flow: Flow, session: Session, answer: Answer, now: datetime, around: Around = NOTHING_AROUND
) -> Turn:
    """Go on from a lookup with what came of it.

    Raises:
        ValueError: the session stands at no lookup.
    """
    here = flow.steps[session.step]
    if not isinstance(here, Lookup):
        raise ValueError(f"{session.step!r} is no lookup")
    ways = {
        Result.FOUND: here.found,
        Result.NOT_FOUND: here.not_found,
        Result.REFUSED: here.refused,
        Result.FAILED: here.failed,
    }
    session = replace(session, slots={**session.slots, **answer.slots})
    return _go(_Here(flow, now, around), session, ways[answer.result], ())


def inform(session: Session, slots: Mapping[str, str]) -> Session:
    """What was found about the caller meanwhile; it is there from the next step on."""
    return replace(session, slots={**session.slots, **slots})


def _after_menu(on: _Here, session: Session, menu: Menu, keys: str) -> Turn:
    pressed = (Pressed(menu.name, keys),)
    if not keys:
        return _go(on, session, menu.silence, pressed)
    if keys in menu.keys:
        return _go(on, session, menu.keys[keys], pressed)
    return _unknown(on, session, menu, pressed, menu.again)


def _after_listening(
    on: _Here, session: Session, here: Listening, given: CallerInput, keys: str
) -> Turn:
    words, asked = on.flow.words, session.asked
    if given.kind is InputKind.DEAF:
        session = replace(session, deaf=True)
        return Turn(session, _question(on, session, here, ()), ())
    if given.kind is InputKind.HEARD:
        said = Sentence(given.text, given.confidence_fraction)
        outcome = after_words(words, here, asked, said, may_ask=not session.unclear)
        if asked is not None and isinstance(outcome, NotUnderstood):
            session = replace(session, unclear=True)
        wish = _wish(outcome)
        is_asked = isinstance(outcome, Asked)
        spoke = Spoke(here.name, given.text, wish, is_asked, given.confidence_fraction)
        return _follow(on, session, here, outcome, (spoke,))
    pressed = (Pressed(here.name, keys),)
    outcome = after_key(words, here, asked, keys) if keys else after_silence(words, asked)
    return _follow(on, session, here, outcome, pressed)


def _wish(outcome: Outcome) -> str:
    match outcome:
        case Take(wish=wish):
            return wish
        case Asked(wishes=wishes):
            return wishes[0]
        case _:
            return ""


def _follow(
    on: _Here, session: Session, here: Listening, outcome: Outcome, happened: tuple[Happening, ...]
) -> Turn:
    match outcome:
        case Take(wish=wish):
            return _go(on, session, here.intents[wish], happened)
        case Key(target=target):
            return _go(on, session, target, happened)
        case Silent():
            return _go(on, session, here.silence, happened)
        case Alarm():
            return _go(on, session, here.alarm or here.unknown, happened)
        case Asked() | Repeat():
            asked = outcome if isinstance(outcome, Asked) else session.asked
            session = replace(session, asked=asked)
            return _once_more(on, session, here, (), happened)
        case NotUnderstood():
            return _unknown(on, session, here, happened, here.unheard)
        case Denied():
            return _unknown(on, session, here, happened, ())
        case WrongKey():
            return _unknown(on, session, here, happened, here.again)
        case _:
            assert_never(outcome)


def _once_more(
    on: _Here,
    session: Session,
    here: Listening,
    before: tuple[Saying, ...],
    happened: tuple[Happening, ...],
) -> Turn:
    """Ask at the same step, or go to the fallback if this has taken too long."""
    if _is_over(on, session):
        return _go(on, session, on.flow.fallback, happened)
    return Turn(session, _question(on, session, here, before), happened)


def _question(
    on: _Here, session: Session, here: Listening, before: tuple[Saying, ...]
) -> Collect | Listen:
    """What is asked at a listening step: to be spoken to, or by keys where nobody can listen."""
    hears = session.language in on.around.hearing and not session.deaf
    if session.asked is not None:
        said = tuple(Prompt(name, session.language) for name in session.asked.prompts)
    else:
        asks = here.phrases if hears else here.by_keys
        said = _prompts(on, session, (*before, *asks))
    fresh = session.asked is not None or calls_for_help(on.flow, here)
    if hears:
        return Listen(said, session.language, here.max_digits, here.patience, fresh)
    return Collect(said, here.max_digits, here.timeout, fresh)


def _after_digits(on: _Here, session: Session, here: Digits, keys: str) -> Turn:
    # What was typed may be private: the record tells only how many keys there were.
    pressed = (Pressed(here.name, keys if keys in here.keys else HIDDEN_KEY * len(keys)),)
    if not keys:
        return _go(on, session, here.silence, pressed)
    if keys in here.keys:
        return _go(on, session, here.keys[keys], pressed)
    digits = keys.rstrip("#")
    if here.least <= len(digits) <= here.most and set(digits) <= _DECIMAL:
        session = replace(session, slots={**session.slots, here.into: digits})
        return _go(on, session, here.entered, pressed)
    return _unknown(on, session, here, pressed, here.again)


def _after_language(on: _Here, session: Session, here: ChooseLanguage, keys: str) -> Turn:
    pressed: tuple[Happening, ...] = (Pressed(here.name, keys),)
    chosen = here.languages.get(keys)
    if chosen is not None:
        session = replace(session, language=chosen, language_known=True)
        pressed += (LanguageChosen(chosen),)
    turn = _go(on, session, here.next, pressed)
    return forgetting(turn) if keys and chosen is None else turn


def _after_question(on: _Here, session: Session, here: SurveyQuestion, keys: str) -> Turn:
    pressed: tuple[Happening, ...] = (Pressed(here.name, keys),)
    if not keys:
        return _go(on, session, here.silence, pressed)
    if keys in here.keys:
        return _go(on, session, here.keys[keys], pressed)
    score = here.scores.get(keys)
    if score is not None:
        return _go(on, session, here.answered, (*pressed, Scored(here.asks, score)))
    return _unknown(on, session, here, pressed, here.again)


def _after_letting_go(
    on: _Here, session: Session, here: Callback | Message, given: CallerInput
) -> Turn:
    keys = given.digits[:DIGITS_KEPT] if given.kind is InputKind.DIGITS else ""
    shown = HIDDEN_KEY * len(keys) if len(keys) > 1 else keys
    pressed: tuple[Happening, ...] = (Pressed(here.name, shown),)
    given = replace(given, digits=keys) if given.kind is InputKind.DIGITS else given
    after = letting_go.answer(here, session.talk, given, _place(on, session, here))
    if isinstance(after, letting_go.WayOn):
        return _go(on, replace(session, talk=None), after.target, pressed)
    return Turn(replace(session, talk=after.talk), after.instruction, pressed)


def _unknown(
    on: _Here,
    session: Session,
    here: Menu | Listening | Digits | SurveyQuestion,
    happened: tuple[Happening, ...],
    before: tuple[Saying, ...],
) -> Turn:
    """Ask again, with `before` said first, as often as the step allows; then take its way for what
    it does not know."""
    if session.tries + 1 >= here.attempts or _is_over(on, session):
        return forgetting(_go(on, session, here.unknown, happened))
    session = replace(session, tries=session.tries + 1, asked=None)
    if isinstance(here, Listening):
        return forgetting(_once_more(on, session, here, before, happened))
    prompts = _prompts(on, session, (*before, *here.phrases))
    return Turn(session, Collect(prompts, _max_digits(here), here.timeout, fresh=True), happened)


def _go(on: _Here, session: Session, target: str, happened: tuple[Happening, ...]) -> Turn:
    """Enter `target`, or the fallback if the caller has gone round for longer than allowed."""
    if _is_over(on, session) and not is_way_out(on.flow.steps[target]):
        target = on.flow.fallback
    return _enter(on, session, target, happened)


def _is_over(on: _Here, session: Session) -> bool:
    too_long = on.now - session.started_at > on.flow.limit
    return too_long or session.answered > on.flow.most_questions


def _enter(on: _Here, session: Session, target: str, happened: tuple[Happening, ...]) -> Turn:
    # Validation proves that conditions never lead in a circle, so this loop ends.
    while True:
        here = on.flow.steps[target]
        session = replace(session, step=target, tries=0, asked=None)
        happened = (*happened, Entered(target, session.language))
        match here:
            case Condition():
                holding = holds(here.test, _known(session), on.around, on.now)
                target = here.then if holding else here.otherwise
            case Callback() if not on.around.calls_back:
                target = here.closed
            case Lookup():
                return Turn(session, Play(()), happened, Ask(here.enquiry, session.slots))
            case Callback() | Message():
                return _let_go(on, session, here, happened)
            case Queue():
                return _to_the_line(on, session, here, happened)
            case LeaveFor():
                happened = (*happened, LeftFor(here.number))
                return Turn(session, _instruction(on, session, here), happened)
            case _:
                return Turn(session, _instruction(on, session, here), happened)


def _let_go(
    on: _Here, session: Session, here: Callback | Message, happened: tuple[Happening, ...]
) -> Turn:
    session = replace(session, letting_go_at=session.letting_go_at or on.now)
    said = _prompts(on, session, here.phrases)
    begun = letting_go.begin(here, session.ani, _place(on, session, here), said)
    return Turn(replace(session, talk=begun.talk), begun.instruction, happened)


def _place(on: _Here, session: Session, here: Callback | Message) -> PlaceInLine:
    """What the caller would have had by waiting, from the moment the letting go began."""
    return PlaceInLine(
        team=here.team or _line_team(on.flow, session),
        language=session.language,
        priority=here.priority if isinstance(here, Callback) else 0,
        since=session.letting_go_at or on.now,
    )


def _to_the_line(on: _Here, session: Session, here: Queue, happened: tuple[Happening, ...]) -> Turn:
    """Into the line; once in a call, what is to be heard before the wait comes first."""
    session = replace(session, choices={}, wanted=here.team or _line_team(on.flow, session))
    if session.noticed:
        return Turn(session, _instruction(on, session, here), happened)
    session = replace(session, noticed=True)
    if here.priority > 0:
        # Whoever comes with priority is in need and hears nothing before the wait.
        return Turn(session, _instruction(on, session, here), happened)
    notices = _notices(on, session)
    said, choices = _offers(on, session, here)
    if not notices and not said:
        return Turn(session, _instruction(on, session, here), happened)
    heard: tuple[Happening, ...] = (OffersHeard(),) if said else ()
    asked = Collect((*notices, *said), 1, AFTER_OFFER if choices else AFTER_NOTICE)
    return Turn(replace(session, choices=choices), asked, (*happened, *heard))


def _notices(on: _Here, session: Session) -> tuple[Prompt, ...]:
    """The broadcast notices for whoever is about to wait; any key skips them."""
    assert session.wanted is not None
    district = session.slots.get(KNOWN_DISTRICT, "")
    found = heard_by(on.around.notices, session.wanted, district, on.now)
    return tuple(Prompt(notice.prompt, session.language) for notice in found)


def _offers(
    on: _Here, session: Session, here: Queue
) -> tuple[tuple[Prompt, ...], Mapping[str, str]]:
    """What plans say and offer at once to those who wait, and key -> step of what may be chosen."""
    assert session.wanted is not None
    offers = on.around.offers.get(session.wanted, NO_OFFERS)
    if not offers.at_once:
        return (), {}
    names, choices = list(offers.announcement), {}
    if here.callback is not None and offers.callback and on.around.calls_back:
        names.append("waiting_callback_offer")
        choices[CALLBACK_KEY] = here.callback
    if here.message is not None and offers.message:
        names.append("waiting_message_offer")
        choices[MESSAGE_KEY] = here.message
    return tuple(Prompt(name, session.language) for name in names), choices


def _known(session: Session) -> Known:
    return Known(
        session.language_known,
        session.line_team,
        session.dnis,
        session.caller,
        KNOWN_NUMBER in session.slots,
        session.history,
    )


def _instruction(
    on: _Here,
    session: Session,
    here: Announce
    | Menu
    | Listening
    | Digits
    | ChooseLanguage
    | Queue
    | LeaveFor
    | SurveyQuestion
    | End,
) -> Instruction:
    if isinstance(here, Listening):
        return _question(on, session, here, ())
    prompts = _prompts(on, session, here.phrases)
    match here:
        case Announce():
            return Play(prompts)
        case Menu() | Digits() | ChooseLanguage() | SurveyQuestion():
            fresh = calls_for_help(on.flow, here)
            return Collect(prompts, _max_digits(here), here.timeout, fresh)
        case Queue():
            team = here.team or _line_team(on.flow, session)
            return EnterQueue(team, session.language, here.priority, prompts)
        case LeaveFor():
            return TransferOut(here.number, prompts)
        case End():
            return Disconnect(prompts)
        case _:
            assert_never(here)


def _max_digits(here: Menu | Digits | ChooseLanguage | SurveyQuestion) -> int:
    match here:
        case Menu():
            return here.max_digits
        case Digits():
            return here.most
        case ChooseLanguage() | SurveyQuestion():
            return 1
        case _:
            assert_never(here)


def _line_team(flow: Flow, session: Session) -> TeamId:
    """The team whose line was to be entered before, else that of the dialled line; where a flow
    asks for one that was not dialled, the fallback's.

    Validation has made sure that a reception falls back to a queue that names its team.
    """
    known = session.wanted or session.line_team
    if known is not None:
        return known
    fallback = flow.steps[flow.fallback]
    assert isinstance(fallback, Queue) and fallback.team is not None
    return fallback.team


def _prompts(on: _Here, session: Session, wanted: tuple[Saying, ...]) -> tuple[Prompt, ...]:
    said: list[Prompt] = []
    for saying in wanted:
        if isinstance(saying, Phrase):
            name = _name(on.flow, session, saying.name)
            said.append(Prompt(name, saying.language or session.language))
        else:
            value = session.slots.get(saying.name, "")
            names = prompts_of(saying.reading, value, on.now, session.language)
            said += [Prompt(name, session.language) for name in names]
    return tuple(said)


def _name(flow: Flow, session: Session, name: str) -> str:
    if name != LINE_GREETING:
        return name
    return line_greeting(_line_team(flow, session))
