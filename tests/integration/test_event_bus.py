"""Both event buses keep one contract; the one over Redis survives Redis.

`kernel.bus.EventBus` says what every bus owes; `tests/unit/kernel/test_local_bus.py` has the
details of the bus in one process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from kernel.events import AgentLoggedIn, ArticleOpened, Event
from kernel.ids import AgentId, BoothId, Endpoint, EventId
from kernel.infra.bus import LocalBus, RedisBus
from tests.servers.process import free_port
from tests.servers.redis import running_redis

AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
MANY = 200
LOOK_EVERY_S = 0.02


def opened(number: int) -> ArticleOpened:
    return ArticleOpened(
        event_id=EventId(f"e{number}"), occurred_at=AT, article_id=f"a{number}", agent_id=None
    )


def logged_in() -> AgentLoggedIn:
    return AgentLoggedIn(
        event_id=EventId("l"),
        occurred_at=AT,
        agent_id=AgentId("op0001"),
        booth_id=BoothId("001"),
        endpoint=Endpoint("booth001"),
    )


class Ear:
    """A subscriber that keeps what it hears and can be waited for."""

    def __init__(self, bus: LocalBus) -> None:
        self.heard: list[Event] = []
        self._changed = asyncio.Condition()
        bus.subscribe(Event, self._hear, name="ear")

    async def _hear(self, event: Event) -> None:
        async with self._changed:
            self.heard.append(event)
            self._changed.notify_all()

    async def until(self, holds: Callable[[list[Event]], bool]) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: holds(self.heard))


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 30) -> None:
    async with asyncio.timeout(within_s):
        while True:
            if await condition():
                return
            await asyncio.sleep(LOOK_EVERY_S)  # the interval between two looks at the condition


@pytest.fixture(params=["local", "redis"])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[LocalBus]:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    bus = RedisBus(url, "one") if url else LocalBus()
    await bus.start()
    yield bus
    await bus.stop()


@pytest.fixture
async def pair(redis_url: str) -> AsyncIterator[tuple[RedisBus, RedisBus]]:
    """Two processes' buses on one Redis."""
    buses = RedisBus(redis_url, "one"), RedisBus(redis_url, "two")
    for bus in buses:
        await bus.start()
    yield buses
    for bus in buses:
        await bus.stop()


async def test_events_are_heard_once_and_in_the_order_of_publication(bus: LocalBus) -> None:
    ear = Ear(bus)
    events = [opened(n) for n in range(MANY)]

    for event in events:
        bus.publish(event)
    await bus.drain()

    assert ear.heard == events


async def test_a_failing_subscriber_harms_neither_publisher_nor_others(bus: LocalBus) -> None:
    async def fail(event: Event) -> None:
        raise RuntimeError("broken on purpose")

    bus.subscribe(Event, fail, name="broken")
    ear = Ear(bus)

    bus.publish(opened(1))
    bus.publish(opened(2))
    await bus.drain()

    assert ear.heard == [opened(1), opened(2)]


async def test_a_slow_subscriber_delays_nobody_else(bus: LocalBus) -> None:
    let_go = asyncio.Event()

    async def wait(event: Event) -> None:
        await let_go.wait()

    bus.subscribe(Event, wait, name="slow")
    ear = Ear(bus)

    bus.publish(opened(1))
    await ear.until(lambda heard: heard == [opened(1)])

    let_go.set()
    await bus.drain()


async def test_a_subscriber_of_one_type_hears_no_other(bus: LocalBus) -> None:
    heard: list[Event] = []

    async def hear(event: AgentLoggedIn) -> None:
        heard.append(event)

    bus.subscribe(AgentLoggedIn, hear, name="typed")
    bus.publish(opened(1))
    bus.publish(logged_in())
    await bus.drain()

    assert heard == [logged_in()]


async def test_a_running_bus_is_healthy(bus: LocalBus) -> None:
    assert await bus.healthy() is None


async def test_two_processes_hear_each_other_in_order(pair: tuple[RedisBus, RedisBus]) -> None:
    one, two = pair
    ears = Ear(one), Ear(two)
    events: list[Event] = [opened(n) for n in range(MANY)]

    for event in events:
        one.publish(event)
    await ears[1].until(lambda heard: len(heard) >= MANY)
    two.publish(logged_in())
    await ears[0].until(lambda heard: logged_in() in heard)

    # What one publishes comes back to it over Redis, and is not delivered again.
    assert ears[0].heard == [*events, logged_in()]
    assert ears[1].heard == [*events, logged_in()]


async def test_what_is_no_event_of_ours_stops_nothing(
    pair: tuple[RedisBus, RedisBus], redis_url: str
) -> None:
    one, two = pair
    ear = Ear(two)
    async with Redis.from_url(redis_url) as stranger:
        for body in ("", "no json", "[]", "{}", '{"origin": "x"}', '{"origin": "x", "event": 1}'):
            await stranger.publish(RedisBus.CHANNEL, body)
        await stranger.publish(RedisBus.CHANNEL, '{"origin": "x", "event": {"type": "Unheard"}}')

    one.publish(opened(1))
    await ear.until(lambda heard: len(heard) > 0)

    assert ear.heard == [opened(1)]
    assert await two.healthy() is None


async def test_while_redis_is_dead_this_process_goes_on_and_says_so() -> None:
    port = free_port()
    with running_redis(port) as server:
        buses = RedisBus(server.url, "one"), RedisBus(server.url, "two")
        for bus in buses:
            await bus.start()
    one, two = buses
    ears = Ear(one), Ear(two)

    async def down() -> bool:
        return (await one.healthy() or "").startswith("redis: ")

    await until(down)
    one.publish(opened(1))
    await one.drain()
    assert ears[0].heard == [opened(1)]
    assert await down()

    async def both_up() -> bool:
        return await one.healthy() is None and await two.healthy() is None

    with running_redis(port):
        await until(both_up)
        one.publish(opened(2))
        await ears[1].until(lambda heard: opened(2) in heard)
        # What was published meanwhile is lost to the others: they read the database.
        assert ears[1].heard == [opened(2)]
        for bus in buses:
            await bus.stop()


async def test_a_frozen_redis_is_noticed_and_local_delivery_goes_on(redis_url: str) -> None:
    bus = RedisBus(redis_url, "one", answers_within_s=0.5, heartbeat_s=0.2)
    await bus.start()
    ear = Ear(bus)
    async with Redis.from_url(redis_url) as other:
        # Redis keeps its connections and answers nobody, as a stopped or swapping machine does.
        await other.client_pause(3_000, all=True)

        async def down() -> bool:
            return await bus.healthy() is not None

        await until(down)
        bus.publish(opened(1))
        await ear.until(lambda heard: heard == [opened(1)])

        async def up() -> bool:
            return await bus.healthy() is None

        await until(up)
    await bus.stop()


async def test_a_hotline_starts_without_redis() -> None:
    bus = RedisBus(f"redis://127.0.0.1:{free_port()}/0", "one")
    ear = Ear(bus)

    await bus.start()
    bus.publish(opened(1))
    await ear.until(lambda heard: heard == [opened(1)])

    assert "redis" in (await bus.healthy() or "")
    await bus.stop()
