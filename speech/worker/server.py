"""Takes the connections of callers who were announced, and only theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from functools import partial
from typing import assert_never

from speech.core import audiosocket, wire
from speech.core.audiosocket import Garbled
from speech.core.listening import Deaf
from speech.core.wire import Complete, Expect, Follow, Forget, Order, Read, Report
from speech.ports import Recognisers
from speech.worker.follow import Follower
from speech.worker.line import Line
from speech.worker.reading import Reader
from speech.worker.stream import Stream

LOOPBACK = "127.0.0.1"
NAMED_WITHIN_S = 2.0
EXPECTED_FOR_S = 10.0
"""From the answer to the dialplan until its audio comes: a few milliseconds in fact."""
STRANGERS = 32
"""Connections beyond the streams that may be open until they have named themselves."""


class EarServer:
    """`report` is called with everything that the platform is to know."""

    def __init__(
        self,
        recognisers: Recognisers,
        pool: Executor,
        streams: int,
        report: Callable[[Report], None],
    ) -> None:
        self._recognisers = recognisers
        self._pool = pool
        self._most = streams
        self._report = report
        self._expected: dict[str, Expect] = {}
        self._streams: dict[str, asyncio.Task[None]] = {}
        self._followers: dict[str, Follower] = {}
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """The port of the loopback that it listens on, a free one."""
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0, backlog=256)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def streams(self) -> int:
        return len(self._streams)

    def obey(self, order: Order) -> None:
        match order:
            case Expect(ear=ear):
                self._expected[ear] = order
                asyncio.get_running_loop().call_later(EXPECTED_FOR_S, self._expire, ear, order)
            case Forget(ear=ear):
                self._expected.pop(ear, None)
                if ear in self._streams:
                    self._streams[ear].cancel()
            case Follow(ear=ear):
                follower = Follower(order, self._recognisers, self._pool, self._report)
                self._followers[ear] = follower
                self._keep(self._follow(ear, follower))
            case Read(ear=ear):
                reader = Reader(order, self._recognisers, self._pool, self._report)
                self._followers[ear] = reader
                self._keep(self._follow(ear, reader))
            case Complete(ear=ear):
                if ear in self._followers:
                    self._followers[ear].complete()
            case _:
                assert_never(order)

    async def _follow(self, ear: str, follower: Follower) -> None:
        try:
            await follower.run()
        finally:
            del self._followers[ear]

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        """The loop itself holds tasks only weakly."""
        task = asyncio.get_running_loop().create_task(work)
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    def _begun(self, ear: str, longest_s: float) -> None:
        self._report(wire.Begun(ear, longest_s))

    def _expire(self, ear: str, order: Expect) -> None:
        if self._expected.get(ear) is order:
            del self._expected[ear]
            self._report(wire.result(ear, Deaf("no audio came")))

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer)
        if len(self._open) - len(self._followers) >= self._most + STRANGERS:
            line.close()
            return
        self._keep(self._serve(line))

    async def _serve(self, line: Line) -> None:
        try:
            expected = await self._named(line)
            if expected is not None:
                await self._listen(expected, line)
        finally:
            line.close()

    async def _named(self, line: Line) -> Expect | None:
        """Whose audio this is. A name is good for one connection."""
        try:
            async with asyncio.timeout(NAMED_WITHIN_S):
                frame = await line.next()
            if frame is None:
                return None
            expected = self._expected.pop(audiosocket.identifier(frame), None)
        except (TimeoutError, Garbled, ConnectionError) as error:
            self._report(wire.Stranger(f"{type(error).__name__} {error}"[:200]))
            return None
        if expected is None:
            self._report(wire.Stranger("nobody was expected under this name"))
        return expected

    async def _listen(self, expected: Expect, line: Line) -> None:
        ear = expected.ear
        if self.streams >= self._most:
            self._report(wire.result(ear, Deaf("as many callers as can be listened to are there")))
            await line.hang_up()
            return
        task = asyncio.current_task()
        assert task is not None
        self._streams[ear] = task
        try:
            outcome = await Stream(
                expected, self._recognisers, self._pool, line, partial(self._begun, ear)
            ).run()
        finally:
            del self._streams[ear]
        self._report(wire.result(ear, outcome or Deaf("the line was closed")))
        if outcome is not None:
            # Told first: by the time the dialplan asks what came of it, it is known.
            await line.hang_up()
