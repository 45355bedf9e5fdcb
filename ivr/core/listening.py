"""What follows from a sentence, or a key, at a step that listens. Pure.

A wish that is sure is taken. One that is not sure, and an emergency that is not clear, is asked
back once ("您是说社保吗？"); of two wishes the caller is asked which. Nothing is asked back of an
answer: what is not understood then is a failed try, and an emergency that is neither affirmed nor
denied leads to the step's `alarm`, a person. Nobody is sent to an emergency's line by words that
were heard badly, an answer's among them: music and noise may repeat a word, or make a yes of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.core.flow import Listening
from ivr.core.intents import (
    IntentTable,
    Kind,
    Reply,
    Standing,
    Understood,
    normalised,
    reply,
    understand,
)

NAMED = "named_"
"""The prompt that names an intent, before its name: `named_labour`."""
SURE_BEFORE, SURE_AFTER = "asked_sure", "asked_yes_or_no"
WHICH_BEFORE, WHICH_FIRST, WHICH_SECOND = "asked_which", "asked_press_one", "asked_press_two"
QUESTION_PROMPTS = (SURE_BEFORE, SURE_AFTER, WHICH_BEFORE, WHICH_FIRST, WHICH_SECOND)
YES_KEY, NO_KEY = "1", "2"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that the caller is answering: of one wish whether it is meant, of two which.
    `rest`: what was said as well, for a caller who says no."""

    wishes: tuple[str, ...]
    rest: tuple[str, ...] = ()

    @property
    def prompts(self) -> tuple[str, ...]:
        """Names of the phrases that ask."""
        names = [f"{NAMED}{wish}" for wish in self.wishes]
        if len(names) == 1:
            return (SURE_BEFORE, names[0], SURE_AFTER)
        return (WHICH_BEFORE, names[0], WHICH_FIRST, names[1], WHICH_SECOND)


@dataclass(frozen=True, slots=True)
class Take:
    """The way of this intent."""

    wish: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the step was pressed."""

    target: str


class NotUnderstood:
    """A failed try by voice."""


class Denied:
    """What was asked back is not meant, and nothing else was said: a failed try, too."""


class WrongKey:
    """A failed try by key."""


class Alarm:
    """An emergency, perhaps: to a person at once."""


class Repeat:
    """Say it again; no try is lost."""


class Silent:
    """The way of a caller who says nothing."""


Outcome = Take | Key | Asked | NotUnderstood | Denied | WrongKey | Alarm | Repeat | Silent


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    confidence_fraction: float


def after_words(
    table: IntentTable,
    here: Listening,
    asked: Asked | None,
    said: Sentence,
    may_ask: bool = True,
) -> Outcome:
    """What follows when `said` was heard at `here`, with `asked` being answered, if anything.
    Unless it `may_ask`, a question is a failed try, or for an emergency a person."""
    outcome = _first(table, here, said) if asked is None else _answer(table, here, asked, said)
    badly = said.confidence_fraction < here.sure_fraction
    if isinstance(outcome, Take) and table.kind(outcome.wish) is Kind.EMERGENCY and badly:
        return Alarm()
    if isinstance(outcome, Asked) and not may_ask:
        return _unanswered(table, outcome, NotUnderstood())
    return outcome


def _answer(table: IntentTable, here: Listening, asked: Asked, said: Sentence) -> Outcome:
    plain = normalised(said.text, table.variants)
    if plain in table.first | table.second:
        return after_key(table, here, asked, YES_KEY if plain in table.first else NO_KEY)
    if len(asked.wishes) > 1:
        return _chosen(table, here, asked, said)
    return _confirmed(table, here, asked, said)


def after_key(table: IntentTable, here: Listening, asked: Asked | None, keys: str) -> Outcome:
    """`keys` is not empty."""
    if asked is not None and keys == YES_KEY:
        return Take(asked.wishes[0])
    if asked is not None and keys == NO_KEY:
        return Take(asked.wishes[1]) if len(asked.wishes) > 1 else _denied(table, here, asked)
    if keys in here.keys:
        return Key(here.keys[keys])
    return WrongKey() if asked is None else _unanswered(table, asked, WrongKey())


def after_silence(table: IntentTable, asked: Asked | None) -> Outcome:
    return Silent() if asked is None else _unanswered(table, asked, Silent())


def _unanswered(table: IntentTable, asked: Asked, otherwise: Outcome) -> Outcome:
    emergency = any(table.kind(wish) is Kind.EMERGENCY for wish in asked.wishes)
    return Alarm() if emergency else otherwise


def _offered(table: IntentTable, here: Listening, found: Understood) -> tuple[str, ...]:
    """The wishes that the step has a way for; for a part that it does not know, the whole."""
    ways: dict[str, None] = {}
    for wish in found.wishes:
        within = table.intents[wish].within
        if wish in here.intents:
            ways[wish] = None
        elif within is not None and within in here.intents:
            ways[within] = None
    return tuple(ways)


def _first(table: IntentTable, here: Listening, said: Sentence) -> Outcome:
    found = understand(table, said.text)
    wishes = _offered(table, here, found)
    if not wishes:
        return Repeat() if found.repeat else NotUnderstood()
    sure = said.confidence_fraction >= here.sure_fraction
    if table.kind(wishes[0]) is Kind.EMERGENCY:
        meant = found.clear and _quite_sure(here, said)
        return Take(wishes[0]) if meant else Asked(wishes[:1], wishes[1:])
    if len(wishes) > 1:
        return Asked(wishes[:2])
    return Take(wishes[0]) if sure else Asked(wishes)


def _quite_sure(here: Listening, said: Sentence) -> bool:
    """Heard so well that an emergency is acted on."""
    return said.confidence_fraction >= here.sure_emergency_fraction


def _confirmed(table: IntentTable, here: Listening, asked: Asked, said: Sentence) -> Outcome:
    """The answer to "is it this?"."""
    (wish,) = asked.wishes
    answered, rest = reply(table, said.text)
    beyond = understand(table, said.text if answered is Reply.OTHER else rest)
    wishes = _offered(table, here, beyond)
    others = tuple(w for w in wishes if w != wish)
    if len(others) > 1:
        return _unanswered(table, asked, NotUnderstood())
    if others and (answered is Reply.NO or wish not in wishes):
        return _instead(table, here, asked, others[0], beyond, said)
    if others:
        return _unanswered(table, asked, NotUnderstood())
    if answered is Reply.NO:
        return _denied(table, here, asked)
    # Said once more is a yes, unless an emergency is still only told of.
    meant = beyond.clear and _quite_sure(here, said)
    again = wish in wishes and (meant or table.kind(wish) is not Kind.EMERGENCY)
    if answered is Reply.YES or again:
        return Take(wish)
    denied = any(m.standing is Standing.DENIED and m.means == wish for m in beyond.mentions)
    return _denied(table, here, asked) if denied else _unanswered(table, asked, NotUnderstood())


def _instead(
    table: IntentTable,
    here: Listening,
    asked: Asked,
    wish: str,
    found: Understood,
    said: Sentence,
) -> Outcome:
    """Another wish than the one that was asked back; it is not asked back in its turn."""
    if table.kind(wish) is Kind.EMERGENCY and not (found.clear and _quite_sure(here, said)):
        return Alarm()
    if said.confidence_fraction >= here.sure_fraction:
        return Take(wish)
    return _unanswered(table, asked, NotUnderstood())


def _denied(table: IntentTable, here: Listening, asked: Asked) -> Outcome:
    """Not that: then what was said beside it."""
    rest = tuple(wish for wish in asked.rest if wish in here.intents)
    if not rest:
        return Denied()
    if table.kind(rest[0]) is Kind.EMERGENCY:
        return Asked(rest[:1], rest[1:])
    return Take(rest[0]) if len(rest) == 1 else Asked(rest[:2])


def _chosen(table: IntentTable, here: Listening, asked: Asked, said: Sentence) -> Outcome:
    """The answer to "which of the two?"."""
    answered, rest = reply(table, said.text)
    found = understand(table, said.text if answered is Reply.OTHER else rest)
    wishes = _offered(table, here, found)
    if len(wishes) != 1:
        return NotUnderstood()
    if wishes[0] in asked.wishes:
        return NotUnderstood() if answered is Reply.NO else Take(wishes[0])
    return _instead(table, here, asked, wishes[0], found, said)
