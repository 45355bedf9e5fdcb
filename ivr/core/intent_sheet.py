"""The table of intents as people write it: its phrases by place, editing, what differs. Pure.

Theory of operation: a sheet is what a version holds; `table_of` makes of it what calls are
understood by. A phrase stands in a cell: of an intent in a language, of a role (`fillers`,
`denials`, `doubts`) in a language, or of an answer (`yes`, `no`, `first`, `second`). Editing adds
and removes phrases of cells and nothing else: which intents there are is settled with the flows and
the prompts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ivr.core.flow import LANGUAGE_ORDER
from ivr.core.intents import Intent, IntentTable, Role, normalised
from kernel.errors import BadInput
from kernel.language import Language

ROLE_GROUPS: Mapping[str, Role] = {
    "fillers": Role.FILLER,
    "denials": Role.DENIAL,
    "doubts": Role.DOUBT,
}
ANSWERS = ("yes", "no", "first", "second")
UNITS, VARIANTS = "units", "variants"
RESERVED = frozenset({*ROLE_GROUPS, *ANSWERS, UNITS, VARIANTS, "intents"})
LONGEST_WRITTEN = 100
"""Characters of a phrase as it is typed; what may be said is shorter (`ivr.core.intent_rules`)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A cell. `group`: the name of an intent, or one of `RESERVED`; without a language for an
    answer, and for what an intent is beside its phrases."""

    group: str
    language: Language | None = None

    @property
    def key(self) -> str:
        """`labour.zh`, `yes`."""
        return f"{self.group}.{self.language.value}" if self.language else self.group


@dataclass(frozen=True, slots=True)
class IntentSheet:
    """`intents` in their order, with phrases as they are written; `roles` and `answers` by the
    groups above; `variants`: one character for another."""

    intents: tuple[Intent, ...] = ()
    roles: Mapping[str, Mapping[Language, tuple[str, ...]]] = field(default_factory=dict)
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    units: str = ""
    variants: tuple[tuple[str, str], ...] = ()

    @property
    def translation(self) -> dict[int, str]:
        """The variants for `ivr.core.intents.normalised`."""
        return {ord(one): plain for one, plain in self.variants if len(one) == 1}


@dataclass(frozen=True, slots=True)
class Change:
    """One phrase that is added to a cell, or taken out of it."""

    place: Place
    phrase: str
    added: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one cell, each in the order of its sheet."""

    place: Place
    added: tuple[str, ...]
    removed: tuple[str, ...]


def cells(sheet: IntentSheet) -> Iterator[tuple[Place, tuple[str, ...]]]:
    """Every cell that phrases may be in, empty ones too, in the order of the table."""
    for intent in sheet.intents:
        for language in LANGUAGE_ORDER:
            yield Place(intent.name, language), tuple(intent.phrases.get(language, ()))
    for group in ROLE_GROUPS:
        for language in LANGUAGE_ORDER:
            yield Place(group, language), tuple(sheet.roles.get(group, {}).get(language, ()))
    for group in ANSWERS:
        yield Place(group), tuple(sheet.answers.get(group, ()))


def place_of(key: str) -> Place:
    """The cell of a key. Raises BadInput."""
    group, dot, language = key.partition(".")
    if dot and language not in set(Language):
        raise BadInput("没有这一格", "place")
    return Place(group, Language(language) if dot else None)


# --- editing -------------------------------------------------------------------------------------


def edited(sheet: IntentSheet, changes: Iterable[Change]) -> IntentSheet:
    """The sheet after these changes. What is taken out and not there, and what is added and there
    in the same form, changes nothing; a phrase comes last in its cell.

    Raises:
        BadInput: there is no such cell, or the phrase cannot be kept as a text.
    """
    now = dict(cells(sheet))
    for change in changes:
        if change.place not in now:
            raise BadInput("没有这一格", "place")
        kept = now[change.place]
        if not change.added:
            now[change.place] = tuple(p for p in kept if p != change.phrase)
            continue
        phrase = written(change.phrase)
        form = normalised(phrase, sheet.translation) or phrase
        if all((normalised(p, sheet.translation) or p) != form for p in kept):
            now[change.place] = (*kept, phrase)
    return _with(sheet, now)


def written(text: str) -> str:
    """A typed phrase with single spaces. Raises BadInput for one that is empty, very long, or holds
    what cannot be printed."""
    phrase = " ".join(text.split())
    if not phrase:
        raise BadInput("说法不能为空", "phrase")
    if len(phrase) > LONGEST_WRITTEN:
        raise BadInput("说法太长了", "phrase")
    if not phrase.isprintable():
        raise BadInput("说法里有不能显示的字符", "phrase")
    return phrase


def _with(sheet: IntentSheet, now: Mapping[Place, tuple[str, ...]]) -> IntentSheet:
    def of(group: str) -> dict[Language, tuple[str, ...]]:
        return {language: now[Place(group, language)] for language in LANGUAGE_ORDER}

    return replace(
        sheet,
        intents=tuple(replace(i, phrases=of(i.name)) for i in sheet.intents),
        roles={group: of(group) for group in ROLE_GROUPS},
        answers={group: now[Place(group)] for group in ANSWERS},
    )


# --- comparing -----------------------------------------------------------------------------------


def difference(old: IntentSheet, new: IntentSheet) -> tuple[Difference, ...]:
    """What became of the cells, in the order of the new sheet, then those that are gone. Of what
    kind an intent is, is told in the words of the file at its place without a language."""
    before, after = dict(_everything(old)), dict(_everything(new))
    found = []
    for place in dict.fromkeys((*after, *before)):
        was, now = before.get(place, ()), after.get(place, ())
        change = Difference(place, _beyond(now, was), _beyond(was, now))
        if change.added or change.removed:
            found.append(change)
    return tuple(found)


def changes_of(found: Iterable[Difference]) -> tuple[Change, ...]:
    """What must be edited to make this difference again, as far as phrases go."""
    return tuple(
        Change(one.place, phrase, added)
        for one in found
        if one.place.language is not None or one.place.group in ANSWERS
        for added, phrases in ((False, one.removed), (True, one.added))
        for phrase in phrases
    )


def _beyond(phrases: tuple[str, ...], others: Collection[str]) -> tuple[str, ...]:
    known = frozenset(others)
    return tuple(phrase for phrase in dict.fromkeys(phrases) if phrase not in known)


def _everything(sheet: IntentSheet) -> Iterator[tuple[Place, tuple[str, ...]]]:
    for intent in sheet.intents:
        yield Place(intent.name), _nature(intent)
    yield from cells(sheet)
    yield Place(UNITS), tuple(sheet.units)
    yield Place(VARIANTS), tuple(f"{one}: {plain}" for one, plain in sheet.variants)


def _nature(intent: Intent) -> tuple[str, ...]:
    found = [f"kind: {intent.kind.value}"]
    if intent.within is not None:
        found.append(f"within: {intent.within}")
    if intent.gives_way:
        found.append("gives_way: true")
    return tuple(found)


# --- what calls are understood by ----------------------------------------------------------------


def table_of(sheet: IntentSheet, version: str = "") -> IntentTable:
    """Of a sheet that breaks no rule; of another one what can be made of it, for trying."""
    variants = sheet.translation
    names = {intent.name for intent in sheet.intents}
    intents = {
        i.name: i if i.within is None or i.within in names else replace(i, within=None)
        for i in sheet.intents
    }
    phrases: dict[str, str | Role] = {}
    for place, found in cells(sheet):
        if place.language is None:
            continue
        means = ROLE_GROUPS.get(place.group, place.group)
        for phrase in found:
            phrases.setdefault(normalised(phrase, variants), means)
    phrases.pop("", None)
    answers = {
        group: frozenset(normalised(p, variants) for p in sheet.answers.get(group, ())) - {""}
        for group in ANSWERS
    }
    return IntentTable(
        intents=intents,
        phrases=phrases,
        yes=answers["yes"],
        no=answers["no"],
        first=answers["first"],
        second=answers["second"],
        units=frozenset(sheet.units),
        variants=variants,
        lengths=tuple(sorted({len(p) for p in phrases}, reverse=True)),
        version=version,
    )
