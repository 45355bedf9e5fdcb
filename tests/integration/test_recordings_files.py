"""Raw files become archived files on a real disk."""

from __future__ import annotations

import errno
import hashlib
import os
import wave
from array import array
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from kernel.errors import NotFound
from kernel.ids import CallId
from recordings.adapters.files import WavArchive
from recordings.core.recording import Recording, Status
from recordings.ports import NoAudio
from tests.fakes.clock import NOON
from tests.fakes.recording_store import DictRecordingStore

CITY = timezone(timedelta(hours=8))
CALL = CallId("gz-1795521600-1")


class Shelf:
    def __init__(self, root: Path) -> None:
        self.spool, self.root = root / "spool", root / "archive"
        self.spool.mkdir()
        self.files = WavArchive(self.spool, self.root, CITY)

    def raw(self, caller: list[int], operator: list[int], call_id: CallId = CALL) -> Path:
        both = array("h")
        for left, right in zip(caller, operator, strict=True):
            both.extend((left, right))
        path = self.spool / f"{call_id}.raw"
        path.write_bytes(both.tobytes())
        return path

    def everything(self) -> list[str]:
        return sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file())


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


async def archived_row(name: str, source: str) -> Recording:
    store = DictRecordingStore()
    await store.arrived(CALL, NOON, ani="", dnis="", line_name=None)
    row = await store.get(CALL)
    assert row is not None
    return replace(row, status=Status.ARCHIVED, file_name=name, source_sha256=source)


def test_two_channels_keep_their_sides(shelf: Shelf) -> None:
    shelf.raw([1000] * 8000, [-2000] * 8000)
    written = shelf.files.archive(CALL, NOON, None)
    assert written is not None
    assert written.file_name == f"2026/11/24/{CALL}.wav"
    assert written.duration == timedelta(seconds=1)
    path = shelf.files.path(written.file_name)
    body = path.read_bytes()
    assert hashlib.sha256(body).hexdigest() == written.sha256
    assert len(body) == written.size_bytes
    with wave.open(str(path)) as opened:
        assert (opened.getnchannels(), opened.getframerate()) == (2, 8000)
        samples = array("h", opened.readframes(opened.getnframes()))
    assert set(samples[0::2]) == {1000}
    assert set(samples[1::2]) == {-2000}
    assert written.operator_level_dbfs == pytest.approx(
        (written.caller_level_dbfs or 0) + 6, abs=0.1
    )


def test_peaks_stand_beside_the_file(shelf: Shelf) -> None:
    shelf.raw([0] * 800 + [32767] * 800, [-16384] * 1600)
    written = shelf.files.archive(CALL, NOON, None)
    assert written is not None
    peaks = shelf.files.peaks(written.file_name)
    assert (peaks.window_ms, list(peaks.caller), list(peaks.operator)) == (
        100,
        [0, 255],
        [127, 127],
    )


def test_long_recording_is_measured_across_blocks(shelf: Shelf) -> None:
    shelf.raw([300] * (8000 * 25 + 100), [0] * (8000 * 25 + 100))
    written = shelf.files.archive(CALL, NOON, None)
    assert written is not None
    assert len(shelf.files.peaks(written.file_name).caller) == 251
    assert written.operator_level_dbfs is None


def test_raw_file_is_left_until_it_is_discarded(shelf: Shelf) -> None:
    raw = shelf.raw([1] * 80, [1] * 80)
    shelf.files.archive(CALL, NOON, None)
    assert raw.exists()
    shelf.files.discard_raw(CALL)
    shelf.files.discard_raw(CALL)
    assert not raw.exists()


def test_torn_raw_file_loses_only_the_torn_frame(shelf: Shelf) -> None:
    raw = shelf.raw([1] * 8000, [1] * 8000)
    raw.write_bytes(raw.read_bytes() + b"\x01\x02\x03")
    written = shelf.files.archive(CALL, NOON, None)
    assert written is not None
    assert written.duration == timedelta(seconds=1)


@pytest.mark.parametrize("size", [0, 3])
def test_empty_raw_file_is_no_audio(shelf: Shelf, size: int) -> None:
    (shelf.spool / f"{CALL}.raw").write_bytes(bytes(size))
    with pytest.raises(NoAudio, match="empty"):
        shelf.files.archive(CALL, NOON, None)


@pytest.mark.parametrize("call_id", [CALL, "../../secret", "a/b"])
def test_absent_or_impossible_raw_file_is_no_audio(shelf: Shelf, call_id: str) -> None:
    with pytest.raises(NoAudio, match="absent"):
        shelf.files.archive(CallId(call_id), NOON, None)


async def test_same_raw_file_again_is_recognised(shelf: Shelf) -> None:
    shelf.raw([5] * 8000, [5] * 8000)
    written = shelf.files.archive(CALL, NOON, None)
    assert written is not None
    row = await archived_row(written.file_name, written.source_sha256)
    assert shelf.files.archive(CALL, NOON, row) is None


async def test_later_part_is_put_behind_the_first(shelf: Shelf) -> None:
    shelf.raw([5] * 8500, [0] * 8500)
    first = shelf.files.archive(CALL, NOON, None)
    assert first is not None
    row = await archived_row(first.file_name, first.source_sha256)
    shelf.raw([9] * 8000, [0] * 8000)
    second = shelf.files.archive(CALL, NOON, row)
    assert second is not None
    assert second.file_name == first.file_name
    assert second.duration == timedelta(seconds=16_500 / 8000)
    with wave.open(str(shelf.files.path(second.file_name))) as opened:
        samples = array("h", opened.readframes(opened.getnframes()))
    assert samples[0::2] == array("h", [5] * 8500 + [9] * 8000)


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_disk_that_refuses_leaves_nothing_half_written(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    raw = shelf.raw([1] * 8000, [1] * 8000)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, moment, full)
    with pytest.raises(OSError, match="No space"):
        shelf.files.archive(CALL, NOON, None)
    assert shelf.everything() == []
    assert raw.exists()


def test_spool_lists_calls_and_ignores_strangers(shelf: Shelf) -> None:
    shelf.raw([1], [1])
    (shelf.spool / "notes.txt").write_text("x", encoding="utf-8")
    (shelf.spool / ".hidden.raw").write_bytes(b"")
    assert list(shelf.files.waiting()) == [CALL]


def test_spool_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    assert list(WavArchive(tmp_path / "none", tmp_path, CITY).waiting()) == []


@pytest.mark.parametrize("name", ["../spool/x.raw", "/etc/passwd", "2026/none.wav", ""])
def test_nothing_outside_the_archive_can_be_read(shelf: Shelf, name: str) -> None:
    (shelf.spool / "x.raw").write_bytes(b"secret")
    shelf.root.mkdir()
    with pytest.raises(NotFound):
        shelf.files.path(name)


def test_link_out_of_the_archive_is_not_followed(shelf: Shelf) -> None:
    outside = shelf.spool / "secret.wav"
    outside.write_bytes(b"secret")
    shelf.root.mkdir()
    (shelf.root / "link.wav").symlink_to(outside)
    with pytest.raises(NotFound):
        shelf.files.path("link.wav")


@pytest.mark.parametrize("body", ["{", "[]", '{"window_ms": 100}', '{"window_ms":1,"caller":"zz"}'])
def test_damaged_peaks_are_not_found(shelf: Shelf, body: str) -> None:
    shelf.root.mkdir()
    (shelf.root / "a.peaks").write_text(body, encoding="ascii")
    with pytest.raises(NotFound):
        shelf.files.peaks("a.wav")
