"""The stories of live calls, kept in memory and fed by the bus.

A story outlives its call, because the operator still writes while the citizen is gone; the oldest
are forgotten when there are more than `KEPT` of them.
"""

from __future__ import annotations

from collections import OrderedDict

from agent_desktop.core.call_story import CallStory, begin, tell
from kernel.events import Event
from kernel.ids import CallId

KEPT = 5_000
"""About twenty minutes of the busiest hour (4 calls/s); a story takes some 2 kB."""


class CallStories:
    """Single-threaded; every method returns at once."""

    def __init__(self) -> None:
        self._stories: OrderedDict[CallId, CallStory] = OrderedDict()

    def hear(self, event: Event) -> bool:
        """Fold `event` into its call's story. True if the story changed."""
        if event.call_id is None:
            return False
        before = self._stories.get(event.call_id) or begin(event.call_id, event.occurred_at)
        after = tell(before, event)
        if after is before:
            return False
        self._stories[event.call_id] = after
        self._stories.move_to_end(event.call_id)
        while len(self._stories) > KEPT:
            self._stories.popitem(last=False)
        return True

    def story(self, call_id: CallId) -> CallStory | None:
        return self._stories.get(call_id)
