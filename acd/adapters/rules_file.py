"""Reads `config/acd.yaml`. Every fault is told with file and line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from acd.core.rules import Rules, TeamRules
from kernel.errors import ConfigurationError
from kernel.ids import TeamId

_SECONDS = {
    # key: (least, greatest)
    "ring_timeout_s": (5, 120),
    "answer_margin_s": (6, 60),
    "grace_s": (5, 600),
    "session_limit_s": (60, 86_400),
    "wanted_agent_s": (5, 600),
    "short_abandon_s": (0, 60),
    "service_level_s": (1, 600),
    "wrap_up_s": (5, 900),
}
_TEXTS = ("default_disposition", "fallback_team")
_TEAM_KEYS = ("overflow_to", "overflow_after_s", "wrap_up_s")


def load_rules(path: Path) -> Rules:
    """The rules of the file.

    Raises:
        ConfigurationError: the file is missing, is no YAML, misses a key, has an unknown one, or a
            value breaks a rule; the message names file and line.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise ConfigurationError(f"{path}:{line}: not YAML") from error
    return _Reader(path).rules(root)


class _Reader:
    """Walks the nodes, which know their lines."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def rules(self, root: Node | None) -> Rules:
        if root is None:
            raise ConfigurationError(f"{self._path}:1: the file is empty")
        entries = self._mapping(root, (*_SECONDS, *_TEXTS, "teams"))
        seconds = {k: self._seconds(root, entries, k) for k in _SECONDS}
        texts = {k: self._text(self._required(root, entries, k)) for k in _TEXTS}
        teams_node = self._required(root, entries, "teams")
        teams = self._teams(teams_node, seconds["wrap_up_s"])
        known = {t.team for t in teams}
        if texts["fallback_team"] not in known:
            raise self._fault(entries["fallback_team"], "fallback_team is none of the teams below")
        return Rules(
            teams=teams,
            fallback_team=TeamId(texts["fallback_team"]),
            ring_timeout=seconds["ring_timeout_s"],
            answer_margin=seconds["answer_margin_s"],
            grace=seconds["grace_s"],
            session_limit=seconds["session_limit_s"],
            wanted_agent_for=seconds["wanted_agent_s"],
            short_abandon=seconds["short_abandon_s"],
            service_level=seconds["service_level_s"],
            default_disposition=texts["default_disposition"],
        )

    def _teams(self, node: Node, wrap_up: timedelta) -> tuple[TeamRules, ...]:
        entries = self._mapping(node, None)
        if not entries:
            raise self._fault(node, "there must be at least one team")
        teams = []
        for name, team_node in entries.items():
            keys = self._mapping(team_node, _TEAM_KEYS)
            other = keys.get("overflow_to")
            if (other is None) != ("overflow_after_s" not in keys):
                raise self._fault(team_node, "overflow_to and overflow_after_s go together")
            if other is not None and (
                self._text(other) not in entries or self._text(other) == name
            ):
                raise self._fault(other, "overflow_to is no other team of this file")
            teams.append(
                TeamRules(
                    team=TeamId(name),
                    wrap_up_limit=(
                        self._duration(keys["wrap_up_s"], *_SECONDS["wrap_up_s"])
                        if "wrap_up_s" in keys
                        else wrap_up
                    ),
                    overflow_to=TeamId(self._text(other)) if other is not None else None,
                    overflow_after=(
                        self._duration(keys["overflow_after_s"], 1, 3600)
                        if other is not None
                        else None
                    ),
                )
            )
        return tuple(teams)

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

    def _seconds(self, root: Node, entries: dict[str, Node], key: str) -> timedelta:
        return self._duration(self._required(root, entries, key), *_SECONDS[key])

    def _duration(self, node: Node, least: int, greatest: int) -> timedelta:
        try:
            value = float(self._text(node))
        except ValueError as error:
            raise self._fault(node, "seconds are expected here") from error
        if not least <= value <= greatest:
            raise self._fault(node, f"seconds must be between {least} and {greatest}")
        return timedelta(seconds=value)

    def _text(self, node: Node) -> str:
        if not isinstance(node, ScalarNode) or not node.value:
            raise self._fault(node, "a value is expected here")
        return str(node.value)

    def _fault(self, node: Node, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self._path}:{node.start_mark.line + 1}: {what}")
