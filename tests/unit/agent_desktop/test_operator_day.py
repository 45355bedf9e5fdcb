"""An operator's day on the wallboard."""

from __future__ import annotations

from datetime import timedelta

from agent_desktop.days import OperatorDays
from kernel.events import (
    AgentLoggedIn,
    CallAnswered,
    Event,
    OfferEnded,
    TalkFinished,
    WrapUpFinished,
)
from kernel.ids import BoothId, Endpoint, EventId, OfferId, TeamId
from tests.fakes.desk_ports import NOON, FakeClock
from tests.unit.agent_desktop.room import CHEN, LI

ID = EventId("e")
OFFER = OfferId("c.1")


def day_of_work() -> list[Event]:
    return [
        AgentLoggedIn(
            event_id=ID,
            occurred_at=NOON,
            agent_id=LI,
            booth_id=BoothId("018"),
            endpoint=Endpoint("booth018"),
        ),
        OfferEnded(
            event_id=ID, occurred_at=NOON, offer_id=OFFER, agent_id=LI, outcome="ring_no_answer"
        ),
        OfferEnded(event_id=ID, occurred_at=NOON, offer_id=OFFER, agent_id=LI, outcome="accepted"),
        CallAnswered(
            event_id=ID,
            occurred_at=NOON,
            offer_id=OFFER,
            agent_id=LI,
            booth_id=BoothId("018"),
            team=TeamId("labour"),
            waited_s=3,
        ),
        TalkFinished(
            event_id=ID,
            occurred_at=NOON,
            offer_id=OFFER,
            agent_id=LI,
            team=TeamId("labour"),
            talk_s=120,
            held_s=0,
        ),
        WrapUpFinished(
            event_id=ID,
            occurred_at=NOON,
            agent_id=LI,
            disposition="answered",
            wrap_up_s=25,
            timed_out=False,
        ),
    ]


async def test_the_day_sums_calls_talk_wrap_up_and_what_was_not_taken() -> None:
    days = OperatorDays(FakeClock())
    for event in day_of_work():
        await days.hear(event)
    day = days.shown(LI)
    assert (day.calls, day.talk_s, day.wrap_up_s, day.declined) == (1, 120, 25, 1)
    assert day.first_at == NOON
    assert days.shown(CHEN).calls == 0


async def test_the_sheet_is_empty_again_after_midnight_in_guangzhou() -> None:
    clock = FakeClock()
    days = OperatorDays(clock)
    for event in day_of_work():
        await days.hear(event)
    clock.time = NOON + timedelta(hours=12)
    assert days.shown(LI).calls == 0
    assert days.shown(LI).counted_since == NOON + timedelta(hours=12)
