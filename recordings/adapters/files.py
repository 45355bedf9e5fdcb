"""Spool and archive on disk. Fills `recordings.ports.AudioFiles`; every method blocks."""

from __future__ import annotations

import audioop
import errno
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import BinaryIO

from kernel.errors import NotFound
from kernel.ids import CallId
from recordings.core import wav
from recordings.core.measure import NOTHING, WINDOW_FRAMES, WINDOW_MS, Measures, Peaks, measure
from recordings.core.names import RAW_SUFFIX, archive_name, call_of_raw, is_call_id, peaks_name
from recordings.core.recording import Recording, Status
from recordings.ports import NoAudio, Written

_BLOCK_BYTES = WINDOW_FRAMES * wav.FRAME_BYTES * 100  # 10 s of both sides


class WavArchive:
    """Raw files in `spool`, WAV files under `root`, named `YYYY/MM/DD/<call_id>.wav` by `zone`."""

    def __init__(self, spool: Path, root: Path, zone: tzinfo) -> None:
        self._spool = spool
        self._root = root
        self._zone = zone

    def waiting(self) -> Sequence[CallId]:
        """In order of the names; strange files in the spool are left alone."""
        if not self._spool.is_dir():
            return ()
        found = (call_of_raw(path.name) for path in sorted(self._spool.iterdir()))
        return [call_id for call_id in found if call_id is not None]

    def discard_raw(self, call_id: CallId) -> None:
        self._raw(call_id).unlink(missing_ok=True)

    def archive(
        self, call_id: CallId, started_at: datetime, before: Recording | None
    ) -> Written | None:
        """See the port. A file appears under its name only when all of it is on the disk."""
        raw = self._raw(call_id)
        if not raw.is_file():
            raise NoAudio("absent")
        source = _sha256_of(raw)
        earlier: Path | None = None
        if before is not None and before.status is Status.ARCHIVED and before.file_name:
            if before.source_sha256 == source:
                return None
            earlier = self.path(before.file_name)
        added = wav.whole_frames(raw.stat().st_size)
        if added == 0:
            raise NoAudio("empty")
        name = (before.file_name if before else None) or archive_name(
            call_id, started_at, self._zone
        )
        parts = [] if earlier is None else [(earlier, wav.HEADER_BYTES, _data_bytes(earlier))]
        return self._write(name, [*parts, (raw, 0, added)], source)

    def _write(self, name: str, parts: list[tuple[Path, int, int]], source: str) -> Written:
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        waiting = target.with_suffix(".wav.part")
        data_bytes = sum(size for _, _, size in parts)
        try:
            with waiting.open("wb") as out:
                digest, measures = _copy(out, parts, data_bytes)
                out.flush()
                os.fsync(out.fileno())
            self._write_peaks(self._root / peaks_name(name), measures)
            os.replace(waiting, target)
            _sync_folder(target.parent)
        except BaseException:
            waiting.unlink(missing_ok=True)
            raise
        return Written(
            file_name=name,
            duration=wav.duration(data_bytes),
            size_bytes=data_bytes + wav.HEADER_BYTES,
            sha256=digest,
            source_sha256=source,
            caller_level_dbfs=measures.caller.level_dbfs,
            operator_level_dbfs=measures.operator.level_dbfs,
        )

    def _write_peaks(self, target: Path, measures: Measures) -> None:
        body = {
            "window_ms": WINDOW_MS,
            "caller": measures.caller.peaks.hex(),
            "operator": measures.operator.peaks.hex(),
        }
        waiting = target.with_suffix(".peaks.part")
        try:
            waiting.write_text(json.dumps(body), encoding="ascii")
            os.replace(waiting, target)
        except BaseException:
            waiting.unlink(missing_ok=True)
            raise

    # --- reading -------------------------------------------------------------------------------

    def path(self, name: str) -> Path:
        """The file of a row. Raises NotFound if it is gone or would lie outside the archive."""
        root = self._root.resolve()
        found = (root / name).resolve()
        if not found.is_relative_to(root) or not found.is_file():
            raise NotFound("录音文件不存在")
        return found

    def peaks(self, name: str) -> Peaks:
        """Raises NotFound if there are none."""
        try:
            body = json.loads(self.path(peaks_name(name)).read_text(encoding="ascii"))
            return Peaks(
                window_ms=int(body["window_ms"]),
                caller=bytes.fromhex(body["caller"]),
                operator=bytes.fromhex(body["operator"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise NotFound("录音文件不存在") from error

    def _raw(self, call_id: CallId) -> Path:
        if not is_call_id(call_id):
            raise NoAudio("absent")
        return self._spool / f"{call_id}{RAW_SUFFIX}"


def _copy(
    out: BinaryIO, parts: list[tuple[Path, int, int]], data_bytes: int
) -> tuple[str, Measures]:
    digest = hashlib.sha256()
    measures = NOTHING
    try:
        header = wav.header(data_bytes)
    except ValueError as error:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG)) from error
    digest.update(header)
    out.write(header)
    for block in _whole_windows(parts):
        digest.update(block)
        out.write(block)
        measures = measure(measures, _native(block))
    return digest.hexdigest(), measures


def _whole_windows(parts: list[tuple[Path, int, int]]) -> Iterator[bytes]:
    """The parts one behind the other, in blocks of whole windows but for the last."""
    pending = b""
    for path, offset, size in parts:
        with path.open("rb") as source:
            source.seek(offset)
            left = size
            while left > 0:
                read = source.read(min(_BLOCK_BYTES, left))
                if not read:
                    raise OSError(errno.EIO, f"{path.name} became shorter while it was read")
                left -= len(read)
                pending += read
                if len(pending) >= _BLOCK_BYTES:
                    yield pending[:_BLOCK_BYTES]
                    pending = pending[_BLOCK_BYTES:]
    if pending:
        yield pending


def _native(block: bytes) -> bytes:
    return block if sys.byteorder == "little" else audioop.byteswap(block, 2)


def _data_bytes(path: Path) -> int:
    return wav.whole_frames(path.stat().st_size - wav.HEADER_BYTES)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    """A renamed file survives a power cut only when its folder is on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
