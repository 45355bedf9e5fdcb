"""When a silent server is given up: by what its thread does, not by the clock alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from hotline.silence import BUSY_S, LONGEST_S, SILENCE_S, STOPPED_S, Look, Lost, Silence, look_at

EVERY_S = 0.5
"""Between two looks."""


def given_up(
    state: Callable[[float], str], share: float, silence: Silence | None = None
) -> tuple[float, Lost | None]:
    """After how long a silence and why, when the thread is in `state(silent_s)` at each look and
    gets `share` of a processor; after a minute of patience, None."""
    silence = silence or Silence()
    silent_s = 1.0
    while silent_s <= 60:
        why = silence.lost(Look(1000 + silent_s, state(silent_s), 7 + silent_s * share), silent_s)
        if why is not None:
            return silent_s, why
        silent_s += EVERY_S
    return silent_s, None


def test_a_stopped_server_is_given_up_at_once() -> None:
    assert given_up(lambda _: "T", 0) == (STOPPED_S, Lost.STOPPED)


def test_a_server_that_was_stopped_for_a_moment_goes_on() -> None:
    # Amid a silence that has lasted for some time already: one look does not condemn it.
    silent_s, why = given_up(lambda at: "T" if at == 3.0 else "R", 0.1)
    assert (silent_s, why) == (LONGEST_S, Lost.TOO_LONG)


def test_a_loop_that_turns_in_something_else_is_given_up_after_the_silence() -> None:
    assert given_up(lambda _: "R", 1.0) == (SILENCE_S, Lost.BUSY)
    silent_s, why = given_up(lambda _: "R", 0.5)
    assert why is Lost.BUSY and silent_s == 1 + BUSY_S / 0.5


def test_a_server_that_waits_for_what_does_not_come_is_given_up_after_the_silence() -> None:
    assert given_up(lambda _: "S", 0) == (SILENCE_S, Lost.STUCK)


@pytest.mark.parametrize("state", ["R", "D"])
def test_a_server_that_is_short_of_processor_or_disk_is_left_in_peace(state: str) -> None:
    # Hundreds of callers and desktops that came back at once on a machine that did twelve other
    # things: the server was killed amid its work, and the next one had all of it to do again.
    assert given_up(lambda _: state, 0.1) == (LONGEST_S, Lost.TOO_LONG)


def test_a_server_that_sleeps_between_its_work_is_not_stuck() -> None:
    states = iter("SR" * 100)
    silent_s, why = given_up(lambda _: next(states), 0.05)
    assert (silent_s, why) == (LONGEST_S, Lost.TOO_LONG)


def test_a_word_begins_everything_anew() -> None:
    silence = Silence()
    assert silence.lost(Look(1000, "T", 1), STOPPED_S) is None, "one look proves nothing"
    silence.over()
    assert silence.lost(Look(1001, "T", 1), STOPPED_S) is None
    assert silence.lost(Look(1002, "T", 1), STOPPED_S) is Lost.STOPPED


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    code = "import sys\nsys.stdin.readline()\nn = 0\nwhile True: n += 1"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()
    assert process.stdin is not None
    process.stdin.close()


def becomes(pid: int, wanted: Callable[[Look], bool]) -> Look:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        look = look_at(pid, time.monotonic())
        assert look is not None
        if wanted(look):
            return look
        time.sleep(0.01)
    raise AssertionError("not seen")


def test_the_kernel_tells_what_a_real_thread_does(child: subprocess.Popen[bytes]) -> None:
    resting = becomes(child.pid, lambda look: look.state == "S")
    assert child.stdin is not None
    child.stdin.write(b"go\n")
    child.stdin.flush()
    becomes(child.pid, lambda look: look.state == "R" and look.worked_s > resting.worked_s + 0.1)
    os.kill(child.pid, signal.SIGSTOP)
    becomes(child.pid, lambda look: look.state == "T")


def test_of_a_process_that_is_gone_nothing_is_told() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert look_at(gone.pid, 0) is None
