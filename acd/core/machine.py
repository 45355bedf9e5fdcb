"""What all transition tables of the distribution have in common."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from kernel.errors import InvalidTransition

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


def target(
    table: Mapping[tuple[State, Event], State],
    refusals: Mapping[Event, str],
    state: State,
    event: Event,
) -> State:
    """The state that `event` leads to.

    Raises:
        InvalidTransition: the table has no such row; the sentence is the event's in `refusals`.
    """
    found = table.get((state, event))
    if found is None:
        raise InvalidTransition(refusals[event])
    return found
