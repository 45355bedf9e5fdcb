"""A bus that keeps what was published, in order, and delivers nothing by itself."""

from __future__ import annotations

from typing import Any

from kernel.bus import E, Handler
from kernel.events import Event


class CollectingBus:
    def __init__(self) -> None:
        self.published: list[Event] = []
        self.handlers: list[tuple[type[Any], Handler[Any]]] = []

    def publish(self, event: Event) -> None:
        self.published.append(event)

    def subscribe(self, event_type: type[E], handler: Handler[E], *, name: str) -> None:
        self.handlers.append((event_type, handler))

    async def drain(self) -> None:
        return

    def of(self, event_type: type[E]) -> list[E]:
        """What was published of one type, in order."""
        return [event for event in self.published if isinstance(event, event_type)]
