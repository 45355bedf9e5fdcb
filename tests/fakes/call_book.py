"""The calls of a test (port `workorders.ports.CallBook`)."""

from __future__ import annotations

from kernel.ids import CallId
from workorders.ports import CallFacts


class DictCallBook:
    def __init__(self, *calls: CallFacts) -> None:
        self.calls = {c.call_id: c for c in calls}

    async def call(self, call_id: CallId) -> CallFacts | None:
        return self.calls.get(call_id)
