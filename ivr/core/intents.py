"""What a caller means by a sentence: phrases, what stands around them, and what follows. Pure.

Theory of operation: a text is brought into one form (`normalised`: no spaces or marks, small
letters, simplified characters). In it every known phrase is looked for, at each place the longest;
where two overlap, the longer one counts. A phrase means an intent, or has a role: a filler says
nothing, a denial strikes out the intent that follows it, a doubt (the past, a question) keeps an
emergency from being acted on. What is left are the wishes, an emergency first. The work is O(length
of the text): the lengths of phrases are few, and a text is cut at `LONGEST_TEXT`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from kernel.language import Language

LONGEST_TEXT = 200
"""So many characters of a sentence are looked at; nobody says more between two breaths."""
DENIAL_REACH = 2
"""So many unknown characters may stand between a denial and what it denies."""
CLEAR_REST = 4
"""So many unknown characters may stand beside an emergency that is still meant for sure."""
LONG_NUMBER = 2
"""So many more figures beside a number make it a part of another number."""
FIGURES = frozenset("0123456789零〇一二三四五六七八九幺")


class Kind(StrEnum):
    """What an intent is, and so what is done when it is heard."""

    MATTER = "matter"  # a team, an item, a line of its own
    EMERGENCY = "emergency"  # acted on at once when it is clear, else asked back; before all others
    PERSON = "person"  # a person, whatever the matter
    REPEAT = "repeat"  # what was said is said again


class Role(StrEnum):
    """What a phrase does that is no intent."""

    FILLER = "filler"  # says nothing by itself, or looks like an intent and is none
    DENIAL = "denial"  # what follows is not meant
    DOUBT = "doubt"  # tells of the past, or only asks: an emergency must be asked back


@dataclass(frozen=True, slots=True)
class Intent:
    """`within`: the wider intent of which this one is a part; named together, this one is meant.
    `gives_way`: any other matter is meant rather than this one. `phrases`: as they are written."""

    name: str
    kind: Kind
    within: str | None = None
    gives_way: bool = False
    phrases: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IntentTable:
    """`phrases`: in normal form -> the name of an intent, or a role. `yes`, `no`: answers to a
    question; `first`, `second`: of two things; all in normal form. `units`: a number before one of
    these is an amount. `version` names what it was made from."""

    intents: Mapping[str, Intent] = field(default_factory=dict)
    phrases: Mapping[str, str | Role] = field(default_factory=dict)
    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()
    second: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    variants: Mapping[int, str] = field(default_factory=dict)  # for `str.translate`
    lengths: tuple[int, ...] = ()  # of the phrases, longest first
    version: str = ""

    def kind(self, intent: str) -> Kind:
        return self.intents[intent].kind


NO_INTENTS = IntentTable()


class Standing(StrEnum):
    """What became of a phrase that was found."""

    COUNTS = "counts"
    DENIED = "denied"
    NARROWER = "narrower"  # a part of it was named, which is meant
    GAVE_WAY = "gave_way"
    AROUND = "around"  # it has a role


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase found at `start` of the normal form. `means` as in the table."""

    start: int
    phrase: str
    means: str | Role
    standing: Standing

    @property
    def end(self) -> int:
        return self.start + len(self.phrase)


@dataclass(frozen=True, slots=True)
class Understood:
    """`text` in normal form; `wishes`: intents in the order they are to be dealt with; `clear`:
    nothing but emergencies, and the first may be acted on without a question; `repeat`: only to
    hear it again."""

    text: str
    mentions: tuple[Mention, ...] = ()
    wishes: tuple[str, ...] = ()
    clear: bool = False
    repeat: bool = False


class Reply(StrEnum):
    """An answer to a question that has two."""

    YES = "yes"
    NO = "no"
    OTHER = "other"


def normalised(text: str, variants: Mapping[int, str]) -> str:
    """One form for all ways to write the same: full width, capitals, spaces, marks, variants."""
    plain = unicodedata.normalize("NFKC", text).lower().translate(dict(variants))
    return "".join(c for c in plain if c.isalnum())[:LONGEST_TEXT]


def understand(table: IntentTable, text: str) -> Understood:
    """What `text` asks for. Never raises; a text without a known phrase has no wishes."""
    plain = normalised(text, table.variants)
    mentions = _with_denials(table, _found(table, plain))
    counting = [m for m in mentions if m.standing is Standing.COUNTS]
    named = tuple(dict.fromkeys(str(m.means) for m in counting))
    wishes = _wishes(table, named)
    mentions = tuple(_standing(table, m, named, wishes) for m in mentions)
    return Understood(
        text=plain,
        mentions=mentions,
        wishes=wishes,
        clear=bool(wishes) and _is_clear(table, plain, mentions, wishes),
        repeat=any(table.kind(name) is Kind.REPEAT for name in named) and not wishes,
    )


def reply(table: IntentTable, text: str) -> tuple[Reply, str]:
    """How `text` begins when it answers a question, and what was said beyond that."""
    rest = normalised(text, table.variants)
    words = table.yes | table.no
    longest = max(map(len, words), default=0)
    said: Reply | None = None
    while rest:
        word = _head(rest, words, longest)
        phrase = _head(rest, table.phrases, table.lengths[0] if table.lengths else 0)
        if len(phrase) > len(word):
            # "是不是" begins with a yes and is none; fillers may come before the answer.
            if said is not None or table.phrases[phrase] is not Role.FILLER:
                break
            rest = rest[len(phrase) :]
        elif word:
            said = said or (Reply.YES if word in table.yes else Reply.NO)
            rest = rest[len(word) :]
        else:
            break
    return said or Reply.OTHER, rest


def _head(text: str, words: Container[str], longest: int) -> str:
    """The longest of `words` with which `text` begins; empty if there is none."""
    for length in range(min(longest, len(text)), 0, -1):
        if text[:length] in words:
            return text[:length]
    return ""


# --- the phrases of a text -----------------------------------------------------------------------


def _found(table: IntentTable, text: str) -> tuple[Mention, ...]:
    """Phrases that do not overlap, from left to right; where two would, the longer one. Of two
    that are as long an emergency loses: 打人工 is no violence."""
    taken = bytearray(len(text))
    kept: list[tuple[int, str]] = []

    def rank(candidate: tuple[int, str]) -> tuple[int, bool, int]:
        start, phrase = candidate
        return -len(phrase), _is_emergency(table, table.phrases[phrase]), start

    for start, phrase in sorted(_candidates(table, text), key=rank):
        end = start + len(phrase)
        if not any(taken[start:end]):
            taken[start:end] = b"\x01" * len(phrase)
            kept.append((start, phrase))
    return tuple(
        Mention(
            start,
            phrase,
            table.phrases[phrase],
            Standing.AROUND if isinstance(table.phrases[phrase], Role) else Standing.COUNTS,
        )
        for start, phrase in sorted(kept)
    )


def _is_emergency(table: IntentTable, means: str | Role) -> bool:
    return not isinstance(means, Role) and table.kind(means) is Kind.EMERGENCY


def _candidates(table: IntentTable, text: str) -> Iterator[tuple[int, str]]:
    """(start, phrase): at each place the longest that may stand there."""
    for start in range(len(text)):
        for length in table.lengths:
            phrase = text[start : start + length]
            if len(phrase) == length and phrase in table.phrases:
                if _is_number(phrase) and not _stands_alone(table, text, start, start + length):
                    continue
                yield start, phrase
                break


def _is_number(phrase: str) -> bool:
    return set(phrase) <= FIGURES


def _stands_alone(table: IntentTable, text: str, start: int, end: int) -> bool:
    """A number that is neither a part of a longer one nor an amount: 120 块, 138110..."""
    before = after = 0
    while start - before > 0 and text[start - before - 1] in FIGURES and before < LONG_NUMBER:
        before += 1
    while end + after < len(text) and text[end + after] in FIGURES and after < LONG_NUMBER:
        after += 1
    if before + after >= LONG_NUMBER:
        return False
    return text[end : end + 1] not in table.units


def _with_denials(table: IntentTable, found: tuple[Mention, ...]) -> tuple[Mention, ...]:
    """Strike out each intent that a denial stands before."""
    told: list[Mention] = []
    denied_from: int | None = None  # where the reach of a denial begins
    for mention in found:
        if denied_from is not None and mention.start - denied_from > DENIAL_REACH:
            denied_from = None
        if mention.means is Role.DENIAL:
            denied_from = mention.end
        elif isinstance(mention.means, Role):
            # A filler inside the reach does not use it up: 不是要办消费.
            if denied_from is not None:
                denied_from += mention.end - max(denied_from, mention.start)
        elif denied_from is not None:
            told.append(replace(mention, standing=Standing.DENIED))
            denied_from = None
            continue
        told.append(mention)
    return tuple(told)


# --- from phrases to wishes ----------------------------------------------------------------------


def _wishes(table: IntentTable, named: tuple[str, ...]) -> tuple[str, ...]:
    emergencies = [n for n in named if table.kind(n) is Kind.EMERGENCY]
    matters = [n for n in named if table.kind(n) is Kind.MATTER]
    persons = [n for n in named if table.kind(n) is Kind.PERSON]
    wider = {table.intents[n].within for n in matters}
    matters = [n for n in matters if n not in wider]
    if any(not table.intents[n].gives_way for n in matters):
        matters = [n for n in matters if not table.intents[n].gives_way]
    if persons and matters:
        # "社保人工": a person of the team, not what the item would read out.
        teams = [table.intents[n].within or n for n in matters]
        matters = list(dict.fromkeys(teams))
    else:
        matters += persons
    return (*emergencies, *matters)


def _standing(
    table: IntentTable, mention: Mention, named: tuple[str, ...], wishes: tuple[str, ...]
) -> Mention:
    if mention.standing is not Standing.COUNTS or mention.means in wishes:
        return mention
    wider = {table.intents[name].within for name in named}
    standing = Standing.NARROWER if mention.means in wider else Standing.GAVE_WAY
    return replace(mention, standing=standing)


def _is_clear(
    table: IntentTable, text: str, mentions: tuple[Mention, ...], wishes: tuple[str, ...]
) -> bool:
    """An emergency is meant for sure when nothing else is told: 着火了快来, not 我昨天报过110了.
    A bare number must stand quite alone, since numbers are said for many reasons."""
    if not all(_is_emergency(table, wish) for wish in wishes):
        return False
    if any(m.means is Role.DOUBT for m in mentions):
        return False
    if any(m.standing is Standing.DENIED for m in mentions):
        return False
    rest = len(text) - sum(len(m.phrase) for m in mentions)
    counting = [m for m in mentions if m.means in wishes]
    return rest == 0 or (rest <= CLEAR_REST and not all(_is_number(m.phrase) for m in counting))
