"""The table of intents as a text: `config/ivr/intents.yaml`, and the versions made of it.

The shape is explained at the head of the file. A table that breaks a rule of
`ivr.core.intent_rules` is refused as a whole, with every broken rule named by file and line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.adapters.flow_files import digest
from ivr.adapters.marked_yaml import Value, read_text, text_of
from ivr.core.flow import LANGUAGE_ORDER
from ivr.core.intent_rules import LONGEST_PHRASE, Problem, Rule, Spot, problems
from ivr.core.intent_sheet import (
    ANSWERS,
    ROLE_GROUPS,
    UNITS,
    VARIANTS,
    IntentSheet,
    Place,
    table_of,
)
from ivr.core.intents import Intent, IntentTable, Kind
from kernel.errors import ConfigurationError
from kernel.language import Language

_ALWAYS = frozenset({"zh", "en"})
_TOP = frozenset({"intents", *ROLE_GROUPS, *ANSWERS, UNITS, VARIANTS})
_PLAIN = re.compile(r"\w[\w ]*")
"""What needs no quotes: texts are read as they are written, without YAML's guesses."""
_BRACKET = re.compile(r"[\[\]{}]")
_HEAD = "# A version saved on the page; config/ivr/intents.yaml explains the shape.\n"


@dataclass(slots=True)
class _Reading:
    """Where everything stands, and what is wrong with the form."""

    lines: dict[Spot, Value] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def phrases(self, place: Place, value: Value | None) -> tuple[str, ...]:
        if value is None:
            return ()
        items = value.items()
        self.lines[Spot(place)] = value  # for a cell that is empty
        self.lines |= {Spot(place, index): item for index, item in enumerate(items)}
        return tuple(item.text() for item in items)

    def told(self, problem: Problem) -> str:
        """`file:line: what is wrong`."""
        place = self.lines.get(problem.spot)
        assert place is not None, problem
        other = self.lines[problem.other].line if problem.other else 0
        return place.wrong(_sentence(problem, other)).message


def load_intents(path: Path) -> IntentTable:
    """Raises ConfigurationError: one line `file:line: what is wrong` for each broken rule."""
    return parse_intents(str(path), text_of(path))


def parse_intents(source: str, body: str) -> IntentTable:
    """As `load_intents`, from a text that complaints call `source`."""
    sheet, reading = _read(source, body)
    wrong = reading.wrong + [reading.told(problem) for problem in problems(sheet)]
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    return table_of(sheet, digest(body))


def read_sheet(source: str, body: str) -> IntentSheet:
    """What stands in the text, whatever rules it breaks.

    Raises:
        ConfigurationError: it has not the form of a table.
    """
    sheet, reading = _read(source, body)
    if reading.wrong:
        raise ConfigurationError("\n".join(reading.wrong))
    return sheet


def _sentence(problem: Problem, other_line: int) -> str:
    phrase = problem.phrase
    match problem.rule:
        case Rule.TWO_MEANINGS:
            return f"{phrase!r} has two meanings, see line {other_line}"
        case Rule.TWICE:
            return f"{phrase!r} is written twice, see line {other_line}"
        case Rule.EMPTY:
            return f"nothing is said in {phrase!r}"
        case Rule.SHORT:
            return f"{phrase!r} is too short to mean something by itself"
        case Rule.LONG:
            return f"{phrase!r} is longer than {LONGEST_PHRASE} characters"
        case Rule.MARKUP:
            return f"{phrase!r} holds marks that nobody says"
        case Rule.NO_PHRASE:
            return f"intent {phrase!r} has no phrase here"
        case Rule.NAME:
            return f"{phrase!r} is no name of an intent"
        case Rule.WHOLE:
            return f"{phrase!r} is no intent of which others are a part"
        case Rule.VARIANT:
            return f"{phrase!r} is not one character for another"
        case Rule.CHAIN:
            return f"{phrase!r} is itself a variant"


# --- reading -------------------------------------------------------------------------------------


def _read(source: str, body: str) -> tuple[IntentSheet, _Reading]:
    found = read_text(source, body).fields(_TOP, frozenset())
    reading = _Reading()
    variants = []
    for index, (one, plain) in enumerate(found[VARIANTS].pairs()):
        reading.lines[Spot(Place(VARIANTS), index)] = one
        variants.append((one.text(), plain.text()))
    intents = tuple(_intent(key, value, reading) for key, value in found["intents"].pairs())
    roles = {}
    for group in ROLE_GROUPS:
        cells = found[group].fields(_ALWAYS, frozenset({"yue"}))
        roles[group] = {
            language: reading.phrases(Place(group, language), cells.get(language.value))
            for language in LANGUAGE_ORDER
        }
    answers = {group: reading.phrases(Place(group), found[group]) for group in ANSWERS}
    return IntentSheet(intents, roles, answers, found[UNITS].text(), tuple(variants)), reading


def _intent(key: Value, value: Value, reading: _Reading) -> Intent:
    name = key.text()
    reading.lines[Spot(Place(name))] = key
    found = value.fields(frozenset({"kind", *_ALWAYS}), frozenset({"yue", "within", "gives_way"}))
    kind = found["kind"].text()
    if kind not in set(Kind):
        raise found["kind"].wrong(f"{kind!r} is no kind of intent")
    gives_way = found["gives_way"].text() if "gives_way" in found else "false"
    if gives_way not in ("true", "false"):
        complaint = found["gives_way"].wrong(f"{gives_way!r} is neither true nor false")
        reading.wrong.append(complaint.message)
    return Intent(
        name=name,
        kind=Kind(kind),
        within=found["within"].text() if "within" in found else None,
        gives_way=gives_way == "true",
        phrases={
            language: reading.phrases(Place(name, language), found.get(language.value))
            for language in LANGUAGE_ORDER
        },
    )


# --- writing -------------------------------------------------------------------------------------


def write_sheet(sheet: IntentSheet) -> str:
    """A text that `read_sheet` reads as the same sheet."""
    return _HEAD + "\n".join(_lines(sheet)) + "\n"


def _lines(sheet: IntentSheet) -> Iterator[str]:
    yield "intents:"
    for intent in sheet.intents:
        yield f"  {intent.name}:"
        yield f"    kind: {intent.kind.value}"
        if intent.within is not None:
            yield f"    within: {_text(intent.within)}"
        if intent.gives_way:
            yield "    gives_way: true"
        yield from _cells(intent.phrases, "    ")
    for group in ROLE_GROUPS:
        yield f"{group}:"
        yield from _cells(sheet.roles.get(group, {}), "  ")
    for group in ANSWERS:
        yield f"{group}: {_list(sheet.answers.get(group, ()))}"
    yield f"{UNITS}: {_text(sheet.units)}"
    pairs = ", ".join(f"{_text(one)}: {_text(plain)}" for one, plain in sheet.variants)
    yield f"{VARIANTS}: {{{pairs}}}"


def _cells(cells: Mapping[Language, tuple[str, ...]], indent: str) -> Iterator[str]:
    for language in LANGUAGE_ORDER:
        phrases = cells.get(language, ())
        if phrases or language.value in _ALWAYS:
            yield f"{indent}{language.value}: {_list(phrases)}"


def _list(phrases: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, phrases))}]"


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    # Brackets are counted by the reader before it looks for quotes.
    return _BRACKET.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
