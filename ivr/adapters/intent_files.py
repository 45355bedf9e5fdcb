"""The table of intents read from `config/ivr/intents.yaml`; its shape is explained at its head.

A table that breaks a rule is refused as a whole, with every broken rule named by file and line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ivr.adapters.marked_yaml import Value, read
from ivr.core.flow import LANGUAGE_ORDER
from ivr.core.intents import Intent, IntentTable, Kind, Role, normalised
from kernel.errors import ConfigurationError
from kernel.language import Language

LONGEST_PHRASE = 30
SHORTEST_INTENT = 2
_ALWAYS = frozenset({"zh", "en"})
"""Cantonese is written only where it says something else."""
_ROLES = {"fillers": Role.FILLER, "denials": Role.DENIAL, "doubts": Role.DOUBT}
_ANSWERS = ("yes", "no", "first", "second")
_OPPOSITE = {"no": "yes", "second": "first"}
_TOP = frozenset({"intents", *_ROLES, *_ANSWERS, "units", "variants"})


@dataclass(slots=True)
class _Reading:
    """What was read so far, and what is wrong with it."""

    variants: dict[int, str] = field(default_factory=dict)
    phrases: dict[str, str | Role] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def complain(self, value: Value, message: str) -> None:
        self.wrong.append(value.wrong(message).message)

    def add(self, value: Value, means: str | Role) -> None:
        phrase = self.checked(value)
        if phrase is None:
            return
        if not isinstance(means, Role) and len(phrase) < SHORTEST_INTENT:
            self.complain(value, f"{value.text()!r} is too short to mean something by itself")
        before = self.phrases.get(phrase)
        if before is not None:
            also = "has two meanings" if before != means else "is written twice"
            self.complain(value, f"{value.text()!r} {also}, see line {self.lines[phrase]}")
            return
        self.phrases[phrase] = means
        self.lines[phrase] = value.line

    def checked(self, value: Value) -> str | None:
        """The phrase in normal form; None for one that cannot be said."""
        phrase = normalised(value.text(), self.variants)
        if not phrase:
            self.complain(value, f"nothing is said in {value.text()!r}")
            return None
        if len(phrase) > LONGEST_PHRASE:
            self.complain(value, f"{value.text()!r} is longer than {LONGEST_PHRASE} characters")
            return None
        return phrase


def load_intents(path: Path) -> IntentTable:
    """Raises ConfigurationError: one line `file:line: what is wrong` for each broken rule."""
    found = read(path).fields(_TOP, frozenset())
    reading = _Reading()
    reading.variants = _variants(found["variants"], reading)
    intents = {key.text(): _intent(key, value, reading) for key, value in found["intents"].pairs()}
    _check_parts(found["intents"], intents, reading)
    for name, role in _ROLES.items():
        for group in found[name].fields(_ALWAYS, frozenset({"yue"})).values():
            for item in group.items():
                reading.add(item, role)
    answers: dict[str, frozenset[str]] = {}
    for name in _ANSWERS:
        opposite = answers.get(_OPPOSITE.get(name, ""), frozenset())
        answers[name] = frozenset(_answers(found[name], reading, opposite))
    if reading.wrong:
        raise ConfigurationError("\n".join(reading.wrong))
    return IntentTable(
        intents=intents,
        phrases=reading.phrases,
        units=frozenset(found["units"].text()),
        variants=reading.variants,
        lengths=tuple(sorted({len(p) for p in reading.phrases}, reverse=True)),
        **answers,
    )


def _variants(value: Value, reading: _Reading) -> dict[int, str]:
    found: dict[int, str] = {}
    for key, plain in value.pairs():
        if len(key.text()) != 1 or len(plain.text()) != 1:
            reading.complain(key, f"{key.text()!r} is not one character for another")
        else:
            found[ord(key.text())] = plain.text()
    for key, plain in value.pairs():
        if len(plain.text()) == 1 and ord(plain.text()) in found:
            reading.complain(key, f"{plain.text()!r} is itself a variant")
    return found


def _intent(key: Value, value: Value, reading: _Reading) -> Intent:
    found = value.fields(frozenset({"kind", "zh", "en"}), frozenset({"yue", "within", "gives_way"}))
    kind = found["kind"].text()
    if kind not in set(Kind):
        raise found["kind"].wrong(f"{kind!r} is no kind of intent")
    spoken: dict[Language, tuple[str, ...]] = {}
    for language in LANGUAGE_ORDER:
        phrases = found[language.value].items() if language.value in found else ()
        spoken[language] = tuple(item.text() for item in phrases)
        if not phrases and language.value in found:
            reading.complain(found[language.value], f"intent {key.text()!r} has no phrase here")
        for item in phrases:
            reading.add(item, key.text())
    gives_way = found["gives_way"].text() if "gives_way" in found else "false"
    if gives_way not in ("true", "false"):
        reading.complain(found["gives_way"], f"{gives_way!r} is neither true nor false")
    return Intent(
        name=key.text(),
        kind=Kind(kind),
        within=found["within"].text() if "within" in found else None,
        gives_way=gives_way == "true",
        phrases=spoken,
    )


def _check_parts(value: Value, intents: dict[str, Intent], reading: _Reading) -> None:
    for key, _ in value.pairs():
        intent = intents[key.text()]
        if not key.text().isidentifier() or not key.text().islower():
            reading.complain(key, f"{key.text()!r} is no name of an intent")
        if intent.within is None:
            continue
        whole = intents.get(intent.within)
        if whole is None or whole.within is not None or whole.kind is not Kind.MATTER:
            reading.complain(key, f"{intent.within!r} is no intent of which others are a part")


def _answers(value: Value, reading: _Reading, opposite: frozenset[str]) -> Iterator[str]:
    for item in value.items():
        phrase = reading.checked(item)
        if phrase is None:
            continue
        if phrase in opposite:
            reading.complain(item, f"{item.text()!r} has two meanings")
        yield phrase
