"""A walk over YAML nodes, which know their lines: what reviewed data is read by."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from kernel.errors import ConfigurationError


def compose(path: Path) -> Node | None:
    """The file's root node; None for an empty file.

    Raises:
        ConfigurationError: the file is missing or no YAML; the message names file and line.
    """
    try:
        return yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise ConfigurationError(f"{path}:{line}: not YAML") from error


class NodeReader:
    """What may stand at a node; anything else is a ConfigurationError with file and line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _sequence(self, node: Node) -> list[Node]:
        if not isinstance(node, SequenceNode):
            raise self._fault(node, "a list is expected here")
        return list(node.value)

    def _mapping(self, node: Node, allowed: tuple[str, ...] | None) -> dict[str, Node]:
        if not isinstance(node, MappingNode):
            raise self._fault(node, "a group of settings is expected here")
        entries: dict[str, Node] = {}
        for key_node, value in node.value:
            key = self._text(key_node)
            if allowed is not None and key not in allowed:
                raise self._fault(key_node, f"unknown setting {key}")
            if key in entries:
                raise self._fault(key_node, f"setting {key} stands twice")
            entries[key] = value
        return entries

    def _required(self, root: Node, entries: dict[str, Node], key: str) -> Node:
        if key not in entries:
            raise self._fault(root, f"setting {key} is missing")
        return entries[key]

    def _duration(self, node: Node, least: float, greatest: float) -> timedelta:
        return timedelta(seconds=self._number(node, least, greatest, "seconds"))

    def _number(self, node: Node, least: float, greatest: float, what: str) -> float:
        verb = "are" if what.endswith("s") else "is"
        try:
            value = float(self._text(node))
        except ValueError as error:
            raise self._fault(node, f"{what} {verb} expected here") from error
        if not least <= value <= greatest:
            raise self._fault(node, f"{what} must be between {least:g} and {greatest:g}")
        return value

    def _text(self, node: Node) -> str:
        if not isinstance(node, ScalarNode) or not node.value:
            raise self._fault(node, "a value is expected here")
        return str(node.value)

    def _fault(self, node: Node, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self._path}:{node.start_mark.line + 1}: {what}")

    def _no_file(self, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self._path}:1: {what}")
