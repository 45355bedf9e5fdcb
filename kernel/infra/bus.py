"""Event buses: in-process (default) and Redis (several processes). Same port, same guarantees."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from kernel.bus import E, Handler
from kernel.event_wire import decode, encode
from kernel.events import Event
from kernel.infra.log import get

log = get("bus")
_QUEUE_LIMIT = 100_000
_STARTS_WITHIN_S = 5.0
_RECONNECT_EVERY_S = 1.0


class _Subscriber:
    """One task that feeds one handler in order; a slow handler delays only itself."""

    def __init__(
        self, event_type: type[Any], handler: Callable[[Any], Awaitable[None]], name: str
    ) -> None:
        self.event_type = event_type
        self.name = name
        self._handler = handler
        self._queue: asyncio.Queue[Event] = asyncio.Queue(_QUEUE_LIMIT)
        self._task: asyncio.Task[None] | None = None

    def offer(self, event: Event) -> None:
        if not isinstance(event, self.event_type):
            return
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name=self.name)
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            log.error("event_dropped", subscriber=self.name, event_type=type(event).__name__)

    async def _run(self) -> None:
        while True:
            event = await self._queue.get()
            try:
                await self._handler(event)
            except Exception:
                log.exception(
                    "subscriber_failed",
                    subscriber=self.name,
                    event_type=type(event).__name__,
                    call_id=event.call_id,
                )
            finally:
                self._queue.task_done()

    async def drain(self) -> None:
        await self._queue.join()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None


class LocalBus:
    """In-process bus: publication is a queue append per interested subscriber."""

    def __init__(self) -> None:
        self._subscribers: list[_Subscriber] = []

    def publish(self, event: Event) -> None:
        for subscriber in self._subscribers:
            subscriber.offer(event)

    def subscribe(self, event_type: type[E], handler: Handler[E], *, name: str) -> None:
        self._subscribers.append(_Subscriber(event_type, handler, name))

    async def drain(self) -> None:
        # A handler may publish in its turn, so one round is not enough.
        for _ in range(3):
            for subscriber in self._subscribers:
                await subscriber.drain()

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        for subscriber in self._subscribers:
            await subscriber.stop()

    async def healthy(self) -> str | None:
        """None when well, else the reason."""
        return None


class RedisBus(LocalBus):
    """Local delivery at once, plus a Redis channel that carries events to other processes.

    Redis is disposable here: while it is down, this process goes on with local delivery and the
    events meant for others are lost to them (they resynchronise from the database); nothing of
    correctness rests on it. Source: reliability notes A2.9.
    """

    CHANNEL = "hotline:events"

    def __init__(
        self, url: str, origin: str, *, answers_within_s: float = 3.0, heartbeat_s: float = 5.0
    ) -> None:
        """`origin` tells this process from the others; a Redis that is silent for `heartbeat_s`
        is asked, and is lost when it does not answer in time."""
        super().__init__()
        # No retry: a PUBLISH repeated after a lost answer would be heard twice by the others.
        self._redis: Redis = Redis.from_url(
            url,
            socket_connect_timeout=answers_within_s,
            socket_timeout=answers_within_s,
            retry=Retry(NoBackoff(), 0),
        )
        self._origin = origin
        self._answers_within_s = answers_within_s
        self._heartbeat_s = heartbeat_s
        self._outgoing: asyncio.Queue[Event] = asyncio.Queue(_QUEUE_LIMIT)
        self._tasks: list[asyncio.Task[None]] = []
        self._send_fault: str | None = None
        self._receive_fault: str | None = "redis: not connected yet"

    def publish(self, event: Event) -> None:
        super().publish(event)
        try:
            self._outgoing.put_nowait(event)
        except asyncio.QueueFull:
            log.error("event_not_forwarded", event_type=type(event).__name__)

    async def drain(self) -> None:
        """Also waits, but not for ever, until the others were told."""
        await super().drain()
        try:
            await asyncio.wait_for(self._outgoing.join(), self._answers_within_s)
        except TimeoutError:
            log.warning("events_not_forwarded", waiting=self._outgoing.qsize())

    async def start(self) -> None:
        ready = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._send(), name="bus-send"),
            loop.create_task(self._receive(ready), name="bus-receive"),
        ]
        try:
            await asyncio.wait_for(ready.wait(), _STARTS_WITHIN_S)
        except TimeoutError:
            log.warning("bus_not_ready", reason=self._receive_fault)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await super().stop()
        await self._redis.aclose()

    async def healthy(self) -> str | None:
        return self._receive_fault or self._send_fault

    async def _send(self) -> None:
        while True:
            event = await self._outgoing.get()
            body = json.dumps({"origin": self._origin, "event": encode(event)})
            try:
                await self._redis.publish(self.CHANNEL, body)
                self._send_fault = None
            except (RedisError, OSError) as error:
                self._send_fault = f"redis: {error}"
            finally:
                self._outgoing.task_done()

    async def _receive(self, ready: asyncio.Event) -> None:
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(self.CHANNEL)
                    if self._receive_fault:
                        log.info("bus_connected")
                    self._receive_fault = None
                    ready.set()
                    while True:
                        message = await pubsub.get_message(timeout=self._heartbeat_s)
                        if message is None:
                            await self._look()
                        elif message["type"] == "message":
                            self._deliver(message["data"])
            except (RedisError, OSError) as error:
                self._receive_fault = f"redis: {error}"
                log.warning("bus_lost", reason=str(error))
                await asyncio.sleep(_RECONNECT_EVERY_S)

    async def _look(self) -> None:
        """A silent Redis may be a frozen one: only an answer tells. Raises RedisError, OSError."""
        await self._redis.ping()
        self._send_fault = None

    def _deliver(self, body: bytes) -> None:
        try:
            message = json.loads(body)
            if message["origin"] == self._origin:
                return
            event = decode(message["event"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # Not ours, or of a newer release: the others' words must not stop this process.
            log.warning("foreign_event_ignored", reason=repr(error)[:200])
            return
        super().publish(event)
