"""What the pages of the intents show: names of cells, marks of phrases, a sentence taken apart.

Texts are Chinese and translated by the template, but for names of intents, which come from the
prompts in the language of the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from ivr.core.flow import LANGUAGE_ORDER
from ivr.core.intent_rules import Overlap, Problem, Rule
from ivr.core.intent_sheet import (
    ANSWERS,
    ROLE_GROUPS,
    UNITS,
    VARIANTS,
    Difference,
    IntentSheet,
    Place,
    cells,
)
from ivr.core.intents import IntentTable, Kind, Mention, Role, Standing, Understood
from kernel.language import Language

KIND_NAMES = {
    Kind.MATTER: ("info", "办事"),
    Kind.EMERGENCY: ("danger", "紧急"),
    Kind.PERSON: ("ok", "人工"),
    Kind.REPEAT: ("neutral", "再听一遍"),
}
ROLE_NAMES = {Role.FILLER: "不说明什么", Role.DENIAL: "否定", Role.DOUBT: "讲过去或打听"}
ROLE_WHY = {
    Role.FILLER: "不单独算",
    Role.DENIAL: "紧跟在后面的不算",
    Role.DOUBT: "紧急的事要先问一遍",
}
GROUP_NAMES: Mapping[str, str] = {
    **{group: ROLE_NAMES[role] for group, role in ROLE_GROUPS.items()},
    "yes": "回答“是”",
    "no": "回答“不是”",
    "first": "回答“第一个”",
    "second": "回答“第二个”",
    UNITS: "数量单位",
    VARIANTS: "异体字",
    "repeat": "再听一遍",
}
"""What is not called by the prompt that names it when a caller is asked back."""
LANG_CODES = {Language.MANDARIN: "zh-CN", Language.CANTONESE: "zh-HK", Language.ENGLISH: "en"}
PROBLEM_TEXTS: Mapping[Rule, str] = {
    Rule.TWO_MEANINGS: "“%(phrase)s”有两个意思，“%(other)s”里也有",
    Rule.TWICE: "“%(phrase)s”写了两次，“%(other)s”里也有",
    Rule.EMPTY: "“%(phrase)s”里没有能说出来的字",
    Rule.SHORT: "“%(phrase)s”太短，单独一个字不能算来意",
    Rule.LONG: "“%(phrase)s”太长，最多30个字",
    Rule.MARKUP: "“%(phrase)s”里有说不出来的符号",
    Rule.NO_PHRASE: "这里至少要有一个说法",
    Rule.NAME: "“%(phrase)s”不能作意图的名称",
    Rule.WHOLE: "“%(phrase)s”不是能包含别项的意图",
    Rule.VARIANT: "“%(phrase)s”不是一个字对一个字",
    Rule.CHAIN: "“%(phrase)s”本身又是异体字",
}
UNKNOWN_WORDS = "不认识"
STANDING_NAMES = {
    Standing.COUNTS: "算数",
    Standing.DENIED: "前面有否定，不算",
    Standing.NARROWER: "说到了其中更具体的一项，按那一项办",
    Standing.GAVE_WAY: "同时说了别的事，按别的办",
}
UNHEARD = ("neutral", "没有听懂", "再问一遍，仍听不懂就转人工")
REPEATED = ("neutral", "再听一遍", "把刚才的话再念一遍，不算没听懂")
AT_ONCE = ("ok", "听懂了", "听得准就直接办；听得不准先问一遍")
WHICH = ("info", "两件事", "问来电人先办哪一件")
CLEAR = ("danger", "紧急，直接转", "只说了紧急的事：听得准就立刻转，听得不准先问一遍")
DOUBTFUL = ("warn", "紧急，先问一遍", "不像是现在求助：问是不是要转，没有回答就由人工优先接听")

Name = Callable[[str], str]
"""A group -> what it is called in the language of the screen."""


# --- a sentence ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the sentence: `intent` or `role`, and why it counts or not."""

    text: str
    look: str
    intent: str | None
    role: str
    why: str


def verdict(table: IntentTable, found: Understood) -> tuple[str, str, str]:
    """(look, title, what follows) of a sentence at a step that offers everything."""
    if not found.wishes:
        return REPEATED if found.repeat else UNHEARD
    if table.kind(found.wishes[0]) is Kind.EMERGENCY:
        return CLEAR if found.clear else DOUBTFUL
    return WHICH if len(found.wishes) > 1 else AT_ONCE


def pieces(found: Understood) -> Iterator[Piece]:
    """The sentence from left to right, with what is between the phrases."""
    at = 0
    for mention in found.mentions:
        if mention.start > at:
            yield _unknown(found.text[at : mention.start])
        yield _piece(mention)
        at = mention.end
    if at < len(found.text):
        yield _unknown(found.text[at:])


def _unknown(text: str) -> Piece:
    return Piece(text, "unknown", None, UNKNOWN_WORDS, ROLE_WHY[Role.FILLER])


def _piece(mention: Mention) -> Piece:
    if isinstance(mention.means, Role):
        return Piece(
            mention.phrase, mention.means, None, ROLE_NAMES[mention.means], ROLE_WHY[mention.means]
        )
    why = STANDING_NAMES[mention.standing]
    return Piece(mention.phrase, mention.standing, mention.means, "", why)


# --- the table -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pending:
    """What somebody has typed and not saved: key of a cell -> text, and (key, phrase)."""

    typed: Mapping[str, str]
    removed: Collection[tuple[str, str]]


NOTHING_PENDING = Pending({}, ())


@dataclass(frozen=True, slots=True)
class Chip:
    """A phrase; `removed`: ticked to be taken out."""

    phrase: str
    wrong: bool
    unheard: bool
    removed: bool


@dataclass(frozen=True, slots=True)
class Cell:
    key: str
    language: Language | None
    chips: tuple[Chip, ...]
    typed: str


@dataclass(frozen=True, slots=True)
class Row:
    """An intent, a role or an answer with its cells. `badge`: (look, text). `lost`: no flow leads
    on from it. `open`: there is something to look at."""

    group: str
    name: str
    badge: tuple[str, str] | None
    within: str
    lost: bool
    open: bool
    cells: tuple[Cell, ...]


def rows(
    sheet: IntentSheet,
    *,
    name: Name,
    wrong: Collection[Problem],
    unheard: Mapping[Language, frozenset[str]],
    lost: Collection[str],
    pending: Pending = NOTHING_PENDING,
) -> tuple[Row, ...]:
    """The whole table in its order."""
    bad = {(problem.spot.place, problem.phrase) for problem in wrong}
    where = {problem.spot.place.group for problem in wrong}
    made: dict[str, list[Cell]] = {}
    for place, phrases in cells(sheet):
        silent = unheard.get(place.language, frozenset()) if place.language else frozenset[str]()
        chips = tuple(
            Chip(p, (place, p) in bad, p in silent, (place.key, p) in pending.removed)
            for p in phrases
        )
        cell = Cell(place.key, place.language, chips, pending.typed.get(place.key, ""))
        made.setdefault(place.group, []).append(cell)
    intents = {intent.name: intent for intent in sheet.intents}
    found = []
    for group, its in made.items():
        intent = intents.get(group)
        touched = any(cell.typed or any(chip.removed for chip in cell.chips) for cell in its)
        found.append(
            Row(
                group=group,
                name=name(group),
                badge=KIND_NAMES[intent.kind] if intent else None,
                within=name(intent.within) if intent and intent.within else "",
                lost=group in lost,
                open=touched or group in where,
                cells=tuple(its),
            )
        )
    return tuple(found)


def anchor(place: Place) -> str:
    """Where the editor's page shows a cell; a browser opens what is folded around it."""
    is_cell = place.language is not None or place.group in ANSWERS
    return f"add-{place.key}" if is_cell else f"g-{place.group}"


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of the catalogue with its values, about a cell."""

    anchor: str
    where: str
    text: str
    values: Mapping[str, str]


def told_problems(wrong: Collection[Problem], place_name: Callable[[Place], str]) -> list[Told]:
    return [
        Told(
            anchor(p.spot.place),
            place_name(p.spot.place),
            PROBLEM_TEXTS[p.rule],
            {"phrase": p.phrase, "other": place_name(p.other.place) if p.other else ""},
        )
        for p in wrong
    ]


@dataclass(frozen=True, slots=True)
class Hint:
    """An overlap for the screen."""

    phrase: str
    where: str
    longer: str
    within: str


def hints(found: Collection[Overlap], name: Name) -> list[Hint]:
    return [Hint(o.phrase, name(o.place.group), o.longer, name(o.within.group)) for o in found]


@dataclass(frozen=True, slots=True)
class Changed:
    """One cell of a difference."""

    where: str
    lang: str | None
    added: tuple[str, ...]
    removed: tuple[str, ...]


def changed(found: Collection[Difference], place_name: Callable[[Place], str]) -> list[Changed]:
    return [
        Changed(
            place_name(one.place),
            LANG_CODES[one.place.language] if one.place.language else None,
            one.added,
            one.removed,
        )
        for one in found
    ]


def phrases_by_language(sheet: IntentSheet) -> dict[Language, list[str]]:
    """What a recogniser must be able to write down."""
    found: dict[Language, list[str]] = {language: [] for language in LANGUAGE_ORDER}
    for place, phrases in cells(sheet):
        if place.language is not None and place.group not in ANSWERS:
            found[place.language] += phrases
    return found
