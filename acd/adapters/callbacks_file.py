"""Reads `config/callbacks.yaml`. Every fault is told with file and line."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from yaml.nodes import Node

from acd.adapters.yaml_nodes import NodeReader, compose
from acd.core.rules import CallbackRules

_SECONDS = {
    # key: (least, greatest)
    "ring_s": (10, 60),
    "greeting_s": (5, 120),
    "expires_s": (600, 86_400),
}
_ATTEMPTS_AT_MOST = 5
_INTERVAL = (60, 14_400)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


def load_callbacks(path: Path) -> CallbackRules:
    """The rules of the file.

    Raises:
        ConfigurationError: the file is missing, is no YAML, misses a key, has an unknown one, or a
            value breaks a rule; the message names file and line.
    """
    return _Reader(path).rules(compose(path))


class _Reader(NodeReader):
    def rules(self, root: Node | None) -> CallbackRules:
        if root is None:
            raise self._no_file("the file is empty")
        entries = self._mapping(root, (*_SECONDS, "attempts", "intervals_s", "hours"))
        seconds = {
            key: self._duration(self._required(root, entries, key), *limits)
            for key, limits in _SECONDS.items()
        }
        opens, closes = self._hours(self._required(root, entries, "hours"))
        return CallbackRules(
            attempts=self._attempts(self._required(root, entries, "attempts")),
            intervals=self._intervals(self._required(root, entries, "intervals_s")),
            ring=seconds["ring_s"],
            greeting=seconds["greeting_s"],
            opens=opens,
            closes=closes,
            expires_after=seconds["expires_s"],
        )

    def _attempts(self, node: Node) -> int:
        text = self._text(node)
        if not text.isdecimal() or not 1 <= int(text) <= _ATTEMPTS_AT_MOST:
            raise self._fault(node, f"a whole number from 1 to {_ATTEMPTS_AT_MOST} is expected")
        return int(text)

    def _intervals(self, node: Node) -> tuple[timedelta, ...]:
        found = tuple(self._duration(n, *_INTERVAL) for n in self._sequence(node))
        if not found:
            raise self._fault(node, "at least one interval is expected here")
        return found

    def _hours(self, node: Node) -> tuple[timedelta, timedelta]:
        nodes = self._sequence(node)
        if len(nodes) != 2:
            raise self._fault(node, "two times of day are expected here: [07:00, 22:00]")
        opens, closes = (self._time_of_day(n) for n in nodes)
        if opens >= closes:
            raise self._fault(node, "the first time of day must be before the second")
        return opens, closes

    def _time_of_day(self, node: Node) -> timedelta:
        text = self._text(node)
        if _CLOCK.fullmatch(text) is None:
            raise self._fault(node, "a time of day is expected here, from 00:00 to 24:00")
        hour, minute = map(int, text.split(":"))
        return timedelta(hours=hour, minutes=minute)
