"""The fence around panoramisk's FastAGI server.

* F7 a connection that ends, idles or floods before its header is complete is closed; plain
  panoramisk spins on it for ever and stops the whole process;
* headers are decoded as UTF-8 with replacement: a broken character is not a lost call;
* a line break in a command is refused (it would be a second command); every answer has a deadline;
* only loopback may speak: FastAGI has no authentication.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from panoramisk.fast_agi import Application, Request
from panoramisk.utils import parse_agi_result

from cti.core.words import AgiPath
from cti.ports import Answerer, Log

HEADER_LIMIT_BYTES = 16 * 1024
IDLE_S = 5.0
MAX_COMMAND_BYTES = 2000
# A connection that the listening socket has just accepted gets its transport in one turn of the
# loop, is handed to us and aborted in the next, and closes its socket in the one after.
_TURNS_TO_CLOSE = 4
_FORBIDDEN = re.compile(r"[\r\n\x00]")
_ARGUMENT = re.compile(r"agi_arg_(\d+)")


class CallerGone(Exception):
    """The channel hung up, or Asterisk closed the connection, while it was answered."""


class FencedRequest(Request):  # type: ignore[misc]
    """One question of the dialplan."""

    async def send_command(self, command: str) -> Any:
        """Raises ValueError for an unsafe command, CallerGone when nobody is there any more."""
        if _FORBIDDEN.search(command):
            raise ValueError("line break or NUL in an AGI command")
        if len(command.encode()) > MAX_COMMAND_BYTES:
            raise ValueError("AGI command is too long")
        try:
            async with asyncio.timeout(IDLE_S):
                result = await super().send_command(command)
        except (TimeoutError, OSError) as error:
            raise CallerGone(str(error)) from error
        if result.get("error") == "AGIResultHangup":
            raise CallerGone("hung up")
        return result

    async def _read_result(self) -> Any:
        if self.reader.at_eof():
            raise CallerGone("connection closed")
        line = await self.reader.readline()
        if not line.endswith(b"\n"):
            raise CallerGone("connection closed")
        return _parse(line.decode(self.encoding, "replace").rstrip("\r\n"))

    async def set_variable(self, name: str, value: str) -> None:
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        await self.send_command(f'SET VARIABLE {name} "{quoted}"')

    @property
    def arguments(self) -> list[str]:
        """The arguments of `AGI()`, in order."""
        found = ((_ARGUMENT.fullmatch(k), v) for k, v in self.headers.items())
        return [v for _, v in sorted((int(m[1]), v) for m, v in found if m)]


def _parse(line: str) -> Any:
    try:
        return parse_agi_result(line)
    except ValueError as error:
        raise CallerGone(f"no AGI answer: {line[:80]!r}") from error


class FencedApplication(Application):  # type: ignore[misc]
    """panoramisk's routes with a reader that ends."""

    def __init__(self, log: Log) -> None:
        super().__init__(default_encoding="utf-8", loop=asyncio.get_running_loop())
        self._log = log

    async def handler(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (CallerGone, ConnectionError):
            pass
        except Exception:
            self._log.exception("agi_failed")
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not from_loopback(writer):
            self._log.warning("agi_foreign_peer")
            return
        headers = await read_headers(reader)
        if headers is None:
            self._log.warning("agi_no_header")
            return
        script = headers.get("agi_network_script", "")
        route = self._route.get(script)
        if route is None:
            self._log.warning("agi_unknown_path", path=script[:80])
            return
        await route(FencedRequest(self, headers, reader, writer, self.default_encoding))


async def read_headers(reader: asyncio.StreamReader) -> OrderedDict[str, str] | None:
    """The header block, or None when it does not come whole within 5 s and 16 kB."""
    try:
        async with asyncio.timeout(IDLE_S):
            block = await reader.readuntil(b"\n\n")
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        return None
    lines = block.decode("utf-8", "replace").splitlines()
    pairs = (line.split(": ", 1) for line in lines if ": " in line)
    return OrderedDict((key, value) for key, value in pairs)


def from_loopback(writer: asyncio.StreamWriter) -> bool:
    peer = writer.get_extra_info("peername")
    with suppress(TypeError, IndexError, ValueError):
        return ipaddress.ip_address(peer[0]).is_loopback
    return False


class AgiDoor:
    """Implements `cti.ports.QuestionDoor`: listens on loopback, sets what the answerer says."""

    def __init__(self, host: str, port: int, log: Log) -> None:
        self._address = (host, port)
        self._log = log
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self, answerer: Answerer) -> None:
        """Raises OSError when the port is taken."""
        application = FencedApplication(self._log)
        for path in AgiPath:
            application.add_route(path.value, _route(path.value, answerer))

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self._server is None:
                # Accepted in the moment of `stop`.
                writer.transport.abort()
                return
            # The loop itself holds tasks only weakly; this keeps them, and lets `stop` end them.
            task = asyncio.get_running_loop().create_task(application.handler(reader, writer))
            self._open[task] = writer
            task.add_done_callback(self._open.pop)

        host, port = self._address
        self._server = await asyncio.start_server(
            connected, host, port, limit=HEADER_LIMIT_BYTES, backlog=1024
        )

    @property
    def port(self) -> int:
        """The port it listens on (useful when 0 was asked for)."""
        if self._server is None:
            return self._address[1]
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await _close(server)
        still_open = dict(self._open)
        for task, writer in still_open.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*still_open, return_exceptions=True)
        for _ in range(_TURNS_TO_CLOSE):
            await asyncio.sleep(0)


async def _close(server: asyncio.Server) -> None:
    """Accept no more, let what was accepted become a connection, and only then close.

    A server of Python 3.11 that is closed between the two leaks the accepted socket: the new
    transport finds its server closed, fails in its making, and nobody closes it.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(_TURNS_TO_CLOSE):
        await asyncio.sleep(0)
    server.close()


def _route(path: str, answerer: Answerer) -> Callable[[FencedRequest], Awaitable[None]]:
    async def endpoint(request: FencedRequest) -> None:
        for name, value in (await answerer(path, request.arguments)).items():
            await request.set_variable(name, value)

    return endpoint
