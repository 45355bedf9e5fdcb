"""Reads `config/plans.yaml`. Every fault is told with file and line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path

from yaml.nodes import Node

from acd.adapters.yaml_nodes import NodeReader, compose
from acd.core.plan_levers import PROMPTS_AT_MOST
from acd.core.plans import (
    HALL,
    Action,
    Announce,
    Combine,
    Measure,
    OfferCallback,
    OpenMessageBox,
    OpenRingTo,
    Plan,
    Summon,
    Trigger,
    WrapUpAtMost,
)
from acd.core.rules import WRAP_UP_LIMITS, Rules
from kernel.ids import TeamId

_HALL, _EACH_TEAM = "hall", "each_team"
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TIMES = {
    # key: (least, greatest) seconds
    "start_after_s": (0, 600),
    "end_after_s": (10, 1800),
    "least_s": (60, 14_400),
    "cool_down_s": (0, 14_400),
    "by_hand_s": (600, 86_400),
}
_KEYS = ("id", "zh", "en", "measured", "when", "triggers", "actions", *_TIMES)
_MAY = ("hours", "dates")
_ACTIONS = ("open_ring", "wrap_up_s", "announce", "offer_callback", "message_box", "summon")
_THRESHOLDS: Mapping[Measure, tuple[float, float]] = {
    Measure.WAITING: (0, 10_000),
    Measure.LONGEST_WAIT: (0, 3600),
    Measure.SERVICE_LEVEL: (0, 1),
    Measure.ABANDONS: (0, 10_000),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What the file may speak of."""

    rules: Rules
    prompts: Collection[str]
    reasons: Collection[str]
    """Of not being ready, as operators choose them."""


def load_plans(path: Path, known: Known) -> tuple[Plan, ...]:
    """The plans of the file, in its order; one of `each_team` becomes one for every team.

    Raises:
        ConfigurationError: the file is missing, is no YAML, misses a key, has an unknown one, or a
            value breaks a rule; the message names file and line.
    """
    return _Reader(path, known).plans(compose(path))


class _Reader(NodeReader):
    def __init__(self, path: Path, known: Known) -> None:
        super().__init__(path)
        self._known = known
        self._team_ids = [t.team for t in known.rules.teams]

    def plans(self, root: Node | None) -> tuple[Plan, ...]:
        if root is None:
            raise self._no_file("the file is empty")
        nodes = self._sequence(self._required(root, self._mapping(root, ("plans",)), "plans"))
        plans: list[Plan] = []
        for node in nodes:
            for plan in self._plan(node):
                if any(p.plan_id == plan.plan_id for p in plans):
                    raise self._fault(node, f"a plan {plan.plan_id} stands above already")
                plans.append(plan)
        return tuple(plans)

    def _plan(self, node: Node) -> list[Plan]:
        keys = self._mapping(node, (*_KEYS, *_MAY))
        for key in _KEYS:
            self._required(node, keys, key)
        plan_id = self._text(keys["id"])
        if not _ID.fullmatch(plan_id):
            raise self._fault(keys["id"], "an id is small letters, digits and _, 40 at most")
        measured = self._text(keys["measured"])
        if measured not in (_HALL, _EACH_TEAM, *self._team_ids):
            raise self._fault(keys["measured"], f"{measured} is neither a team nor {_HALL}")
        if measured == _EACH_TEAM:
            return [self._of(f"{plan_id}.{team}", (team,), team, keys) for team in self._team_ids]
        if measured == _HALL:
            return [self._of(plan_id, tuple(self._team_ids), HALL, keys)]
        team = TeamId(measured)
        return [self._of(plan_id, (team,), team, keys)]

    def _of(
        self, plan_id: str, teams: tuple[TeamId, ...], measured: TeamId, keys: dict[str, Node]
    ) -> Plan:
        times = {key: self._duration(keys[key], *limits) for key, limits in _TIMES.items()}
        when = self._text(keys["when"])
        if when not in (Combine.ANY, Combine.ALL):
            raise self._fault(keys["when"], "when is any or all")
        return Plan(
            plan_id=plan_id,
            zh=self._name(keys["zh"], 20),
            en=self._name(keys["en"], 40),
            measured=measured,
            teams=teams,
            triggers=self._triggers(keys["triggers"]),
            combine=Combine(when),
            actions=self._actions(keys["actions"], teams),
            start_after=times["start_after_s"],
            end_after=times["end_after_s"],
            least=times["least_s"],
            cool_down=times["cool_down_s"],
            by_hand_for=times["by_hand_s"],
            hours=self._hours(keys.get("hours")),
            dates=self._dates(keys.get("dates")),
        )

    def _name(self, node: Node, limit: int) -> str:
        text = self._text(node)
        if len(text) > limit:
            raise self._fault(node, f"a name has {limit} characters at most")
        return text

    # --- when ------------------------------------------------------------------------------

    def _triggers(self, node: Node) -> tuple[Trigger, ...]:
        triggers = [self._trigger(n) for n in self._sequence(node)]
        if not triggers:
            raise self._fault(node, "a plan needs a trigger")
        if len({t.measure for t in triggers}) != len(triggers):
            raise self._fault(node, "each measure has one trigger")
        return tuple(triggers)

    def _trigger(self, node: Node) -> Trigger:
        keys = self._mapping(node, ("measure", "start", "end"))
        text = self._text(self._required(node, keys, "measure"))
        if text not in {m.value for m in Measure}:
            raise self._fault(node, f"measure is one of {', '.join(Measure)}")
        measure = Measure(text)
        limits = _THRESHOLDS[measure]
        start, end = (
            self._number(self._required(node, keys, key), *limits, "a threshold")
            for key in ("start", "end")
        )
        trigger = Trigger(measure, start, end)
        if not (start < end if trigger.falling else end < start):
            side = "above" if trigger.falling else "below"
            raise self._fault(node, f"end must be {side} start, or the plan would come and go")
        return trigger

    def _hours(self, node: Node | None) -> tuple[time, time] | None:
        if node is None:
            return None
        first, last = self._pair(node)
        try:
            hours = (
                time.fromisoformat(self._text(first)),
                time.fromisoformat(self._text(last)),
            )
        except ValueError as error:
            raise self._fault(node, "two times are expected here, as 08:00") from error
        if hours[0] >= hours[1]:
            raise self._fault(node, "the first time must be before the second")
        return hours

    def _dates(self, node: Node | None) -> tuple[date, date] | None:
        if node is None:
            return None
        first, last = self._pair(node)
        try:
            dates = (
                date.fromisoformat(self._text(first)),
                date.fromisoformat(self._text(last)),
            )
        except ValueError as error:
            raise self._fault(node, "two dates are expected here, as 2027-01-20") from error
        if dates[0] > dates[1]:
            raise self._fault(node, "the first date must not be after the second")
        return dates

    def _pair(self, node: Node) -> tuple[Node, Node]:
        nodes = self._sequence(node)
        if len(nodes) != 2:
            raise self._fault(node, "a first and a last are expected here")
        return nodes[0], nodes[1]

    # --- what ------------------------------------------------------------------------------

    def _actions(self, node: Node, teams: tuple[TeamId, ...]) -> tuple[Action, ...]:
        keys = self._mapping(node, _ACTIONS)
        if not keys:
            raise self._fault(node, "a plan does something")
        actions: list[Action] = []
        if "open_ring" in keys:
            actions.append(OpenRingTo(self._ring(keys["open_ring"], teams)))
        if "wrap_up_s" in keys:
            least, most = (limit / timedelta(seconds=1) for limit in WRAP_UP_LIMITS)
            actions.append(WrapUpAtMost(self._duration(keys["wrap_up_s"], least, most)))
        if "announce" in keys:
            actions.append(Announce(self._prompts(keys["announce"])))
        if "offer_callback" in keys:
            self._true(keys["offer_callback"])
            actions.append(OfferCallback())
        if "message_box" in keys:
            self._true(keys["message_box"])
            actions.append(OpenMessageBox())
        if "summon" in keys:
            actions.append(Summon(self._reasons(keys["summon"])))
        return tuple(actions)

    def _true(self, node: Node) -> None:
        if self._text(node) != "true":
            raise self._fault(node, "true is expected here, or nothing")

    def _ring(self, node: Node, teams: tuple[TeamId, ...]) -> int:
        text = self._text(node)
        last = min(self._known.rules.team(team).last_ring for team in teams)
        if not text.isdecimal() or not 2 <= int(text) <= last:
            raise self._fault(node, f"a ring from 2 to {last} is expected here")
        return int(text)

    def _prompts(self, node: Node) -> tuple[str, ...]:
        nodes = self._sequence(node)
        if not 1 <= len(nodes) <= PROMPTS_AT_MOST:
            raise self._fault(node, f"one to {PROMPTS_AT_MOST} prompts are expected here")
        for name in nodes:
            if self._text(name) not in self._known.prompts:
                raise self._fault(name, f"there is no prompt {self._text(name)}")
        return tuple(self._text(name) for name in nodes)

    def _reasons(self, node: Node) -> tuple[str, ...]:
        nodes = self._sequence(node)
        if not nodes:
            raise self._fault(node, "a reason of not being ready is expected here")
        for name in nodes:
            if self._text(name) not in self._known.reasons:
                raise self._fault(name, f"nobody is not ready for {self._text(name)}")
        return tuple(self._text(name) for name in nodes)
