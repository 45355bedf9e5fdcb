"""What running plans change in the distribution, and how it is undone exactly. Pure.

Theory of operation: a *lever* is one value of one team (its open ring, its limit of the wrap-up).
Several plans may want the same lever: the stronger one counts (the widest ring, the shortest
wrap-up), and it is let go only when the last of them has ended. What stood there before the plans
is the lever's `base`: a plan never makes it weaker, and the end of the last one gives exactly it
back. Somebody else who moves a lever meanwhile has set a new base.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from acd.core.plans import (
    Announce,
    OfferCallback,
    OpenMessageBox,
    OpenRingTo,
    Plan,
    Summon,
    WrapUpAtMost,
)
from kernel.ids import TeamId

PROMPTS_AT_MOST = 2
"""More are not listened to between two turns of music."""


class LeverKind(StrEnum):
    RING = "ring"  # the number of the ring; 1 leaves it to the clock
    WRAP_UP = "wrap_up"  # seconds; `NO_LIMIT`: as the rules of the team say


NO_LIMIT = float("inf")
UNTOUCHED: Mapping[LeverKind, float] = {LeverKind.RING: 1, LeverKind.WRAP_UP: NO_LIMIT}
_STRONGER: Mapping[LeverKind, Callable[[float, float], float]] = {
    LeverKind.RING: max,
    LeverKind.WRAP_UP: min,
}

LeverKey = tuple[LeverKind, TeamId]


@dataclass(frozen=True, slots=True)
class Held:
    """A lever that plans hold: `base` stood there without them, `given` is what they gave."""

    base: float
    given: float


@dataclass(frozen=True, slots=True)
class Wants:
    """What all running plans together want. `said`: prompts for each team's waiting callers;
    `callback`: the teams whose callers are offered to be called back; `message`: whose callers may
    leave a message."""

    levers: Mapping[LeverKey, float] = field(default_factory=dict)
    said: Mapping[TeamId, tuple[str, ...]] = field(default_factory=dict)
    callback: frozenset[TeamId] = frozenset()
    message: frozenset[TeamId] = frozenset()


def wants(running: Iterable[Plan]) -> Wants:
    """The strongest of each; prompts in the order of the plans, each once, two at most."""
    levers: dict[LeverKey, float] = {}
    said: dict[TeamId, tuple[str, ...]] = {}
    callback: set[TeamId] = set()
    message: set[TeamId] = set()
    for plan in running:
        if any(isinstance(action, OfferCallback) for action in plan.actions):
            callback.update(plan.teams)
        if any(isinstance(action, OpenMessageBox) for action in plan.actions):
            message.update(plan.teams)
        for key, value in lever_values(plan).items():
            levers[key] = _STRONGER[key[0]](levers.get(key, UNTOUCHED[key[0]]), value)
        for team, prompts in _prompts(plan).items():
            both = dict.fromkeys((*said.get(team, ()), *prompts))
            said[team] = tuple(both)[:PROMPTS_AT_MOST]
    return Wants(levers, said, frozenset(callback), frozenset(message))


def lever_values(plan: Plan) -> dict[LeverKey, float]:
    """What one plan wants of the levers, team by team."""
    found: dict[LeverKey, float] = {}
    for action in plan.actions:
        match action:
            case OpenRingTo():
                found |= {(LeverKind.RING, team): float(action.ring) for team in plan.teams}
            case WrapUpAtMost():
                limit_s = action.limit / timedelta(seconds=1)
                found |= {(LeverKind.WRAP_UP, team): limit_s for team in plan.teams}
            case Announce() | OfferCallback() | OpenMessageBox() | Summon():
                pass
            case _:
                assert_never(action)
    return found


def _prompts(plan: Plan) -> dict[TeamId, tuple[str, ...]]:
    said = [a.prompts for a in plan.actions if isinstance(a, Announce)]
    prompts = tuple(name for names in said for name in names)
    return dict.fromkeys(plan.teams, prompts) if prompts else {}


def pull(kind: LeverKind, actual: float, held: Held | None, wanted: float | None) -> Held | None:
    """How the lever is held from now on, when it stands at `actual` and the plans want `wanted`
    (None: no plan does any more). What to set is `target`."""
    if wanted is None:
        return None
    base = actual if held is None or actual != held.given else held.base
    return Held(base, _STRONGER[kind](base, wanted))


def target(actual: float, held: Held | None, after: Held | None) -> float:
    """Where the lever is to stand, `held` before and `after` a `pull`."""
    if after is not None:
        return after.given
    if held is None or actual != held.given:
        return actual
    return held.base
