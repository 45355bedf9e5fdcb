"""Reviewed data in YAML, read so that each complaint names file and line.

Knows nothing of the directory's words: it hands out typed fields of one mapping at a time. Its
complaints are for whoever edits the files, on a terminal; they are no texts of a screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import NoReturn, TypeVar

import yaml

from kernel.errors import ConfigurationError

E = TypeVar("E", bound=StrEnum)
_STR, _INT, _FLOAT, _BOOL = (
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool")
)


class Item:
    """One mapping of a file. Every field must be asked for before `finish`."""

    def __init__(self, file: Path, node: yaml.MappingNode) -> None:
        self._file = file
        self._node = node
        self._fields: dict[str, yaml.Node] = {}
        self._asked: set[str] = set()
        for key, value in node.value:
            if key.value in self._fields:
                fail(file, key, f"field `{key.value}` appears twice")
            self._fields[key.value] = value

    @property
    def line(self) -> int:
        return int(self._node.start_mark.line) + 1

    def wrong(self, message: str, key: str | None = None) -> NoReturn:
        """Raises ConfigurationError at this field, or at the beginning of the item."""
        fail(self._file, self._fields.get(key or "", self._node), message)

    def has(self, key: str) -> bool:
        return key in self._fields

    def text(self, key: str) -> str:
        value = self._scalar(key, _STR, "text (quote a number)").strip()
        return value or self.wrong(f"field `{key}` is empty", key)

    def text_or_none(self, key: str) -> str | None:
        return self.text(key) if self.has(key) else None

    def integer(self, key: str, least: int = 0, most: int = 1_000_000) -> int:
        return self._within(key, int(self._scalar(key, _INT, "a whole number")), least, most)

    def fraction(self, key: str) -> float:
        node = self._take(key)
        if not isinstance(node, yaml.ScalarNode) or node.tag not in (_INT, _FLOAT):
            self.wrong(f"field `{key}` must be a number from 0 to 1", key)
        value = float(node.value)
        return value if 0 <= value <= 1 else self.wrong(f"field `{key}` must be from 0 to 1", key)

    def flag(self, key: str) -> bool:
        """False when absent."""
        return self.has(key) and self._scalar(key, _BOOL, "true or false") == "true"

    def choice(self, key: str, options: type[E]) -> E:
        return self._option(self._take(key), key, options)

    def choices(self, key: str, options: type[E]) -> tuple[E, ...]:
        return tuple(self._option(node, key, options) for node in self._sequence(key))

    def texts(self, key: str) -> tuple[str, ...]:
        nodes = self._sequence(key)
        if any(not isinstance(n, yaml.ScalarNode) or n.tag != _STR for n in nodes):
            self.wrong(f"field `{key}` must be a list of texts", key)
        return tuple(n.value for n in nodes)

    def integers(self, key: str, least: int = 0, most: int = 1_000_000) -> tuple[int, ...]:
        nodes = self._sequence(key)
        if not nodes or any(not isinstance(n, yaml.ScalarNode) or n.tag != _INT for n in nodes):
            self.wrong(f"field `{key}` must be a list of whole numbers", key)
        return tuple(self._within(key, int(n.value), least, most) for n in nodes)

    def item(self, key: str) -> Item:
        node = self._take(key)
        if not isinstance(node, yaml.MappingNode):
            self.wrong(f"field `{key}` must be a group of fields", key)
        return Item(self._file, node)

    def items(self, key: str) -> Iterator[Item]:
        """Each mapping of a list, `finish`ed for the reader when the next one is asked for."""
        for node in self._sequence(key):
            if not isinstance(node, yaml.MappingNode):
                fail(self._file, node, f"each item of `{key}` must be a group of fields")
            item = Item(self._file, node)
            yield item
            item.finish()

    def finish(self) -> None:
        """Raises ConfigurationError when a field was never asked for (a misspelt name)."""
        for key in self._fields.keys() - self._asked:
            self.wrong(f"unknown field `{key}`", key)

    def _take(self, key: str) -> yaml.Node:
        self._asked.add(key)
        if key not in self._fields:
            self.wrong(f"field `{key}` is missing")
        return self._fields[key]

    def _scalar(self, key: str, tag: str, wanted: str) -> str:
        node = self._take(key)
        if not isinstance(node, yaml.ScalarNode) or node.tag != tag:
            self.wrong(f"field `{key}` must be {wanted}", key)
        return str(node.value)

    def _sequence(self, key: str) -> list[yaml.Node]:
        node = self._take(key)
        if not isinstance(node, yaml.SequenceNode):
            self.wrong(f"field `{key}` must be a list", key)
        return list(node.value)

    def _option(self, node: yaml.Node, key: str, options: type[E]) -> E:
        try:
            return options(node.value)
        except ValueError:
            self.wrong(f"field `{key}` must be one of {', '.join(options)}", key)

    def _within(self, key: str, value: int, least: int, most: int) -> int:
        if not least <= value <= most:
            self.wrong(f"field `{key}` must be from {least} to {most}", key)
        return value


def read(file: Path) -> Item:
    """The file's outermost mapping. Raises ConfigurationError for anything else."""
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file}: is not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{file}:{line}: not YAML ({error.problem})") from error
    if not isinstance(node, yaml.MappingNode):
        raise ConfigurationError(f"{file}:1: the file must be a group of fields")
    return Item(file, node)


def fail(file: Path, node: yaml.Node, message: str) -> NoReturn:
    raise ConfigurationError(f"{file}:{node.start_mark.line + 1}: {message}")
