"""The prompt catalogue read from `config/ivr/prompts.yaml`."""

from __future__ import annotations

import re
from pathlib import Path

from ivr.adapters.marked_yaml import Value, read
from ivr.core.catalogue import PromptCatalogue
from ivr.core.flow import LANGUAGE_ORDER
from ivr.core.spoken import COUNT_LIMIT, count_words
from kernel.language import Language

_LANGUAGES = frozenset(language.value for language in Language)
_SERIES = frozenset({"from", "to"})
_PAIRS = frozenset({"pairs"})
# The name becomes a file name and an argument of the dialplan.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_LONGEST_TEXT = 400


def load_prompts(path: Path) -> PromptCatalogue:
    """Read the catalogue; every prompt has all three languages.

    Raises:
        ConfigurationError: `file:line: what is wrong`, at the first mistake.
    """
    found = read(path).fields(frozenset({"prompts", "series", "readings"}), frozenset())
    texts: dict[str, dict[Language, str]] = {}
    for key, value in found["prompts"].pairs():
        _add(texts, key, key.text(), _texts(value.fields(_LANGUAGES, frozenset())))
    for key, value in found["series"].pairs():
        _add_series(texts, key, value)
    readings: dict[Language, dict[str, str]] = {}
    for key, value in found["readings"].pairs():
        if key.text() not in _LANGUAGES:
            raise key.wrong(f"unknown language {key.text()!r}")
        readings[Language(key.text())] = {k.text(): v.text() for k, v in value.pairs()}
    return PromptCatalogue(texts=texts, readings={n: readings.get(n, {}) for n in Language})


def _texts(found: dict[str, Value]) -> dict[Language, str]:
    texts = {}
    for language in LANGUAGE_ORDER:
        value = found[language.value]
        text = value.text()
        if not 0 < len(text) <= _LONGEST_TEXT:
            raise value.wrong(f"must have 1 to {_LONGEST_TEXT} characters")
        texts[language] = text
    return texts


def _add_series(texts: dict[str, dict[Language, str]], key: Value, value: Value) -> None:
    """One prompt for each number, or pair of numbers. In the text `{n}` and `{m}` are counts
    (两位), `{d}` is a figure (二)."""
    found = value.fields(_LANGUAGES, _SERIES | _PAIRS)
    if "{n}" not in key.text():
        raise key.wrong("the name of a series must hold {n}")
    numbers = _pairs(found) if "pairs" in found else _row(value, found)
    templates = _texts(found)
    for first, second in numbers:
        said = {
            language: template.replace("{n}", count_words(first, language))
            .replace("{m}", count_words(second, language))
            .replace("{d}", str(first))
            for language, template in templates.items()
        }
        name = key.text().replace("{n}", str(first)).replace("{m}", str(second))
        _add(texts, key, name, said)


def _row(value: Value, found: dict[str, Value]) -> list[tuple[int, int]]:
    """The numbers `from` .. `to`; the second of each pair is the same."""
    missing = sorted(_SERIES - found.keys())
    if missing:
        raise value.wrong(f"lacks {', '.join(missing)}")
    first = int(found["from"].number(0, COUNT_LIMIT))
    last = int(found["to"].number(first, COUNT_LIMIT))
    return [(n, n) for n in range(first, last + 1)]


def _pairs(found: dict[str, Value]) -> list[tuple[int, int]]:
    """The `pairs`, each of two numbers."""
    numbers = []
    for pair in found["pairs"].items():
        both = pair.items()
        if len(both) != 2:
            raise pair.wrong("must be two numbers")
        low = int(both[0].number(0, COUNT_LIMIT))
        numbers.append((low, int(both[1].number(low, COUNT_LIMIT))))
    return numbers


def _add(
    texts: dict[str, dict[Language, str]], key: Value, name: str, said: dict[Language, str]
) -> None:
    if not _NAME.fullmatch(name):
        raise key.wrong(f"{name!r} is no name of a prompt: small letters, digits, underscores")
    if name in texts:
        raise key.wrong(f"prompt {name!r} is written twice")
    texts[name] = said
