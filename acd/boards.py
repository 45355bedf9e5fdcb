"""Who watches: agents' views at once, the wallboard coalesced to three a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from acd.core.views import AgentView, Wallboard
from acd.ports import Log
from kernel.ids import AgentId

PUSH_EVERY_S = 0.35

View = TypeVar("View")


class Watchers(Generic[View]):
    """Callbacks that are called in order of subscription; one that raises harms nobody else."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._callbacks: dict[int, Callable[[View], None]] = {}
        self._next = 0

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def add(self, callback: Callable[[View], None]) -> Callable[[], None]:
        """Returns the unsubscriber, which may be called more than once."""
        number = self._next
        self._next += 1
        self._callbacks[number] = callback

        def remove() -> None:
            self._callbacks.pop(number, None)

        return remove

    def tell(self, view: View) -> None:
        for callback in list(self._callbacks.values()):
            try:
                callback(view)
            except Exception:
                self._log.exception("watcher_failed")


class AgentBoard:
    """Views of agents, told synchronously after each step that changed them."""

    def __init__(self, view: Callable[[AgentId], AgentView], log: Log) -> None:
        self._view = view
        self._log = log
        self._watchers: dict[AgentId, Watchers[AgentView]] = {}

    def watch(self, agent_id: AgentId, callback: Callable[[AgentView], None]) -> Callable[[], None]:
        watchers = self._watchers.setdefault(agent_id, Watchers(self._log))
        remove = watchers.add(callback)

        def unsubscribe() -> None:
            remove()
            if not watchers and self._watchers.get(agent_id) is watchers:
                del self._watchers[agent_id]

        return unsubscribe

    def tell(self, changed: Iterable[AgentId]) -> None:
        """Make and send the view of each changed agent who is watched."""
        for agent_id in changed:
            watchers = self._watchers.get(agent_id)
            if watchers is not None:
                watchers.tell(self._view(agent_id))


class Board:
    """The wallboard: sent at once after a quiet 0.35 s, else when that is over: no screen is
    older than half a second.

    Made once for all viewers, and not at all when there is none.
    """

    def __init__(self, make: Callable[[], Wallboard], log: Log) -> None:
        self._make = make
        self._watchers: Watchers[Wallboard] = Watchers(log)
        self._last_push = float("-inf")
        self._pending: asyncio.TimerHandle | None = None

    def watch(self, callback: Callable[[Wallboard], None]) -> Callable[[], None]:
        return self._watchers.add(callback)

    def changed(self) -> None:
        """Something on the wallboard may differ."""
        if self._pending is not None or not self._watchers:
            return
        loop = asyncio.get_running_loop()
        # Never in the midst of a step: a hall of 506 booths takes milliseconds to draw.
        wait = self._last_push + PUSH_EVERY_S - loop.time()
        self._pending = loop.call_later(max(0.0, wait), self._push)

    def stop(self) -> None:
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None

    def _push(self) -> None:
        self._pending = None
        self._last_push = asyncio.get_running_loop().time()
        if self._watchers:
            self._watchers.tell(self._make())
