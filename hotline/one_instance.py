"""One hotline for one data folder: two would share Asterisk's control socket, and its callers."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kernel.errors import Unavailable

DYING_S = 1.0
LOOK_EVERY_S = 0.02


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the folder. The kernel lets go of it when the process ends, however it ends; one that
    is merely stopped goes on holding it.

    Raises Unavailable while another process holds it, or when the folder cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "hotline.lock").open("a+")
    except OSError as error:
        raise Unavailable(f"The data folder cannot be used: {error}.") from error
    with lock:
        try:
            _hold(lock)
        except BlockingIOError as error:
            lock.seek(0)
            raise Unavailable(
                f"A hotline is already running with the data folder {data_dir}"
                f"{_holder(lock.read().strip())}; "
                "stop it or set HOTLINE_DATA_DIR to another."
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _hold(lock: IO[str]) -> None:
    """Raises BlockingIOError. A holder who is dying this moment needs another one to be gone."""
    deadline = time.monotonic() + DYING_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_EVERY_S)
        else:
            return


def _holder(pid: str) -> str:
    """Which process it is, and whether it is stopped: it holds everything and serves nobody."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
    return f" (process {pid}, which is stopped)" if state == "T" else f" (process {pid})"
