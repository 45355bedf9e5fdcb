"""Asterisk as a child process: started with a rendered configuration, stopped by its own id.

Works without root and without chroot. The command is a wrapper that replaces itself (`exec`), so
the child's id is Asterisk's own.
"""

from __future__ import annotations

import asyncio
import configparser
import signal
import socket
from contextlib import suppress
from pathlib import Path

from cti.adapters.asterisk_config import MAIN_FILE
from kernel.errors import Unavailable

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 10.0
LOOK_EVERY_S = 0.05
_FULLY_BOOTED = b"fully booted"


class AsteriskProcess:
    """One run of Asterisk. `died` is done when the process has ended, whoever ended it."""

    def __init__(self, binary: Path, config_dir: Path) -> None:
        self._binary = binary
        self._config_dir = config_dir
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self.died: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Return when Asterisk is fully booted and its AMI port accepts.

        Raises Unavailable with one sentence when a port is taken, the command is missing, or it
        does not come up within 60 s; nothing is left running then.
        """
        ports = _ports(self._config_dir)
        for kind, address in ports:
            await asyncio.to_thread(_require_free, kind, address)
        main = self._config_dir / MAIN_FILE
        console = await asyncio.to_thread((self._config_dir / "console.log").open, "ab")
        with console:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    self._binary,
                    "-f",
                    "-C",
                    main,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=console,
                    stderr=console,
                    start_new_session=True,
                )
            except OSError as error:
                raise Unavailable(f"Asterisk cannot be started: {error}") from error
        self.died = asyncio.get_running_loop().create_future()
        self._watch = asyncio.get_running_loop().create_task(self._wait(), name="asterisk-wait")
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._ready(main)
        except TimeoutError as error:
            await self.kill()
            raise Unavailable("Asterisk was not ready within 60 s.") from error

    async def _wait(self) -> None:
        assert self._process is not None
        code = await self._process.wait()
        if not self.died.done():
            self.died.set_result(code)

    async def _ready(self, main: Path) -> None:
        while True:
            if self.died.done():
                raise Unavailable(f"Asterisk ended while starting (code {self.died.result()}).")
            probe = await asyncio.create_subprocess_exec(
                self._binary,
                "-C",
                main,
                "-rx",
                "core waitfullybooted",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            answer, _ = await probe.communicate()
            if _FULLY_BOOTED in answer:
                return
            # The interval between two looks at the condition above.
            await asyncio.sleep(LOOK_EVERY_S)

    async def stop(self) -> None:
        """Ask Asterisk to end (calls are cut), and kill it if it has not within 10 s."""
        if self._process is None or not self.running:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await asyncio.shield(self.died)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None and self.running:
            with suppress(ProcessLookupError):
                self._process.kill()
            await asyncio.shield(self.died)


def _ports(config_dir: Path) -> list[tuple[socket.SocketKind, tuple[str, int]]]:
    """The addresses that the rendered configuration binds."""
    manager = _section(config_dir / "manager.conf", "general")
    http = _section(config_dir / "http.conf", "general")
    sip = _section(config_dir / "pjsip.conf", "transport-udp")["bind"]
    host, _, port = sip.rpartition(":")
    return [
        (socket.SOCK_DGRAM, (host, int(port))),
        (socket.SOCK_STREAM, (manager["bindaddr"], int(manager["port"]))),
        (socket.SOCK_STREAM, (http["bindaddr"], int(http["bindport"]))),
    ]


def _section(path: Path, name: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False, comment_prefixes=(";",), delimiters=("=",))
    try:
        parser.read_string(path.read_text())
        return dict(parser[name])
    except (OSError, KeyError, configparser.Error) as error:
        raise Unavailable(f"Asterisk's configuration cannot be read: {path.name}") from error


def _require_free(kind: socket.SocketKind, address: tuple[str, int]) -> None:
    """Raises Unavailable naming the port. Asterisk itself would log it and run deaf."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            protocol = "UDP" if kind is socket.SOCK_DGRAM else "TCP"
            raise Unavailable(
                f"Port {address[1]}/{protocol} is already in use; Asterisk cannot start."
            ) from error
