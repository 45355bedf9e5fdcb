"""The two ends of the scale: one pool for all, and five teams each for itself.

Both act the moment something happens, as no open system does: they are bounds, not products.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from bench.quality.hall import Hall, State, Visit
from bench.quality.people import Operator
from kernel.ids import TeamId
from kernel.language import Language


class Pooled(Hall):
    """The bound: everybody serves everybody, first come first served, longest free first.

    Neither skill nor language counts: the hall of Erlang's formulas. (Above the load that a hall
    can carry, serving some in time and others late gives a higher level than this fairness.)
    """

    name = "pooled bound"

    def __init__(self, operators: Sequence[Operator]) -> None:
        super().__init__(operators)
        self._line: deque[Visit] = deque()
        self._bench: deque[Operator] = deque(operators)

    def arrived(self, visit: Visit) -> None:
        if self._bench:
            self.ring(visit, self._bench.popleft())
        else:
            self._line.append(visit)

    def left(self, visit: Visit, ringing: Operator | None) -> None:
        if ringing is not None:
            self.free(ringing)

    def free(self, operator: Operator) -> None:
        while self._line:
            visit = self._line.popleft()
            if visit.state is State.WAITING:
                self.ring(visit, operator)
                return
        self._bench.append(operator)


class Separate(Hall):
    """Five queues, first come first served in each; only the own team, and the language, serve."""

    name = "five queues"

    def __init__(self, operators: Sequence[Operator]) -> None:
        super().__init__(operators)
        teams = {o.home for o in operators}
        self._lines: dict[tuple[TeamId, Language], deque[Visit]] = {
            (t, language): deque() for t in teams for language in Language
        }
        self._bench: dict[TeamId, list[tuple[float, int]]] = {t: [] for t in teams}
        for operator in operators:
            self._bench[operator.home].append((0.0, operator.number))

    def arrived(self, visit: Visit) -> None:
        bench, language = self._bench[visit.caller.team], visit.caller.language
        fits = [b for b in bench if language in self.operators[b[1]].languages]
        if not fits:
            self._lines[visit.caller.team, language].append(visit)
            return
        found = min(fits)
        bench.remove(found)
        self.ring(visit, self.operators[found[1]])

    def left(self, visit: Visit, ringing: Operator | None) -> None:
        if ringing is not None:
            self.free(ringing)

    def free(self, operator: Operator) -> None:
        first: deque[Visit] | None = None
        for language in operator.languages:
            line = self._lines[operator.home, language]
            while line and line[0].state is not State.WAITING:
                line.popleft()
            if line and (first is None or line[0].caller.number < first[0].caller.number):
                first = line
        if first is not None:
            self.ring(first.popleft(), operator)
        else:
            self._bench[operator.home].append((self.now, operator.number))
