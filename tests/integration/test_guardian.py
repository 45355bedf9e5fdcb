"""The guardian with real processes: who dies is brought back, who stops in order is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline.one_instance import only_one
from kernel.errors import Unavailable
from tests.servers.process import wait_until

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import os, signal, sys, threading, time
from pathlib import Path
from hotline import guardian, silence
from hotline.one_instance import only_one

guardian.LOOK_EVERY_S = 0.05
guardian.SILENT_S = 0.1
guardian.STARTS_WITHIN_S = 30.0
silence.STOPPED_S = 0.5
silence.SILENCE_S = 1.5
silence.STUCK_S = 1.0
silence.BUSY_S = 1.0
folder, deed = Path(sys.argv[1]), sys.argv[2]

def serve(beat):
    asked = []  # no Event: its lock may be held by the very thread that the signal interrupts
    signal.signal(signal.SIGINT, lambda *_: asked.append(True))
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    if deed == "starts slowly":
        beat.alive()
        time.sleep(3 * silence.SILENCE_S)
    dies_returning = deed == "dies returning" and (folder / "life-0").exists()
    if deed not in ("refuses", "dies young") and not dies_returning:
        beat.serving()
    (folder / f"life-{len(list(folder.glob('life-*')))}").write_text(str(os.getpid()))
    lives = len(list(folder.glob("life-*")))
    if deed == "refuses":
        return 1
    if dies_returning and lives < 4:
        os.kill(os.getpid(), signal.SIGKILL)
    if deed == "fails" and lives < 3:
        raise RuntimeError("a defect")
    if deed == "waits for ever" and lives < 2:
        threading.Event().wait()
    if deed == "turns for ever" and lives < 2:
        while True:
            pass
    if deed == "is short of processor":
        begun = time.monotonic()
        while time.monotonic() < begun + 3 * silence.SILENCE_S:
            time.sleep(0.02)
            sum(range(150_000))  # a twelfth of the time: on a slow processor, too, not BUSY_S
        (folder / "caught-up").touch()
    while not asked:
        beat.alive()
        time.sleep(0.05)
    (folder / "stopped").touch()
    return 0

with only_one(folder):
    sys.exit(guardian.Guardian(lambda: None, serve).run())
"""


class Guarded:
    def __init__(self, folder: Path, deed: str) -> None:
        self.folder = folder
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, folder, deed], cwd=ROOT, stdout=log, stderr=log
            )

    def lives(self) -> list[int]:
        paths = sorted(self.folder.glob("life-*"))
        return [int(text) for p in paths if (text := p.read_text())]

    def wait_life(self, number: int) -> int:
        """The id of the server's n-th life, as soon as it has begun."""
        wait_until(lambda: len(self.lives()) >= number, f"life {number}", 30)
        return self.lives()[number - 1]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for path in tmp_path.glob("life-*"):
        assert not alive(int(path.read_text())), "a server outlived its guardian"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_server_is_brought_back_and_stopped_in_order(folder: Path) -> None:
    guarded = Guarded(folder, "serves")
    for life in (1, 2, 3):
        os.kill(guarded.wait_life(life), signal.SIGKILL)
    guarded.wait_life(4)
    assert guarded.stop() == 0
    assert (folder / "stopped").exists()
    assert len(guarded.lives()) == 4


def test_a_server_that_fails_by_a_defect_is_brought_back(folder: Path) -> None:
    guarded = Guarded(folder, "fails")
    guarded.wait_life(3)
    assert guarded.stop() == 0
    assert "a defect" in (folder / "log").read_text()


@pytest.mark.parametrize(
    ("deed", "why"),
    [("serves", "stopped"), ("waits for ever", "stuck"), ("turns for ever", "busy")],
)
def test_a_silent_server_is_killed_and_brought_back(folder: Path, deed: str, why: str) -> None:
    guarded = Guarded(folder, deed)
    first = guarded.wait_life(1)
    if why == "stopped":
        os.kill(first, signal.SIGSTOP)
    guarded.wait_life(2)
    assert not alive(first)
    assert guarded.stop() == 0
    log = (folder / "log").read_text()
    assert "server_silent" in log and why in log


def test_a_server_that_is_short_of_processor_is_left_in_peace(folder: Path) -> None:
    # Three times as long as one may be silent that does nothing.
    guarded = Guarded(folder, "is short of processor")
    guarded.wait_life(1)
    wait_until(lambda: (folder / "caught-up").exists(), "the end of the work", 30)
    assert guarded.stop() == 0
    assert len(guarded.lives()) == 1
    assert "server_silent" not in (folder / "log").read_text()


def test_a_server_that_starts_slowly_is_left_in_peace(folder: Path) -> None:
    # A busy machine stood still for more than 6 s amid the start: the server was killed, and since
    # it had never served the hotline did not come up at all.
    guarded = Guarded(folder, "starts slowly")
    guarded.wait_life(1)
    assert guarded.stop() == 0
    assert len(guarded.lives()) == 1
    assert "server_silent" not in (folder / "log").read_text()


def test_a_server_that_says_why_it_will_not_serve_is_not_asked_again(folder: Path) -> None:
    guarded = Guarded(folder, "refuses")
    assert guarded.process.wait(20) == 1
    assert len(guarded.lives()) == 1


def test_a_server_that_dies_before_it_ever_served_is_not_brought_back(folder: Path) -> None:
    guarded = Guarded(folder, "dies young")
    os.kill(guarded.wait_life(1), signal.SIGKILL)
    assert guarded.process.wait(20) == 128 + signal.SIGKILL
    assert len(guarded.lives()) == 1


def test_a_server_that_dies_while_it_is_brought_back_is_brought_back_again(folder: Path) -> None:
    # It had not served itself, so it used to be given up, and the callers with it.
    guarded = Guarded(folder, "dies returning")
    os.kill(guarded.wait_life(1), signal.SIGKILL)
    guarded.wait_life(4)
    assert guarded.stop() == 0
    assert (folder / "stopped").exists()


def test_the_server_dies_with_its_guardian_and_the_folder_is_free_again(folder: Path) -> None:
    guarded = Guarded(folder, "serves")
    server = guarded.wait_life(1)
    with pytest.raises(Unavailable, match=f"process {guarded.process.pid}"), only_one(folder):
        raise AssertionError("two at a time")
    guarded.process.kill()
    guarded.process.wait()
    wait_until(lambda: not alive(server), "the server's end", 10)
    with only_one(folder):
        pass


def test_a_stopped_process_still_holds_the_folder_and_is_named_so(folder: Path) -> None:
    guarded = Guarded(folder, "serves")
    guarded.wait_life(1)
    guarded.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(Unavailable, match="which is stopped"), only_one(folder):
            raise AssertionError("two at a time")
    finally:
        guarded.process.send_signal(signal.SIGCONT)
    guarded.stop()
