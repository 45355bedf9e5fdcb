"""The real core in virtual time: an agenda of what is to happen, and a floor that is stepped by it.

Pure: seconds pass as the agenda says, and nothing happens but what was put on it. The benchmark of
routing and `acd.core.what_if` play their days on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from heapq import heappop, heappush
from math import inf
from typing import Any

from acd.core import effects as fx
from acd.core.floor import Floor
from acd.core.inputs import Input, TimerExpired, TimerKey
from acd.core.rules import Rules
from acd.core.step import step

ORDER_S = 0.02
"""From an order to what the telephone does about it."""


class Agenda:
    """`now` in seconds since the beginning. What stands at one moment happens in the order in which
    it was put there."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._number = 0

    def at(self, moment: float, action: Callable[..., None], *values: Any) -> None:
        self._number += 1
        heappush(self._heap, (moment, self._number, action, values))

    def after(self, seconds: float, action: Callable[..., None], *values: Any) -> None:
        self.at(self.now + seconds, action, *values)

    def play(self, until: float = inf) -> None:
        """Until nothing is left, or nothing before `until`."""
        heap = self._heap
        while heap and heap[0][0] < until:
            self.now, _, action, values = heappop(heap)
            action(*values)


class VirtualFloor:
    """Steps the core at the agenda's time, runs its timers, and hands its other effects over.

    `acts` says what is to be done for an effect's type; others have no consequence.
    """

    def __init__(
        self,
        rules: Rules,
        agenda: Agenda,
        start: datetime,
        acts: Mapping[type[Any], Callable[[Any], None]],
    ) -> None:
        self.floor = Floor(rules)
        self._agenda = agenda
        self._start = start
        self._timers: dict[TimerKey, datetime] = {}
        self._acts: Mapping[type[Any], Callable[[Any], None]] = {
            **acts,
            fx.StartTimer: self._start_timer,
            fx.CancelTimer: self._cancel_timer,
        }

    def feed(self, item: Input) -> None:
        """One step. Raises HotlineError for a command that is refused."""
        _, effects = step(self.floor, item, self.time())
        for effect in effects:
            act = self._acts.get(type(effect))
            if act is not None:
                act(effect)

    def time(self) -> datetime:
        return self._start + timedelta(seconds=self._agenda.now)

    def _start_timer(self, effect: fx.StartTimer) -> None:
        self._timers[effect.timer] = effect.at
        seconds = (effect.at - self._start).total_seconds()
        self._agenda.at(max(seconds, self._agenda.now), self._expire, effect.timer, effect.at)

    def _cancel_timer(self, effect: fx.CancelTimer) -> None:
        self._timers.pop(effect.timer, None)

    def _expire(self, timer: TimerKey, at: datetime) -> None:
        if self._timers.get(timer) == at:
            del self._timers[timer]
            self.feed(TimerExpired(timer))
