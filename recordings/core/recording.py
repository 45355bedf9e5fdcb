"""A recording as it is listed: one row for each answered call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.ids import AgentId, CallId, TeamId
from recordings.core.coverage import Coverage


class Status(StrEnum):
    """What has become of the audio of a call."""

    EXPECTED = "expected"  # the call goes on, or its file is being closed
    ARCHIVED = "archived"
    FAILED = "failed"  # the raw file is safe in the spool and will be tried again
    DAMAGED = "damaged"  # there is a file, and it holds no sound
    MISSING = "missing"  # the call was answered and there is no file


@dataclass(frozen=True, slots=True)
class Recording:
    """`started_at`: when the caller came; `duration` of the archived file; `connected`: how long
    the caller talked with operators in all; levels in dBFS, None for digital silence."""

    call_id: CallId
    started_at: datetime
    status: Status
    ani: str
    dnis: str
    line_name: str | None
    team: TeamId | None
    agent_id: AgentId | None
    answered_at: datetime | None
    ended_at: datetime | None
    connected: timedelta
    score: int | None
    file_name: str | None
    duration: timedelta
    size_bytes: int
    sha256: str | None
    source_sha256: str | None
    caller_level_dbfs: float | None
    operator_level_dbfs: float | None
    fault: str | None
    archived_at: datetime | None

    @property
    def coverage(self) -> Coverage:
        return Coverage(recorded=self.duration, connected=self.connected)

    @property
    def playable(self) -> bool:
        return self.status is Status.ARCHIVED and self.file_name is not None
