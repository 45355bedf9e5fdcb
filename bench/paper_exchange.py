"""Asterisk on paper: what a platform sees of a telephone system, and nothing behind it.

It answers the platform's control connection (AMI), tells of callers as the dialplan does, and asks
the dialplan's questions over FastAGI, each on a connection of its own, with the header that
Asterisk 22 sends. So a load of questions costs no Asterisk, and the process that makes the load
shares nothing with the one that answers.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cti.core.words import USER_EVENT, AgiPath, Place, Tell
from kernel.errors import Unavailable
from tests.servers.ami_server import AmiServer, AmiSession

QUESTION_WITHIN_S = 10.0
_LISTS = frozenset({"Status", "DeviceStateList", "QueueStatus"})
_SET = re.compile(r'SET VARIABLE (\w+) "(.*)"')
_HEADER = (
    "agi_network: yes\nagi_network_script: {path}\nagi_request: agi://127.0.0.1:{port}/{path}\n"
    "agi_channel: {channel}\nagi_language: en\nagi_type: PJSIP\nagi_uniqueid: {unique}\n"
    "agi_version: 22.10.1\nagi_callerid: {ani}\nagi_calleridname: unknown\nagi_callingpres: 0\n"
    "agi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\nagi_dnid: {dnis}\n"
    "agi_rdnis: unknown\nagi_context: cc-obey\nagi_extension: next\nagi_priority: 3\n"
    "agi_enhanced: 0.0\nagi_accountcode: \nagi_threadid: 140000000000000\n"
)


@dataclass(slots=True)
class PaperCall:
    """One caller. `number` makes the call's id; `seq` counts the tellings."""

    number: int
    began_s: int
    ani: str
    dnis: str
    seq: int = 0

    @property
    def call_id(self) -> str:
        return f"paper-{self.began_s}-{self.number}"

    @property
    def channel(self) -> str:
        return f"PJSIP/carrier-{self.number:08x}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question's answer: the variables set, and how long it took from connecting to the end
    of the connection."""

    variables: dict[str, str]
    took_ms: float


class PaperExchange:
    """`ami_port` is where the platform connects to; `agi_port` where it answers questions."""

    def __init__(self, ami: AmiServer, agi_port: int) -> None:
        self._ami = ami
        self._agi_port = agi_port
        self._calls = 0

    @property
    def ami_port(self) -> int:
        return self._ami.port

    def call(self, ani: str, dnis: str) -> PaperCall:
        self._calls += 1
        return PaperCall(self._calls, int(time.time()), ani, dnis)

    async def tell(self, call: PaperCall, fact: Tell, place: Place, **more: str) -> None:
        """As the dialplan's `cc-tell` and `cc-hungup`. Raises Unavailable without a platform."""
        call.seq += 1
        session = self._session()
        await session.send(
            Event="UserEvent",
            Channel=call.channel,
            UserEvent=USER_EVENT,
            Fact=fact.value,
            Call=call.call_id,
            Seq=str(call.seq),
            State=place.value,
            Ani=call.ani,
            Dnis=call.dnis,
            Name="",
            Priority="0",
            **more,
        )

    async def ask(self, call: PaperCall, path: AgiPath, *arguments: str) -> Asked:
        """One question. Raises Unavailable when it is not answered in time, or refused."""
        header = _HEADER.format(
            path=path.value,
            port=self._agi_port,
            channel=call.channel,
            unique=f"{call.began_s}.{call.number}",
            ani=call.ani,
            dnis=call.dnis,
        )
        lines = (f"agi_arg_{n}: {text}\n" for n, text in enumerate(arguments, 1))
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(QUESTION_WITHIN_S):
                _, question = await loop.create_connection(
                    lambda: _Question(f"{header}{''.join(lines)}\n".encode()),
                    "127.0.0.1",
                    self._agi_port,
                )
                variables = await question.answered
        except (OSError, TimeoutError) as error:
            raise Unavailable(f"{path.value} was not answered: {error!r}") from error
        return Asked(variables, (loop.time() - began) * 1000)

    def _session(self) -> AmiSession:
        if not self._ami.sessions:
            raise Unavailable("no platform is connected")
        return self._ami.sessions[-1]


class _Question(asyncio.Protocol):
    """Asterisk's end of one FastAGI connection: says yes to every command until it is closed."""

    def __init__(self, header: bytes) -> None:
        self._header = header
        self._pending = b""
        self._variables: dict[str, str] = {}
        self.answered: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._header)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            if found := _SET.fullmatch(line.decode()):
                self._variables[found[1]] = found[2]
            self._transport.write(b"200 result=1\n")

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.answered.done():
            self.answered.set_result(self._variables)


async def _answer(session: AmiSession, action: dict[str, str]) -> None:
    """Nobody is there yet: the lists are empty, which Asterisk tells as an error."""
    name = action["Action"]
    if name in _LISTS:
        refused = {"Response": "Error", "ActionID": action["ActionID"]}
        await session.send(**refused, Message="No such thing is there")
    elif name == "CoreStatus":
        await session.success(action, CoreStartupDate="2026-11-26", CoreStartupTime="08:00:00")
    else:
        await session.success(action)


@asynccontextmanager
async def paper_exchange(agi_port: int) -> AsyncIterator[PaperExchange]:
    """Open for a platform that will answer questions at `agi_port`."""
    ami = AmiServer()
    ami.answer = _answer
    server = await asyncio.start_server(ami.handle, "127.0.0.1", 0)
    ami.port = server.sockets[0].getsockname()[1]
    try:
        yield PaperExchange(ami, agi_port)
    finally:
        server.close()
        for session in ami.sessions:
            session.cut()
