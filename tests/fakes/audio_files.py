"""Spool and archive in memory (port `recordings.ports.AudioFiles`)."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime

from kernel.ids import CallId
from recordings.core import wav
from recordings.core.names import archive_name
from recordings.core.recording import Recording, Status
from recordings.ports import NoAudio, Written


class MemoryAudioFiles:
    def __init__(self) -> None:
        self.raw: dict[CallId, bytes] = {}
        self.archive_files: dict[str, bytes] = {}
        self.disk_full = False

    def waiting(self) -> Sequence[CallId]:
        return sorted(self.raw)

    def discard_raw(self, call_id: CallId) -> None:
        self.raw.pop(call_id, None)

    def archive(
        self, call_id: CallId, started_at: datetime, before: Recording | None
    ) -> Written | None:
        if call_id not in self.raw:
            raise NoAudio("absent")
        raw = self.raw[call_id]
        source = hashlib.sha256(raw).hexdigest()
        earlier = b""
        if before is not None and before.status is Status.ARCHIVED and before.file_name:
            if before.source_sha256 == source:
                return None
            earlier = self.archive_files[before.file_name]
        if wav.whole_frames(len(raw)) == 0:
            raise NoAudio("empty")
        if self.disk_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        name = (before.file_name if before else None) or archive_name(call_id, started_at, UTC)
        body = earlier + raw
        self.archive_files[name] = body
        return Written(
            file_name=name,
            duration=wav.duration(len(body)),
            size_bytes=len(body) + wav.HEADER_BYTES,
            sha256=hashlib.sha256(body).hexdigest(),
            source_sha256=source,
            caller_level_dbfs=-20.0,
            operator_level_dbfs=-20.0,
        )
