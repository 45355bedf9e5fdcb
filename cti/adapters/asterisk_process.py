"""Asterisk as a process: started with a rendered configuration or met alive, stopped by its own id.

Works without root and without chroot. The command is a wrapper that replaces itself (`exec`), so
the child's id is Asterisk's own. Asterisk runs in a session of its own and outlives whoever
started it: the callers are with it, and the next platform adopts it with all of them.
"""

from __future__ import annotations

import asyncio
import configparser
import os
import re
import signal
import socket
from contextlib import suppress
from pathlib import Path

from cti.adapters.asterisk_config import MAIN_FILE
from kernel.errors import Unavailable

READY_WITHIN_S = 60.0
ADOPTED_WITHIN_S = 10.0
STOP_WITHIN_S = 10.0
LOOK_EVERY_S = 0.05
_FULLY_BOOTED = "fully booted"
_SESSION = re.compile(r"^ {2}(?P<user>\S+) .* (?P<descriptor>\d+) +\d+ +\d+ +\d+ *$", re.M)


class AsteriskProcess:
    """One run of Asterisk. `died` is done when the process has ended, whoever ended it.

    Its value is the exit code, or -1 for an adopted Asterisk, whose parent was another.
    """

    def __init__(self, binary: Path, config_dir: Path) -> None:
        self._binary = binary
        self._config_dir = config_dir.resolve()
        self._main = self._config_dir / MAIN_FILE
        self._pid: int | None = None
        self._watch: asyncio.Task[None] | None = None
        self.died: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def pid(self) -> int | None:
        return self._pid

    @property
    def running(self) -> bool:
        return self._pid is not None and not self.died.done()

    # --- a new one, or one that lives ------------------------------------------------------

    async def start(self) -> None:
        """Return when Asterisk is fully booted and its AMI port accepts.

        Raises Unavailable with one sentence when a port is taken, the command is missing, or it
        does not come up within 60 s; nothing is left running then.
        """
        for kind, address in _ports(self._config_dir):
            await asyncio.to_thread(_require_free, kind, address)
        console = await asyncio.to_thread((self._config_dir / "console.log").open, "ab")
        with console:
            try:
                process = await asyncio.create_subprocess_exec(
                    self._binary,
                    "-f",
                    "-C",
                    self._main,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=console,
                    stderr=console,
                    start_new_session=True,
                )
            except OSError as error:
                raise Unavailable(f"Asterisk cannot be started: {error}") from error
        self._follow(process.pid, process)
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._ready()
        except TimeoutError as error:
            await self.kill()
            raise Unavailable("Asterisk was not ready within 60 s.") from error

    async def adopt(self) -> bool:
        """Take over the Asterisk of this configuration whose keeper has died; False if none lives.

        One that lives and does not answer its console holds no caller whom anybody could help: it
        is ended, so that a new one can start.
        """
        try:
            return await self.attach()
        except Unavailable:
            await self.kill()
            return False

    async def attach(self) -> bool:
        """Speak with the Asterisk of this configuration, whoever keeps it; False if none lives.

        Raises Unavailable when it does not answer its console.
        """
        pid = await asyncio.to_thread(living, self._config_dir)
        if pid is None:
            return False
        self._follow(pid, None)
        try:
            async with asyncio.timeout(ADOPTED_WITHIN_S):
                await self._ready()
        except TimeoutError as error:
            raise Unavailable("Asterisk runs and does not answer.") from error
        return True

    def _follow(self, pid: int, child: asyncio.subprocess.Process | None) -> None:
        loop = asyncio.get_running_loop()
        self._pid = pid
        self.died = loop.create_future()
        work = self._wait_child(child) if child is not None else self._wait_foreign(pid)
        self._watch = loop.create_task(work, name="asterisk-wait")

    async def _wait_child(self, child: asyncio.subprocess.Process) -> None:
        self._note_death(await child.wait())

    async def _wait_foreign(self, pid: int) -> None:
        """The kernel tells of the end of a process that is not our child by its pidfd."""
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self._note_death(-1)
            return
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        self._note_death(-1)

    def _note_death(self, code: int) -> None:
        if not self.died.done():
            self.died.set_result(code)

    async def _ready(self) -> None:
        while _FULLY_BOOTED not in await self.console("core waitfullybooted"):
            if self.died.done():
                raise Unavailable(f"Asterisk ended while starting (code {self.died.result()}).")
            # The interval between two looks at the condition above.
            await asyncio.sleep(LOOK_EVERY_S)

    # --- its console -----------------------------------------------------------------------

    async def console(self, command: str) -> str:
        """What Asterisk's own console answers; a complaint of the program when it is not there."""
        process = await asyncio.create_subprocess_exec(
            self._binary,
            "-C",
            self._main,
            "-rx",
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            answer, _ = await process.communicate()
        except asyncio.CancelledError:
            # The console of a hung Asterisk waits as long as that one hangs.
            process.kill()
            await process.communicate()
            raise
        return answer.decode("utf-8", "replace")

    async def end_sessions(self) -> int:
        """Cut every connection to the AMI, so that whoever held one can order nothing any more.

        Returns how many there were. What they had sent before is carried out; what they send after
        reaches nobody.
        """
        sessions = _SESSION.findall(await self.console("manager show connected"))
        for _, descriptor in sessions:
            await self.console(f"manager kick session {descriptor}")
        return len(sessions)

    # --- the end ---------------------------------------------------------------------------

    async def stop(self) -> None:
        """Ask Asterisk to end (calls are cut), and kill it if it has not within 10 s."""
        if not self._signal(signal.SIGTERM):
            return
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await asyncio.shield(self.died)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._signal(signal.SIGKILL):
            await asyncio.shield(self.died)

    def _signal(self, number: signal.Signals) -> bool:
        """False when there is nothing (any more) to be told."""
        if self._pid is None or not self.running:
            return False
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)
        return True


def living(config_dir: Path) -> int | None:
    """The id of the Asterisk that runs with exactly this configuration, from its own note of it.

    The note may be older than the machine's last start: the command line is compared, too.
    """
    main = config_dir.resolve() / MAIN_FILE
    try:
        folder = _section(main, "directories", arrow=True)["astrundir"]
        pid = int((Path(folder) / "asterisk.pid").read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (Unavailable, KeyError, OSError, ValueError):
        return None
    return pid if os.fsencode(main) in words else None


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


def _section(path: Path, name: str, *, arrow: bool = False) -> dict[str, str]:
    delimiters = ("=>",) if arrow else ("=",)
    parser = configparser.RawConfigParser(
        strict=False, comment_prefixes=(";",), delimiters=delimiters, allow_no_value=arrow
    )
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
