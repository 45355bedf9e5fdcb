"""FreeSWITCH's mod_callcenter as its source has it, longest-idle-agent with tiers.

Theory of operation: one thread wakes each 100 ms, reads all waiting members of all queues, longest
wait in whole seconds first, and for each all agents of the queue in order of tier level and of
the last offer; the first who waits is called. A tier above 0 is looked at once the member waited
level x `tier-rule-wait-second` (`tier-rule-wait-multiply-level`).

Settings chosen for it: a queue for each team and language (fifteen), tier level 0 for the own team,
1 for others with the skill, 2 for everybody else; agents on break during the wrap-up and back the
moment it ends. Given for nothing: the time of the SQL statements, one for each member, 506 rows
each, which makes the real loop slower the longer the line is. Source: mod_callcenter.c;
contact-centre notes 1.2 and 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

from acd.core.virtual import ORDER_S
from bench.quality.hall import Hall, State, Visit
from bench.quality.people import Operator
from kernel.ids import TeamId

LOOP_S = 0.1
LEVELS = 3


class CallCenter(Hall):
    """`wait_second` is the tier rule's."""

    order_delay = ORDER_S

    def __init__(self, operators: Sequence[Operator], wait_second: int) -> None:
        super().__init__(operators)
        self.name = "mod_callcenter longest-idle"
        self._wait_second = wait_second
        self._members: dict[int, Visit] = {}
        self._last_offered = [0] * len(operators)
        self._idle = {o.number for o in operators}
        self._level: dict[TeamId, list[int]] = {
            team: [0 if o.home == team else 1 if team in o.levels else 2 for o in operators]
            for team in {o.home for o in operators}
        }
        self._next_loop = -1.0

    def arrived(self, visit: Visit) -> None:
        self._members[visit.caller.number] = visit
        self._wake()

    def left(self, visit: Visit, ringing: Operator | None) -> None:
        if ringing is not None:
            self.free(ringing)
        else:
            del self._members[visit.caller.number]

    def free(self, operator: Operator) -> None:
        self._idle.add(operator.number)
        self._wake()

    # --- the loop ------------------------------------------------------------------------------

    def _wake(self) -> None:
        """The next turn of the loop that may find somebody."""
        if self._members and self._idle:
            self._loop_at(self.now)

    def _loop_at(self, moment: float) -> None:
        # A moment on the beat is that beat's, whatever its last binary digit says.
        turn = max(ceil(moment / LOOP_S - 1e-9) * LOOP_S, self.now)
        if self._next_loop < self.now or turn < self._next_loop:
            self._next_loop = turn
            self.at(turn, self._loop, turn)

    def _loop(self, turn: float) -> None:
        if turn != self._next_loop:
            return
        self._next_loop = -1.0
        second = floor(self.now)
        # Sorted by the wait in whole seconds; the order of arrival decides between equals.
        for visit in list(self._members.values()):
            if not self._idle:
                return
            operator = self._choose(visit, second)
            if operator is not None:
                self._idle.discard(operator.number)
                self._last_offered[operator.number] = second
                del self._members[visit.caller.number]
                self.ring(visit, operator)
        if self._members and self._idle:
            # Nothing but the members' age in whole seconds can change without another event.
            self._loop_at(second + 1.0)

    def _choose(self, visit: Visit, second: int) -> Operator | None:
        assert visit.state is State.WAITING
        caller, levels = visit.caller, self._level[visit.caller.team]
        age = second - floor(caller.at)
        most = min(age // self._wait_second, LEVELS - 1) if self._wait_second else LEVELS - 1
        best: tuple[int, int, int] | None = None
        for number in self._idle:
            level = levels[number]
            if level > most or caller.language not in self.operators[number].languages:
                continue
            key = (level, self._last_offered[number], number)
            if best is None or key < best:
                best = key
        return self.operators[best[2]] if best is not None else None
