"""A row of a recording, for tests that only look at some of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kernel.ids import CallId
from recordings.core.recording import Recording, Status
from tests.fakes.clock import NOON


def row(**changes: Any) -> Recording:
    """An archived message of nine seconds."""
    values: dict[str, Any] = {
        "call_id": CallId("gz1-1-1"),
        "started_at": NOON,
        "status": Status.ARCHIVED,
        "ani": "13800138000",
        "dnis": "12345",
        "line_name": None,
        "team": None,
        "agent_id": None,
        "answered_at": None,
        "ended_at": NOON,
        "connected": timedelta(),
        "score": None,
        "file_name": "2026/11/26/gz1-1-1.wav",
        "duration": timedelta(seconds=9),
        "size_bytes": 0,
        "sha256": None,
        "source_sha256": None,
        "caller_level_dbfs": -20.0,
        "operator_level_dbfs": None,
        "fault": None,
        "archived_at": NOON,
    }
    return Recording(**(values | changes))
