"""The fence around panoramisk's AMI client: each of its known faults neutralised, none patched.

panoramisk 1.4 parses messages, numbers actions and matches answers; this module replaces what
made it unfit for a line that must stay up (the faults are numbered in
`docs/adr/0002-panoramisk-behind-a-fence.md`):

* F1 no action is ever sent again: a manager lives for one connection, and its queue stays empty;
* F2 every pending answer fails at once when the connection is cut, lists in the middle too;
* F3 `ask` has a deadline, so a ping that is not answered is noticed (the link pings);
* F4 bytes are decoded incrementally: a character split over two reads arrives whole;
* F5 an exception in a handler is logged, and the next message is handled;
* F6 a line break or NUL in any value is refused before a byte is sent;
* F8 every action has a deadline; events go to one sink, in order, with no task of their own;
* F9 a refused connection raises to the caller; nothing pings a dead transport.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import Callable, Mapping
from typing import Any

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from cti.core.words import DIAL_ORDER, Context
from cti.ports import Log
from kernel.errors import Unavailable
from kernel.phone import CALLABLE

MAX_LINE_BYTES = 1000  # Asterisk cuts an AMI line at 1,024 bytes (manager.c, 22.10)
MAX_HEADERS = 127
MAX_PENDING_CHARS = 1_000_000
_END = re.compile(r"\r?\n\r?\n")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
ORIGINATE_FIELDS = frozenset(
    {
        "Action",
        "ActionID",
        "Channel",
        "ChannelId",
        "Context",
        "Exten",
        "Priority",
        "Timeout",
        "Async",
        "Variable",
    }
)
_CITIZEN = "|".join(pattern.replace("X", "[0-9]") for pattern in CALLABLE)
_DIALLING = re.compile(
    rf"Local/[0-9]+\*{DIAL_ORDER}\*(?:{_CITIZEN})\*[0-9]{{1,3}}@{Context.ORDER.value}/n"
)
_PLAIN = re.compile(r"CC_[A-Z_]+=[A-Za-z0-9_-]{0,80}")
_FORBIDDEN = re.compile(r"[\r\n\x00]")


class UnsafeAction(ValueError):
    """An action that must not be sent: it would mean something else on the wire."""


def check_action(fields: Mapping[str, object]) -> None:
    """Raises UnsafeAction for line breaks, NUL, bad names, over-long lines or too many headers, and
    for an Originate that does anything but dial one citizen of the allow-list."""
    if str(fields.get("Action", "")).lower() == "originate":
        _check_originate(fields)
    lines = [
        (key, str(item))
        for key, value in fields.items()
        for item in (value if isinstance(value, (list, tuple)) else (value,))
    ]
    if len(lines) > MAX_HEADERS:
        raise UnsafeAction(f"too many headers: {len(lines)}")
    for key, text in lines:
        if not _KEY.fullmatch(key):
            raise UnsafeAction(f"bad header name: {key!r}")
        if _FORBIDDEN.search(text):
            raise UnsafeAction(f"line break or NUL in {key}")
        if len(key) + 2 + len(text.encode()) > MAX_LINE_BYTES:
            raise UnsafeAction(f"value of {key} is too long")


def _check_originate(fields: Mapping[str, object]) -> None:
    """The account's right to originate is nearly all of Asterisk; this is what we use of it."""
    if set(fields) - ORIGINATE_FIELDS:
        raise UnsafeAction(f"Originate may not say {sorted(set(fields) - ORIGINATE_FIELDS)}")
    if not _DIALLING.fullmatch(str(fields.get("Channel", ""))):
        raise UnsafeAction("Originate of something else than a citizen")
    if (fields.get("Context"), fields.get("Exten")) != (Context.DIALLER.value, "s"):
        raise UnsafeAction("Originate to somewhere else than the dialling channel's place")
    variables = fields.get("Variable", ())
    if not isinstance(variables, (list, tuple)) or not all(
        _PLAIN.fullmatch(str(v)) for v in variables
    ):
        raise UnsafeAction("Originate with a variable that is no plain word")


class FencedProtocol(AMIProtocol):  # type: ignore[misc]
    """One connection, made by its `FencedManager`."""

    closed: bool
    responses: dict[str, Any]

    def __init__(self, manager: FencedManager) -> None:
        super().__init__()
        self._manager = manager

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # Whose it is must be known before the first byte: what comes with it is handled at once.
        self.factory = self._manager
        self.log = self._manager.log
        self.encoding = "utf-8"
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._searched = 0
        self.bytes_received = 0

    def data_received(self, data: bytes) -> None:
        self.bytes_received += len(data)
        self._pending += self._decoder.decode(data)
        while match := _END.search(self._pending, max(0, self._searched - 4)):
            text, self._pending = self._pending[: match.start()], self._pending[match.end() :]
            self._searched = 0
            self._handle_text(text)
        self._searched = len(self._pending)
        if self._searched > MAX_PENDING_CHARS:
            self.factory.log.error("ami_message_too_long", chars=self._searched)
            self.transport.abort()

    def _handle_text(self, text: str) -> None:
        try:
            # Some messages of Asterisk end their lines with a bare newline (asterisk #761).
            message = Message.from_line(text.strip().replace("\r\n", "\n").replace("\n", "\r\n"))
            if message is not None:
                self.handle_message(message)
        except Exception:
            # One bad message or one faulty handler must not cost the messages after it.
            self.factory.log.exception("ami_message_failed")

    def handle_message(self, message: Any) -> None:
        action = self.responses.get(message.id)
        if action is None:
            if "event" in message:
                self.factory.dispatch(message)
            return
        if message.response in ("Error", "Fail", "Failure") and not action.future.done():
            # panoramisk waits for ever when a list is refused: it expects a second message.
            action.responses.append(message)
            action.future.set_result(message)
            self.responses.pop(message.id, None)
            return
        if action.add_message(message):
            self.responses.pop(message.id, None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed:
            self.closed = True
            self.fail_pending("连接已断开")
            self.factory.connection_lost(exc)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.fail_pending("连接已关闭")
            self.transport.abort()

    def fail_pending(self, reason: str) -> None:
        """Fail every action that still waits; none is kept for later."""
        pending, self.responses = dict(self.responses), {}
        for action in pending.values():
            if not action.future.done():
                action.future.set_exception(Unavailable(reason))
                # The waiter may be gone by now; the failure is then nobody's news.
                action.future.exception()


class FencedManager(Manager):  # type: ignore[misc]
    """One login over one connection; thrown away with it.

    `sink` hears each event synchronously, in order; `lost` is called once when the connection ends.
    """

    def __init__(
        self,
        *,
        log: Log,
        sink: Callable[[Mapping[str, str]], None],
        lost: Callable[[str], None],
    ) -> None:
        super().__init__(loop=asyncio.get_running_loop(), log=log)
        self.callbacks.clear()
        self.patterns.clear()
        self.log = log
        self._sink = sink
        self._lost = lost
        self._open = False
        self.events_received = 0

    async def open(self, host: str, port: int, deadline_s: float) -> None:
        """Connect. Raises Unavailable when refused or not in time."""
        try:
            async with asyncio.timeout(deadline_s):
                _, protocol = await self.loop.create_connection(
                    lambda: FencedProtocol(self), host, port
                )
        except (OSError, TimeoutError) as error:
            raise Unavailable(f"Asterisk cannot be reached: {error}") from error
        self.protocol = protocol
        self._open = True

    async def ask(
        self, fields: Mapping[str, object], *, deadline_s: float, as_list: bool = False
    ) -> Any:
        """Send one action; its response, or with `as_list` the list of all messages of it.

        Raises UnsafeAction before anything is sent; Unavailable when the link is down, cut, or does
        not answer within `deadline_s` seconds. A late answer is dropped.
        """
        check_action(fields)
        if not self._open or self.protocol.closed:
            raise Unavailable("与电话系统的连接不可用")
        action = Action(dict(fields), as_list=as_list)
        future = self.protocol.send(action, as_list=as_list)
        try:
            async with asyncio.timeout(deadline_s):
                return await future
        except TimeoutError as error:
            raise Unavailable("电话系统没有应答") from error
        finally:
            self.protocol.responses.pop(action.id, None)

    def dispatch(self, event: Any) -> list[str]:
        self.events_received += 1
        self._sink(flat(event))
        return []

    def connection_lost(self, exc: Exception | None) -> None:
        self._open = False
        self._lost(str(exc) if exc else "对方关闭了连接")

    def close(self) -> None:
        self._open = False
        if self.protocol is not None:
            self.protocol.close()

    async def send_awaiting_actions(self, *_: object) -> None:
        """Never: what was not answered is judged anew after the state was read back."""

    def ping(self) -> None:
        """Never: the link pings, and judges the answer."""


def flat(message: Any) -> dict[str, str]:
    """Header name in lower case -> last value."""
    return {
        key.lower(): (value[-1] if isinstance(value, list) else value)
        for key, value in message.items()
    }
