"""One hotline for one data folder: two would share Asterisk's control socket, and its callers."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kernel.errors import Unavailable


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the folder. The kernel lets go of it when the process ends, however it ends.

    Raises Unavailable while another process holds it, or when the folder cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "hotline.lock").open("a")
    except OSError as error:
        raise Unavailable(f"The data folder cannot be used: {error}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(
                f"A hotline is already running with the data folder {data_dir}; "
                "stop it or set HOTLINE_DATA_DIR to another."
            ) from error
        yield
