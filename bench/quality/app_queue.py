"""Asterisk's app_queue as its source (22) has it, at its best settings.

Theory of operation: every caller looks once a second (RECHECK), counted from the own arrival, at
whether it is his or her turn: the callers before who are not being connected are fewer than the
queue's available members, penalties not regarded (`is_our_turn`). Then the member with the best
metric of the strategy is called, within the penalties that the queue rule allows at the caller's
age in whole seconds (`calc_metric`, `update_qe_rule`); if there is none, the caller waits `retry`
(1 s at least) and looks again. An idle member does nothing; no queue knows of another.

Settings chosen for it: autofill=yes, retry=1, ringinuse=no, shared_lastcall=yes, no weights, a
queue for each team and language (fifteen), members paused during the wrap-up and back the moment
it ends. Penalty 0 for the own team, 1 for others with the skill, 2 for everybody else; the queue
rule opens 1 and 2 with time. Source: apps/app_queue.c; contact-centre notes 1.2 and 4.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from enum import StrEnum
from math import ceil

from acd.core.virtual import ORDER_S
from bench.quality.hall import Hall, State, Visit
from bench.quality.people import Operator
from kernel.ids import TeamId
from kernel.language import Language

RECHECK_S = 1.0
CLASSES = 3


class Strategy(StrEnum):
    LEAST_RECENT = "leastrecent"
    FEWEST_CALLS = "fewestcalls"
    RR_MEMORY = "rrmemory"
    LINEAR = "linear"
    RANDOM = "random"


class Queue:
    """Members by penalty and position; who of them is idle; callers in order of arrival."""

    def __init__(self, members: Sequence[tuple[int, Operator]]) -> None:
        self.position = {o.number: n for n, (_, o) in enumerate(members)}
        self.penalty = {o.number: penalty for penalty, o in members}
        self.in_class = [
            [o.number for penalty, o in members if penalty == kind] for kind in range(CLASSES)
        ]
        self.idle: list[set[int]] = [set(numbers) for numbers in self.in_class]
        self.callers: dict[int, Visit] = {}
        self.rrpos = 0

    @property
    def available(self) -> int:
        return sum(map(len, self.idle))


class AppQueue(Hall):
    """`opens` says after how many whole seconds penalties 1 and 2 may be called."""

    order_delay = ORDER_S

    def __init__(
        self, operators: Sequence[Operator], strategy: Strategy, opens: tuple[int, int], seed: int
    ) -> None:
        super().__init__(operators)
        self.name = f"app_queue {strategy}"
        self._strategy = strategy
        self._opens = opens
        self._chance = random.Random(seed)
        self._calls = [0] * len(operators)
        self._last_call = [0] * len(operators)
        self._queues: dict[tuple[TeamId, Language], Queue] = {}
        for team in sorted({o.home for o in operators}):
            for language in Language:
                members = [
                    (0 if o.home == team else 1 if team in o.levels else 2, o)
                    for o in operators
                    if language in o.languages
                ]
                self._queues[team, language] = Queue(members)
        self._serves = [
            [q for q in self._queues.values() if o.number in q.position] for o in operators
        ]
        # Callers whose next look is in the heap already: only looks that may find somebody are.
        self._looking: set[int] = set()

    # --- callers -----------------------------------------------------------------------------

    def arrived(self, visit: Visit) -> None:
        queue = self._queue(visit)
        queue.callers[visit.caller.number] = visit
        self._looking.add(visit.caller.number)
        self._look(visit)

    def left(self, visit: Visit, ringing: Operator | None) -> None:
        queue = self._queue(visit)
        del queue.callers[visit.caller.number]
        if ringing is not None:
            self.free(ringing)
        self._wake(queue)

    def answered(self, visit: Visit, operator: Operator) -> None:
        queue = self._queue(visit)
        del queue.callers[visit.caller.number]
        self._wake(queue)

    def _queue(self, visit: Visit) -> Queue:
        return self._queues[visit.caller.team, visit.caller.language]

    # --- members -----------------------------------------------------------------------------

    def talked(self, visit: Visit, operator: Operator) -> None:
        self._calls[operator.number] += 1
        self._last_call[operator.number] = int(self.now) + 1  # never 0: that means "no call yet"

    def free(self, operator: Operator) -> None:
        for queue in self._serves[operator.number]:
            queue.idle[queue.penalty[operator.number]].add(operator.number)
            self._wake(queue)

    # --- the callers' looks --------------------------------------------------------------------

    def _wake(self, queue: Queue) -> None:
        """Put the next look of each caller whose turn it may be into the heap: the others' looks
        change nothing."""
        turns = queue.available
        for visit in queue.callers.values():
            if turns <= 0:
                return
            if visit.state is State.WAITING:
                turns -= 1
                self._look_later(visit)

    def _look_later(self, visit: Visit) -> None:
        caller = visit.caller
        if caller.number in self._looking:
            return
        self._looking.add(caller.number)
        looks = ceil((self.now - caller.at) / RECHECK_S + 1e-9)
        self.at(caller.at + looks * RECHECK_S, self._look, visit)

    def _look(self, visit: Visit) -> None:
        self._looking.discard(visit.caller.number)
        if visit.state is not State.WAITING:
            return
        queue = self._queue(visit)
        if not self._is_our_turn(queue, visit):
            return
        operator = self._choose(queue, self._most_penalty(visit))
        if operator is not None:
            for other in self._serves[operator.number]:
                other.idle[other.penalty[operator.number]].discard(operator.number)
            self.ring(visit, operator)
            self._wake(queue)
        else:
            self._look_later(visit)

    def _is_our_turn(self, queue: Queue, visit: Visit) -> bool:
        turns = queue.available
        for before in queue.callers.values():
            if turns <= 0 or before is visit:
                break
            turns -= before.state is State.WAITING
        return turns > 0

    def _most_penalty(self, visit: Visit) -> int:
        age = int(self.now) - int(visit.caller.at)
        return sum(age > seconds for seconds in self._opens)

    # --- the strategies ------------------------------------------------------------------------

    def _choose(self, queue: Queue, most_penalty: int) -> Operator | None:
        for kind in range(most_penalty + 1):
            if queue.idle[kind]:
                # Members of equal metric: the last of the list is found first.
                number = min(
                    queue.idle[kind], key=lambda n: (self._metric(queue, n), -queue.position[n])
                )
                self._store_next(queue, kind, number)
                return self.operators[number]
        return None

    def _metric(self, queue: Queue, number: int) -> int:
        position = queue.position[number]
        match self._strategy:
            case Strategy.LEAST_RECENT:
                return self._last_call[number]
            case Strategy.FEWEST_CALLS:
                return self._calls[number]
            case Strategy.RR_MEMORY:
                return position + (1000 if position < queue.rrpos else 0)
            case Strategy.LINEAR:
                return position
            case Strategy.RANDOM:
                return self._chance.randrange(1000)

    def _store_next(self, queue: Queue, kind: int, number: int) -> None:
        """The round robin goes on after the member who was called."""
        if self._strategy is Strategy.RR_MEMORY:
            positions = [queue.position[n] for n in queue.in_class[kind]]
            called = queue.position[number]
            queue.rrpos = next((p for p in positions if p > called), positions[0])
