"""Reads `config/acd.yaml`. Every fault is told with file and line."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from yaml.nodes import Node

from acd.adapters.yaml_nodes import NodeReader, compose
from acd.core.rules import (
    RINGS_AT_MOST,
    WRAP_UP_LIMITS,
    Ring,
    Rules,
    Sharing,
    TeamRules,
    WrapUpMode,
)
from kernel.ids import TeamId
from kernel.language import Language

_SECONDS = {
    # key: (least, greatest)
    "ring_timeout_s": (5, 120),
    "answer_margin_s": (6, 60),
    "grace_s": (5, 600),
    "session_limit_s": (60, 86_400),
    "left_alone_s": (5, 120),
    "wanted_agent_s": (5, 600),
    "short_abandon_s": (0, 60),
    "service_level_s": (1, 600),
    "wrap_up_s": (5, 900),
}
_TEXTS = ("default_disposition", "fallback_team", "wrap_up_mode")
_TEAM_KEYS = ("rings", "wrap_up_s", "wrap_up_mode")
_RING_KEYS = (
    "stay_s", "own_only", "add_teams", "least_level", "drop_languages", "help_regardless",
)  # fmt: skip
_SHARING = {
    # key: (least, greatest)
    "own_first_after_s": (0, 600),
    "window_s": (60, 3600),
}
_STAY = (1, 3600)


def load_rules(path: Path) -> Rules:
    """The rules of the file.

    Raises:
        ConfigurationError: the file is missing, is no YAML, misses a key, has an unknown one, or a
            value breaks a rule; the message names file and line.
    """
    return _Reader(path).rules(compose(path))


class _Reader(NodeReader):
    """Walks the nodes, which know their lines."""

    def rules(self, root: Node | None) -> Rules:
        if root is None:
            raise self._no_file("the file is empty")
        entries = self._mapping(root, (*_SECONDS, *_TEXTS, "sharing", "teams"))
        seconds = {k: self._seconds(root, entries, k) for k in _SECONDS}
        texts = {k: self._text(self._required(root, entries, k)) for k in _TEXTS}
        teams_node = self._required(root, entries, "teams")
        mode = self._mode(entries["wrap_up_mode"])
        teams = self._teams(teams_node, mode, seconds["wrap_up_s"])
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
            left_alone_after=seconds["left_alone_s"],
            wanted_agent_for=seconds["wanted_agent_s"],
            short_abandon=seconds["short_abandon_s"],
            service_level=seconds["service_level_s"],
            default_disposition=texts["default_disposition"],
            sharing=self._sharing(entries.get("sharing")),
        )

    def _sharing(self, node: Node | None) -> Sharing | None:
        """Without the group the rings alone decide who helps whom."""
        if node is None:
            return None
        entries = self._mapping(node, (*_SHARING, "least_level", "least_calls"))
        seconds = {
            key: self._duration(self._required(node, entries, key), *limits)
            for key, limits in _SHARING.items()
        }
        level_node = self._required(node, entries, "least_level")
        calls_node = self._required(node, entries, "least_calls")
        if not self._text(calls_node).isdecimal():
            raise self._fault(calls_node, "a whole number is expected here")
        return Sharing(
            least_level=self._number(level_node, 0, 1, "a part"),
            least_calls=int(self._text(calls_node)),
            window=seconds["window_s"],
            own_first_after=seconds["own_first_after_s"],
        )

    def _teams(self, node: Node, mode: WrapUpMode, wrap_up: timedelta) -> tuple[TeamRules, ...]:
        entries = self._mapping(node, None)
        if not entries:
            raise self._fault(node, "there must be at least one team")
        teams = []
        for name, team_node in entries.items():
            keys = self._mapping(team_node, _TEAM_KEYS)
            own = self._mode(keys["wrap_up_mode"]) if "wrap_up_mode" in keys else mode
            teams.append(
                TeamRules(
                    team=TeamId(name),
                    wrap_up_mode=own,
                    wrap_up_limit=self._wrap_up_limit(keys.get("wrap_up_s"), own, wrap_up),
                    rings=self._rings(TeamId(name), keys.get("rings"), entries.keys()),
                )
            )
        return tuple(teams)

    # --- wrap-up ---------------------------------------------------------------------------

    def _mode(self, node: Node) -> WrapUpMode:
        text = self._text(node)
        if text not in {mode.value for mode in WrapUpMode}:
            raise self._fault(node, f"wrap_up_mode is one of {', '.join(WrapUpMode)}")
        return WrapUpMode(text)

    def _wrap_up_limit(self, node: Node | None, mode: WrapUpMode, usual: timedelta) -> timedelta:
        """The team's own, or the usual one; where no limit presses, the longest there is."""
        if node is not None:
            return self._duration(node, *_SECONDS["wrap_up_s"])
        return WRAP_UP_LIMITS[1] if mode is WrapUpMode.MANDATORY else usual

    # --- rings -----------------------------------------------------------------------------

    def _rings(self, team: TeamId, node: Node | None, known: Collection[str]) -> tuple[Ring, ...]:
        """A team without rings keeps its calls to itself: one ring, for ever."""
        if node is None:
            return (Ring(teams=(team,)),)
        nodes = self._sequence(node)
        if not 1 <= len(nodes) <= RINGS_AT_MOST:
            raise self._fault(node, f"one to {RINGS_AT_MOST} rings are expected here")
        rings: list[Ring] = []
        for number, ring_node in enumerate(nodes, start=1):
            before = rings[-1] if rings else None
            ring = self._ring(team, ring_node, before, known, last=number == len(nodes))
            rings.append(ring)
        return tuple(rings)

    def _ring(
        self, team: TeamId, node: Node, before: Ring | None, known: Collection[str], *, last: bool
    ) -> Ring:
        """One ring, what the rings before admit included."""
        keys = self._mapping(node, _RING_KEYS)
        if last is ("stay_s" in keys):
            raise self._fault(node, "each ring but the last needs stay_s, and the last has none")
        stay = self._duration(keys["stay_s"], *_STAY) if "stay_s" in keys else None
        narrowest = before or Ring(teams=(team,))
        level = self._level(keys.get("least_level"), before)
        teams = self._added_teams(keys.get("add_teams"), narrowest.teams, known)
        dropped = self._dropped(keys.get("drop_languages"), narrowest.languages_dropped)
        own_only = self._flag(keys.get("own_only"))
        if own_only and (teams != (team,) or not narrowest.own_only and before is not None):
            raise self._fault(keys["own_only"], "own_only is for the first rings, without others")
        ring = Ring(
            stay=stay,
            teams=teams,
            least_level=level,
            languages_dropped=dropped,
            own_only=own_only,
            help_regardless=self._regardless(keys.get("help_regardless"), narrowest),
        )
        if before is not None and replace(ring, stay=before.stay) == before:
            raise self._fault(node, "this ring admits nobody new")
        return ring

    def _regardless(self, node: Node | None, before: Ring) -> bool:
        if node is not None and before.help_regardless:
            raise self._fault(node, "the ring before is open regardless already")
        return before.help_regardless or self._flag(node)

    def _flag(self, node: Node | None) -> bool:
        if node is None:
            return False
        if self._text(node) != "true":
            raise self._fault(node, "true is expected here, or nothing at all")
        return True

    def _level(self, node: Node | None, before: Ring | None) -> int:
        """As in the ring before when nothing is said; every level in the first."""
        if node is None:
            return before.least_level if before else 1
        text = self._text(node)
        level = int(text) if text.isdecimal() else 0
        if not 1 <= level <= 10:
            raise self._fault(node, "a skill level from 1 to 10 is expected here")
        if before is not None and level > before.least_level:
            raise self._fault(node, "a later ring may not demand more than the one before")
        return level

    def _added_teams(
        self, node: Node | None, before: tuple[TeamId, ...], known: Collection[str]
    ) -> tuple[TeamId, ...]:
        teams = list(before)
        for name_node in self._sequence(node) if node is not None else ():
            name = self._text(name_node)
            if name not in known:
                raise self._fault(name_node, f"{name} is no team of this file")
            if name in teams:
                raise self._fault(name_node, f"{name} serves these calls already")
            teams.append(TeamId(name))
        return tuple(teams)

    def _dropped(self, node: Node | None, before: frozenset[Language]) -> frozenset[Language]:
        dropped = set(before)
        for code_node in self._sequence(node) if node is not None else ():
            code = self._text(code_node)
            if code not in {language.value for language in Language}:
                raise self._fault(code_node, f"{code} is no language of the hotline")
            if Language(code) in dropped:
                raise self._fault(code_node, f"{code} is not demanded any more")
            dropped.add(Language(code))
        return frozenset(dropped)

    def _seconds(self, root: Node, entries: dict[str, Node], key: str) -> timedelta:
        return self._duration(self._required(root, entries, key), *_SECONDS[key])
