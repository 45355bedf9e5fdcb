"""A hall on a virtual clock: what operators and callers do, whatever the policy.

A policy is a subclass: it hears who arrived, who left and who is free, and says `ring`. Phones are
picked up, talks and wrap-ups last as drawn with the caller; a caller whose patience ends before
the answer leaves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from enum import IntEnum
from math import inf

from acd.core.virtual import Agenda
from bench.quality.people import Caller, Operator


class State(IntEnum):
    WAITING = 0
    RINGING = 1
    ANSWERED = 2
    LEFT = 3


class Visit:
    """One caller in the hall. `waited` is set when the visit ends; `by` is who answered."""

    __slots__ = ("by", "caller", "state", "waited")

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.state = State.WAITING
        self.by: Operator | None = None
        self.waited = 0.0


class Hall(Agenda, ABC):
    """`visits` in order of arrival; `busy` seconds by operator's number, ringing included, between
    `counted_from` and `counted_until`."""

    name = ""
    order_delay = 0.0
    """Seconds from the decision to the phone's ringing."""

    def __init__(self, operators: Sequence[Operator]) -> None:
        super().__init__()
        self.operators = operators
        self.counted_from, self.counted_until = 0.0, inf
        self.visits: list[Visit] = []
        self.busy = [0.0] * len(operators)
        self._since = [0.0] * len(operators)

    # --- what a policy is told ---------------------------------------------------------------

    @abstractmethod
    def arrived(self, visit: Visit) -> None:
        """A caller waits."""

    @abstractmethod
    def left(self, visit: Visit, ringing: Operator | None) -> None:
        """A caller gave up; `ringing` is who was being called (and is free again)."""

    @abstractmethod
    def free(self, operator: Operator) -> None:
        """The operator has finished the wrap-up."""

    def answered(self, visit: Visit, operator: Operator) -> None:
        """The phone was picked up."""

    def talked(self, visit: Visit, operator: Operator) -> None:
        """The talk is over, the wrap-up begins."""

    # --- what a policy may do ----------------------------------------------------------------

    def ring(self, visit: Visit, operator: Operator) -> None:
        """Call this operator for this caller."""
        assert visit.state is State.WAITING, "a caller is offered to one operator at a time"
        visit.state, visit.by = State.RINGING, operator
        self._since[operator.number] = self.now
        self.after(self.order_delay + visit.caller.pick_up, self._pick_up, visit)

    # --- the clock ---------------------------------------------------------------------------

    def run(self, callers: Iterable[Caller], counted: tuple[float, float]) -> None:
        """Until the last caller is served or gone; busy time counts within `counted` (seconds)."""
        self.counted_from, self.counted_until = counted
        stream = iter(callers)
        self._next(stream)
        self.play()

    def _next(self, stream: Iterable[Caller]) -> None:
        caller = next(stream, None)  # type: ignore[call-overload]
        if caller is not None:
            self.at(caller.at, self._arrive, caller, stream)

    def _arrive(self, caller: Caller, stream: Iterable[Caller]) -> None:
        self._next(stream)
        visit = Visit(caller)
        self.visits.append(visit)
        self.after(caller.patience, self._lose_patience, visit)
        self.arrived(visit)

    # --- people ------------------------------------------------------------------------------

    def _lose_patience(self, visit: Visit) -> None:
        if visit.state > State.RINGING:
            return
        operator = visit.by if visit.state is State.RINGING else None
        visit.state, visit.by = State.LEFT, None
        visit.waited = self.now - visit.caller.at
        if operator is not None:
            self._count(operator)
        self.left(visit, operator)

    def _pick_up(self, visit: Visit) -> None:
        if visit.state is not State.RINGING:
            return  # left while it rang; nobody is offered twice, so this ring was the only one
        operator = visit.by
        assert operator is not None
        visit.state = State.ANSWERED
        visit.waited = self.now - visit.caller.at
        self.answered(visit, operator)
        caller = visit.caller
        self.after(caller.handle - caller.wrap_up, self._end_talk, visit, operator)

    def _end_talk(self, visit: Visit, operator: Operator) -> None:
        self.talked(visit, operator)
        self.after(visit.caller.wrap_up, self._finish, operator)

    def _finish(self, operator: Operator) -> None:
        self._count(operator)
        self.free(operator)

    def _count(self, operator: Operator) -> None:
        begun = max(self._since[operator.number], self.counted_from)
        self.busy[operator.number] += max(min(self.now, self.counted_until) - begun, 0.0)
