"""Is a port free? Asked before anything is started, so that the answer is one clear sentence."""

from __future__ import annotations

import errno
import socket

from kernel.errors import Unavailable


def demand_free(host: str, port: int, kind: socket.SocketKind, purpose: str, setting: str) -> None:
    """Raises Unavailable, naming port, purpose and the setting that moves it."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
                raise
            taken = "is already in use" if error.errno == errno.EADDRINUSE else "cannot be opened"
            raise Unavailable(
                f"{purpose}: port {host}:{port} {taken}; "
                f"stop what uses it or set HOTLINE_{setting} to another."
            ) from error
