"""A child process that is stopped by its own id, and waiting for named conditions."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

LOOK_EVERY_S = 0.02
STOP_WITHIN_S = 20


FIRST_PORT, LAST_PORT = 9_100, 14_099
MEDIA_FIRST, MEDIA_LAST, MEDIA_UNIT = 14_100, 31_999, 50
_kept: list[socket.socket] = []
_ours: list[int] = []


def free_port() -> int:
    """A port of the loopback, for TCP or UDP, that is nobody else's until this process ends.

    Not one of those that the kernel gives away by chance (32768 and up): between the asking and the
    server that opens it, a telephone or a connection of another test would get it now and then.
    """
    while True:
        if not _ours:
            first, locks = _claim(MEDIA_UNIT, FIRST_PORT, LAST_PORT)
            _kept.extend(locks)
            _ours.extend(range(first + MEDIA_UNIT - 1, first - 1, -1))
        port = _ours.pop()
        if _is_free(port):
            return port


def _is_free(port: int) -> bool:
    """Whether no stranger to these tests is there."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


@contextmanager
def media_ports(size: int) -> Iterator[int]:
    """First of `size` UDP ports for media, below the ephemeral range.

    They are nobody else's meanwhile, of this test run or of another on the machine, even before
    Asterisk opens the first.
    """
    first, locks = _claim(size, MEDIA_FIRST, MEDIA_LAST)
    try:
        yield first
    finally:
        _close(locks)


def kept_media_ports(size: int) -> int:
    """The same, kept until this process ends."""
    first, locks = _claim(size, MEDIA_FIRST, MEDIA_LAST)
    _kept.extend(locks)
    return first


def _claim(size: int, lowest: int, highest: int) -> tuple[int, list[socket.socket]]:
    span = -(-size // MEDIA_UNIT) * MEDIA_UNIT
    for first in range(lowest, highest + 2 - span, MEDIA_UNIT):
        locks = []
        try:
            for unit in range(first, first + span, MEDIA_UNIT):
                # An abstract socket is a lock that the kernel releases with the process.
                locks.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
                locks[-1].bind(f"\0hotline-media-{unit}")
        except OSError:
            _close(locks)
            continue
        return first, locks
    raise RuntimeError(f"No {size} ports in a row are free.")


def _close(locks: list[socket.socket]) -> None:
    for lock in locks:
        lock.close()


def wait_until(condition: Callable[[], bool], what: str, within_s: float) -> None:
    """Return as soon as `condition` holds. Raises TimeoutError naming `what` did not happen."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {within_s} s")
        time.sleep(LOOK_EVERY_S)  # the interval between two looks at the condition


class Child:
    """One server process with its output in a file. `stop` ends it and waits for its end."""

    def __init__(self, command: Sequence[str], log: Path, stop_signal: signal.Signals) -> None:
        self._name = Path(command[0]).name
        self._log = log
        self._stop_signal = stop_signal
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C reaches pytest only, which stops us in order
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until(self, condition: Callable[[], bool], what: str, within_s: float = 30) -> None:
        """As `wait_until`, but a process that has ended is an error at once, with its log's end."""

        def alive_and_ready() -> bool:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self._name} ended before {what}:\n{self.log_end()}")
            return condition()

        try:
            wait_until(alive_and_ready, what, within_s)
        except TimeoutError as error:
            raise TimeoutError(f"{error}:\n{self.log_end()}") from None

    def log_end(self, size: int = 4000) -> str:
        return self._log.read_text(errors="replace")[-size:]

    def stop(self) -> None:
        if self._process.poll() is not None:
            return
        self._process.send_signal(self._stop_signal)
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # its own session, hence its own group
            self._process.wait()
            raise
