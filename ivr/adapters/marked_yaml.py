"""YAML that remembers where each value stands, so that every complaint names file and line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from kernel.errors import ConfigurationError

DEEPEST = 20


def complaint(source: str, line: int, message: str) -> ConfigurationError:
    """`line` counts from 1."""
    return ConfigurationError(f"{source}:{line}: {message}")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a file. The readers below raise ConfigurationError with file and line."""

    source: str
    node: yaml.Node

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    @property
    def plain(self) -> bool:
        """A single value, neither a list nor a group of fields."""
        return isinstance(self.node, yaml.ScalarNode)

    def wrong(self, message: str) -> ConfigurationError:
        return complaint(self.source, self.line, message)

    def text(self) -> str:
        """A scalar as it is written, without YAML's guesses (`0`, `no` and `1` stay text)."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.wrong("must be a text")
        return str(self.node.value).strip()

    def number(self, least: float, most: float) -> float:
        try:
            value = float(self.text())
        except ValueError as error:
            raise self.wrong(f"{self.text()!r} is not a number") from error
        if not least <= value <= most:
            raise self.wrong(f"{value:g} is not between {least:g} and {most:g}")
        return value

    def items(self) -> tuple[Value, ...]:
        """The entries of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.wrong("must be a list")
        return tuple(Value(self.source, node) for node in self.node.value)

    def pairs(self) -> Iterator[tuple[Value, Value]]:
        """(key, value) of a mapping in file order; a key written twice is an error."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong("must be a group of fields")
        seen: set[str] = set()
        for key_node, value_node in self.node.value:
            key = Value(self.source, key_node)
            if key.text() in seen:
                raise key.wrong(f"{key.text()!r} is written twice")
            seen.add(key.text())
            yield key, Value(self.source, value_node)

    def fields(self, required: frozenset[str], optional: frozenset[str]) -> dict[str, Value]:
        """A mapping with known names only. Raises for a missing and for an unknown name."""
        found: dict[str, Value] = {}
        for key, value in self.pairs():
            if key.text() not in required | optional:
                raise key.wrong(f"unknown field {key.text()!r}")
            found[key.text()] = value
        missing = sorted(required - found.keys())
        if missing:
            raise self.wrong(f"lacks {', '.join(missing)}")
        return found


def read(path: Path) -> Value:
    """The whole file. Raises ConfigurationError if it is missing, no YAML, or empty."""
    return read_text(str(path), text_of(path))


def text_of(path: Path) -> str:
    """Raises ConfigurationError if the file is missing or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise complaint(str(path), 1, "there is no such file") from error
    except UnicodeDecodeError as error:
        raise complaint(str(path), 1, "is not UTF-8") from error


def read_text(source: str, body: str) -> Value:
    """As `read`; `source` is what complaints call the text."""
    _demand_flat(source, body)
    try:
        node = yaml.compose(body, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise complaint(source, line, f"not YAML ({error.problem})") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise complaint(source, 1, f"not YAML ({error})") from error
    if node is None:
        raise complaint(source, 1, "the file is empty")
    return Value(source, node)


def _demand_flat(source: str, body: str) -> None:
    """Raises ConfigurationError for nesting deeper than any file of ours needs: the parser recurses
    and takes many seconds to give up."""
    depth = 0
    for number, line in enumerate(body.split("\n"), start=1):
        for character in line:
            depth += (character in "[{") - (character in "]}")
            if depth > DEEPEST:
                raise complaint(source, number, "is nested too deeply")
        if len(line) - len(line.lstrip(" -")) > 4 * DEEPEST:
            raise complaint(source, number, "is nested too deeply")
