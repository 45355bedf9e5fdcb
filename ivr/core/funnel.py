"""The funnel of a flow: how many entered each step, and how they left it. Pure.

A caller who enters a step leaves it in exactly one way: on to another step, to a person (a step
that queues was next, or this one queued), or by hanging up in it. Whoever is still there is the
difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ivr.core.conditions import CITY_ZONE
from kernel.events import CallEnded, CallQueued, CallTransferredOut, Event, MenuStepEntered
from kernel.ids import CallId

_LET_GO = frozenset({"callback", "message"})
"""Ends of a call at the caller's wish, with the promise that a person calls."""


class StepKind(StrEnum):
    """What the funnel must know of a step."""

    TO_PERSON = "to_person"
    LAST = "last"  # a good-bye: the end of the call is no hang-up
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Counts:
    entered: int = 0
    left: int = 0
    hung_up: int = 0
    to_person: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.entered + other.entered,
            self.left + other.left,
            self.hung_up + other.hung_up,
            self.to_person + other.to_person,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A step of one version of a flow, on one day of the city."""

    day: date
    flow: str
    version: str
    step: str


KindOf = Callable[[str, str, str], StepKind]
"""Flow, version and step -> kind; OTHER for what is not known."""


class Funnel:
    """Counts in memory; O(1) for each event. Whoever keeps them takes them away with `take`."""

    def __init__(self, kind_of: KindOf) -> None:
        self._kind_of = kind_of
        self._at: dict[CallId, Place] = {}
        self._counts: dict[Place, Counts] = {}

    def hear(self, event: Event) -> None:
        """Hears MenuStepEntered, CallQueued, CallTransferredOut and CallEnded."""
        call_id = event.call_id
        if call_id is None:
            return
        match event:
            case MenuStepEntered():
                self._entered(call_id, event)
            case CallQueued() | CallTransferredOut():
                self._gone(call_id, to_person=isinstance(event, CallQueued))
            case CallEnded():
                self._ended(call_id, let_go=event.outcome in _LET_GO)
            case _:
                return

    def pending(self) -> Mapping[Place, Counts]:
        """What has not been taken yet."""
        return self._counts

    def take(self) -> dict[Place, Counts]:
        taken, self._counts = self._counts, {}
        return taken

    def give_back(self, taken: Mapping[Place, Counts]) -> None:
        """They could not be kept: count them again."""
        for place, counts in taken.items():
            self._add(place, counts)

    def _entered(self, call_id: CallId, event: MenuStepEntered) -> None:
        before = self._at.get(call_id)
        if before is not None:
            kind = self._kind_of(event.flow, event.flow_version, event.step)
            goes_to_person = kind is StepKind.TO_PERSON
            self._add(before, Counts(left=int(not goes_to_person), to_person=int(goes_to_person)))
        day = event.occurred_at.astimezone(CITY_ZONE).date()
        here = Place(day, event.flow, event.flow_version, event.step)
        self._add(here, Counts(entered=1))
        self._at[call_id] = here

    def _gone(self, call_id: CallId, *, to_person: bool) -> None:
        here = self._at.pop(call_id, None)
        if here is not None:
            self._add(here, Counts(left=int(not to_person), to_person=int(to_person)))

    def _ended(self, call_id: CallId, *, let_go: bool) -> None:
        here = self._at.pop(call_id, None)
        if here is None:
            return
        last = let_go or self._kind_of(here.flow, here.version, here.step) is StepKind.LAST
        self._add(here, Counts(left=int(last), hung_up=int(not last)))

    def _add(self, place: Place, counts: Counts) -> None:
        self._counts[place] = self._counts.get(place, Counts()) + counts
