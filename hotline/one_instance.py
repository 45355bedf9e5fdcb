"""One hotline for one data folder: two would share Asterisk's control socket, and its callers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kernel.errors import Unavailable


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
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
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


def _holder(pid: str) -> str:
    """Which process it is, and whether it is stopped: it holds everything and serves nobody."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
    return f" (process {pid}, which is stopped)" if state == "T" else f" (process {pid})"
