"""The bus in one process: order, isolation of failures, and who hears what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from kernel.events import AgentLoggedIn, ArticleOpened, Event
from kernel.ids import AgentId, BoothId, Endpoint, EventId
from kernel.infra.bus import LocalBus

AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


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


@pytest.fixture
async def bus() -> AsyncIterator[LocalBus]:
    bus = LocalBus()
    await bus.start()
    yield bus
    await bus.stop()


async def test_a_subscriber_hears_its_type_in_the_order_of_publication(bus: LocalBus) -> None:
    heard: list[str] = []

    async def hear(event: ArticleOpened) -> None:
        heard.append(event.article_id)

    bus.subscribe(ArticleOpened, hear, name="test")
    for number in range(50):
        bus.publish(opened(number))
        bus.publish(logged_in())
    await bus.drain()

    assert heard == [f"a{n}" for n in range(50)]


async def test_subscribing_to_the_base_hears_everything(bus: LocalBus) -> None:
    heard: list[Event] = []

    async def hear(event: Event) -> None:
        heard.append(event)

    bus.subscribe(Event, hear, name="test")
    bus.publish(opened(1))
    bus.publish(logged_in())
    await bus.drain()

    assert [type(e) for e in heard] == [ArticleOpened, AgentLoggedIn]


async def test_a_failing_subscriber_stops_neither_itself_nor_another(bus: LocalBus) -> None:
    tried: list[str] = []
    heard: list[str] = []

    async def fail(event: ArticleOpened) -> None:
        tried.append(event.article_id)
        raise RuntimeError("broken on purpose")

    async def hear(event: ArticleOpened) -> None:
        heard.append(event.article_id)

    bus.subscribe(ArticleOpened, fail, name="broken")
    bus.subscribe(ArticleOpened, hear, name="whole")
    bus.publish(opened(1))
    bus.publish(opened(2))
    await bus.drain()

    assert tried == heard == ["a1", "a2"]


async def test_drain_waits_for_what_a_handler_publishes_in_its_turn(bus: LocalBus) -> None:
    heard: list[Event] = []

    async def answer(event: ArticleOpened) -> None:
        bus.publish(logged_in())

    async def hear(event: AgentLoggedIn) -> None:
        heard.append(event)

    bus.subscribe(ArticleOpened, answer, name="answer")
    bus.subscribe(AgentLoggedIn, hear, name="hear")
    bus.publish(opened(1))
    await bus.drain()

    assert len(heard) == 1
