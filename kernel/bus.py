"""The event bus as a port: who publishes does not know who hears."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from kernel.events import Event

E = TypeVar("E", bound=Event)
Handler = Callable[[E], Awaitable[None]]


class EventBus(Protocol):
    """Delivers each event to each subscriber in the order of publication.

    One subscriber's failure is logged and never reaches the publisher or another subscriber.
    """

    def publish(self, event: Event) -> None:
        """Hand over at once, never blocking the caller; delivery happens in background tasks."""

    def subscribe(self, event_type: type[E], handler: Handler[E], *, name: str) -> None:
        """`name` identifies the subscriber in logs; subscribing to `Event` hears everything."""

    async def drain(self) -> None:
        """Return when everything published so far has been handled (shutdown, tests)."""
