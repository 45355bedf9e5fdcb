"""A Redis server in a temporary folder, without persistence."""

from __future__ import annotations

import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import Child, free_port


@dataclass(frozen=True)
class RedisServer:
    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        try:
            return self._ask("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def empty(self) -> None:
        if self._ask("FLUSHALL") != b"+OK\r\n":
            raise RuntimeError("Redis did not empty itself.")

    def _ask(self, command: str) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(64)


@contextmanager
def running_redis(port: int | None = None) -> Iterator[RedisServer]:
    """Run Redis until the block ends. A given port lets a test start it again at the same place."""
    folder = Path(tempfile.mkdtemp(prefix="hotline-redis-"))
    try:
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("Redis is not installed; run scripts/setup --dev.")
        server = RedisServer(port or free_port())
        options = ["--bind", "127.0.0.1", "--port", str(server.port), "--dir", str(folder)]
        child = Child(
            [program, *options, "--save", "", "--appendonly", "no"],
            folder / "server.log",
            signal.SIGTERM,
        )
        try:
            child.wait_until(server.answers, "Redis answers PING")
            yield server
        finally:
            child.stop()
    finally:
        shutil.rmtree(folder)
