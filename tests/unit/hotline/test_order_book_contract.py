"""The port `ivr.ports.OrderBook`: the bridge to the cases and the fake of the tests agree."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from acd.core.views import Wallboard
from acd.service import Distribution
from cti.core.call_record import CallRecord
from cti.journal import CallJournal
from hotline.ivr_bridges import FlowWorld
from ivr.core.conditions import QueueLoad
from ivr.core.history import NO_HISTORY, History, PastCall
from ivr.core.saying import Stage
from ivr.core.waiting import QueueOffers
from ivr.ports import CallersOrder, OrderBook, OrderProgress
from kernel.ids import CallId, TeamId
from kernel.phone import clean
from tests.fakes.clock import NOON
from tests.fakes.ivr_world import DictOrderBook
from tests.unit.workorders.world import ANI, FUME, World, file, reference
from workorders.core.case import Answered, CaseContent

OTHER_PHONE = replace(FUME, contact_number="02083331234")
Filed = Callable[[CaseContent], Awaitable[tuple[OrderBook, str, datetime]]]
"""Files a case and returns the book, the digits of its number, and when."""


class Board:
    """The part of the distribution that the bridge listens to."""

    def __init__(self) -> None:
        self.seen: list[Callable[[Wallboard], None]] = []

    def watch_wallboard(self, callback: Callable[[Wallboard], None]) -> None:
        self.seen.append(callback)


class Peak:
    """What plans have for those who wait."""

    def offers(self, team: TeamId) -> QueueOffers:
        return QueueOffers(callback=team == "labour")

    def plans_on(self) -> frozenset[str]:
        return frozenset({"typhoon"})

    def calls_back(self) -> bool:
        return False


class Journal:
    """The part of the call journal that the bridge asks."""

    def __init__(self, *records: CallRecord) -> None:
        self.records = list(records)

    async def contacts(self, ani: str, limit: int) -> list[CallRecord]:
        return [record for record in self.records if record.ani == ani][:limit]


def followed(world: World, board: Board | None = None, journal: Journal | None = None) -> FlowWorld:
    made = FlowWorld(reference().calendar, (TeamId("labour"),))
    past = cast(CallJournal, journal or Journal())
    made.follow(cast(Distribution, board or Board()), world.cases, Peak(), past)
    return made


async def _bridge(content: CaseContent) -> tuple[OrderBook, str, datetime]:
    world = World()
    case = await file(world, content=content)
    return followed(world), case.number[2:].replace("-", ""), world.clock.now()


async def _fake(content: CaseContent) -> tuple[OrderBook, str, datetime]:
    digits, tails = "20261124000001", [ANI[-4:], content.contact_number[-4:]]
    if content.confidential or content.anonymous:
        tails = []
    orders = {(digits, t): OrderProgress(Stage.SENT, NOON) for t in tails if t}
    callers = {}
    if tails:
        callers[ANI] = CallersOrder(digits, OrderProgress(Stage.SENT, NOON), content.district)
    return DictOrderBook(orders, callers), digits, NOON


@pytest.fixture(params=[_bridge, _fake], ids=["cases", "fake"])
def filed(request: pytest.FixtureRequest) -> Filed:
    return cast(Filed, request.param)


@pytest.mark.parametrize("tail", [ANI[-4:], "1234"])
async def test_order_is_told_to_who_knows_a_telephone_of_it(filed: Filed, tail: str) -> None:
    book, digits, at = await filed(OTHER_PHONE)
    assert await book.progress(digits, tail) == OrderProgress(Stage.SENT, at)


@pytest.mark.parametrize("tail", ["0000", "", ANI])
async def test_other_last_four_find_nothing(filed: Filed, tail: str) -> None:
    book, digits, _ = await filed(OTHER_PHONE)
    assert await book.progress(digits, tail) is None


@pytest.mark.parametrize("flag", ["confidential", "anonymous"])
async def test_order_of_who_spoke_in_confidence_is_as_if_there_were_none(
    filed: Filed, flag: str
) -> None:
    book, digits, _ = await filed(replace(FUME, **{flag: True}))  # type: ignore[arg-type]
    assert await book.progress(digits, ANI[-4:]) is None


@pytest.mark.parametrize("digits", ["20261124999999", "20261324000001", "", "1"])
async def test_number_of_no_order_finds_nothing(filed: Filed, digits: str) -> None:
    book, _, _ = await filed(FUME)
    assert await book.progress(digits, ANI[-4:]) is None


CALLER = clean(ANI)


async def test_callers_latest_order_is_found_by_the_number_alone(filed: Filed) -> None:
    book, digits, at = await filed(FUME)
    found = await book.latest(CALLER, at)
    assert found == CallersOrder(digits, OrderProgress(Stage.SENT, at), FUME.district)
    assert await book.latest(clean("13900000000"), at) is None


@pytest.mark.parametrize("flag", ["confidential", "anonymous"])
async def test_callers_order_in_confidence_is_as_if_there_were_none(
    filed: Filed, flag: str
) -> None:
    book, _, at = await filed(replace(FUME, **{flag: True}))  # type: ignore[arg-type]
    assert await book.latest(CALLER, at) is None


async def test_order_of_long_ago_and_one_answered_in_the_call_are_no_news() -> None:
    world = World()
    await file(world, content=FUME)
    book = followed(world)
    assert await book.latest(CALLER, world.clock.now() + timedelta(days=61)) is None
    world = World()
    await file(world, content=FUME, outcome=Answered(answer="本次通话已经说明。"))
    assert await followed(world).latest(CALLER, world.clock.now()) is None


def test_surroundings_show_the_calendar_and_the_last_picture_of_the_queues() -> None:
    board = Board()
    made = followed(World(), board)
    sunday = datetime(2026, 11, 22, 4, tzinfo=UTC)
    assert not made.around(sunday).working_day
    assert made.around(NOON).working_day
    assert made.around(NOON).queues == {}
    assert made.around(NOON).offers == {TeamId("labour"): QueueOffers(callback=True)}
    assert made.around(NOON).plans == {"typhoon"}
    assert not made.around(NOON).calls_back

    class Row:
        team, waiting, longest_since = TeamId("labour"), 4, NOON

    class Picture:
        teams = (Row(),)

    board.seen[0](cast(Wallboard, Picture()))
    assert made.around(NOON).queues == {TeamId("labour"): QueueLoad(4, NOON)}


async def test_history_is_of_calls_that_are_over_and_not_of_long_ago() -> None:
    def record(call: str, days: float, outcome: str | None) -> CallRecord:
        return CallRecord(
            call_id=CallId(call),
            arrived_at=NOON - timedelta(days=days),
            ani=ANI,
            team=TeamId("labour"),
            outcome=outcome,
        )

    journal = Journal(
        record("now", 0, None), record("yesterday", 1, "abandoned"), record("old", 91, "answered")
    )
    made = followed(World(), journal=journal)
    assert await made.history(clean(ANI), NOON) == History(
        (PastCall(NOON - timedelta(days=1), "abandoned", TeamId("labour")),)
    )
    assert await made.history(clean(""), NOON) == NO_HISTORY
