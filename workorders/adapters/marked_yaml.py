"""YAML that remembers where each value stands, so that every complaint names file and line."""

from __future__ import annotations

from collections.abc import Set
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import yaml

from kernel.errors import ConfigurationError

Choice = TypeVar("Choice", bound=StrEnum)


class Node:
    """One value of a file: a scalar, a list or a mapping, with its place."""

    def __init__(self, path: Path, node: yaml.Node) -> None:
        self._path = path
        self._node = node

    def fault(self, complaint: str) -> ConfigurationError:
        """The error to raise: `file:line: complaint`."""
        return ConfigurationError(
            f"{self._path.name}:{self._node.start_mark.line + 1}: {complaint}"
        )

    def mapping(self, required: Set[str], optional: Set[str] = frozenset()) -> dict[str, Node]:
        """The entries by key. Raises ConfigurationError for a key missing, unknown or repeated."""
        found = self.entries()
        for key in required - found.keys():
            raise self.fault(f"`{key}` is missing")
        for key in found.keys() - required - optional:
            raise found[key].fault(f"`{key}` is not known here")
        return found

    def entries(self) -> dict[str, Node]:
        """A mapping with keys of one's own choice. Raises ConfigurationError."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.fault("a mapping is expected")
        found: dict[str, Node] = {}
        for key, value in self._node.value:
            name = Node(self._path, key).text()
            if name in found:
                raise Node(self._path, key).fault(f"`{name}` stands here twice")
            found[name] = Node(self._path, value)
        return found

    def items(self) -> list[Node]:
        """Raises ConfigurationError unless this is a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.fault("a list is expected")
        return [Node(self._path, item) for item in self._node.value]

    def text(self, *, empty: bool = True) -> str:
        """A scalar as it is written. Raises ConfigurationError."""
        if not isinstance(self._node, yaml.ScalarNode):
            raise self.fault("a plain value is expected")
        if not empty and not self._node.value.strip():
            raise self.fault("an empty value is not allowed here")
        value: str = self._node.value
        return value

    def texts(self) -> tuple[str, ...]:
        return tuple(item.text(empty=False) for item in self.items())

    def integer(self, minimum: int = 0) -> int:
        text = self.text()
        if not text.isdecimal() or int(text) < minimum:
            raise self.fault(f"a whole number from {minimum} is expected, not `{text}`")
        return int(text)

    def boolean(self) -> bool:
        text = self.text()
        if text not in ("true", "false"):
            raise self.fault(f"true or false is expected, not `{text}`")
        return text == "true"

    def day(self) -> date:
        text = self.text()
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise self.fault(f"a day like 2026-11-24 is expected, not `{text}`") from error

    def choice(self, kind: type[Choice]) -> Choice:
        text = self.text()
        try:
            return kind(text)
        except ValueError as error:
            known = ", ".join(kind)
            raise self.fault(f"`{text}` is none of {known}") from error


def read(path: Path) -> Node:
    """The root of a file. Raises ConfigurationError if it is missing, empty or no YAML."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigurationError(f"{path.name}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{path.name}:{line}: {error.problem}") from error
    if root is None:
        raise ConfigurationError(f"{path.name}:1: the file is empty")
    return Node(path, root)
