"""Earlier calls of a number: looked up while the greeting is heard, asked for by a flow."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from ivr.core.conditions import NOTHING_AROUND, CalledBefore, CallerKind, Known, LastTeam, holds
from ivr.core.history import NO_HISTORY, CallKind, History, PastCall
from ivr.core.walk import Visit, visit_flow
from ivr.enquiries import RECOGNISED_AT_ONCE, Enquiries
from kernel.ids import TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber, clean
from tests.fakes.clock import NOON
from tests.fakes.ivr_world import DictOrderBook
from tests.fakes.log import KeptLog
from tests.unit.ivr.shipped import main_flow

LABOUR = TeamId("labour")
MOBILE = clean("13800138000")


def past(*calls: tuple[float, str]) -> History:
    """(days ago, outcome), newest first."""
    return History(tuple(PastCall(NOON - timedelta(days=d), o, LABOUR) for d, o in calls))


def called(kind: CallKind, least: int, days: float, history: History) -> bool:
    known = Known(False, None, "12345", CallerKind.MOBILE, history=history)
    return holds(CalledBefore(kind, least, timedelta(days=days)), known, NOTHING_AROUND, NOON)


@pytest.mark.parametrize(
    ("kind", "least", "days", "holding"),
    [
        (CallKind.CALLS, 3, 7, True),
        (CallKind.CALLS, 4, 7, False),
        (CallKind.CALLS, 4, 9, True),
        (CallKind.ABANDONED, 1, 1, True),
        (CallKind.ABANDONED, 2, 7, False),
        (CallKind.ANSWERED, 2, 8, True),
        (CallKind.ANSWERED, 1, 1, False),
    ],
)
def test_calls_of_a_kind_are_counted_within_days(
    kind: CallKind, least: int, days: float, holding: bool
) -> None:
    history = past((0.5, "abandoned"), (2, "answered"), (6, "left_in_menu"), (8, "answered"))
    assert called(kind, least, days, history) is holding


def test_team_of_the_last_call_is_that_of_the_last_which_had_one() -> None:
    history = History((PastCall(NOON, "left_in_menu"), PastCall(NOON, "answered", LABOUR)))
    for team, holding in ((LABOUR, True), (TeamId("urban"), False)):
        known = Known(False, None, "12345", CallerKind.MOBILE, history=history)
        assert holds(LastTeam(team), known, NOTHING_AROUND, NOON) is holding
    stranger = Known(False, None, "12345", CallerKind.MOBILE)
    assert not holds(LastTeam(LABOUR), stranger, NOTHING_AROUND, NOON)


def test_whoever_gave_up_waiting_lately_hears_an_apology_before_the_menu() -> None:
    visit = Visit(started_at=NOON, language=Language.ENGLISH, history=past((0.2, "abandoned")))
    assert visit_flow(main_flow(), ("", ""), visit).heard[1:3] == ("en/sorry_missed", "en/menu")
    visit = Visit(started_at=NOON, language=Language.ENGLISH, history=past((2, "abandoned")))
    assert visit_flow(main_flow(), ("", ""), visit).heard[1] == "en/menu"


class Past:
    """Fills `ivr.ports.CallerHistory`."""

    def __init__(self, *, silent: bool = False, broken: bool = False) -> None:
        self.silent, self.broken, self.asked = silent, broken, 0

    async def history(self, ani: PhoneNumber, now: datetime) -> History:
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        if self.broken:
            raise OSError("the database is away")
        return past((1, "answered"))


def enquiries(found: Past) -> Enquiries:
    return Enquiries(DictOrderBook(), KeptLog(), deadline_s=0.02, past=found)


async def test_history_of_a_mobile_number_is_found() -> None:
    assert await enquiries(Past()).history(MOBILE, NOON) == past((1, "answered"))


@pytest.mark.parametrize("ani", ["", "02083331234"])
async def test_a_switchboards_calls_are_many_peoples(ani: str) -> None:
    found = Past()
    assert await enquiries(found).history(clean(ani), NOON) == NO_HISTORY
    assert found.asked == 0


@pytest.mark.parametrize("found", [Past(silent=True), Past(broken=True)])
async def test_whoever_is_asked_about_too_late_is_a_caller_like_any_other(found: Past) -> None:
    assert await enquiries(found).history(MOBILE, NOON) == NO_HISTORY


async def test_a_flood_of_calls_is_no_flood_of_queries() -> None:
    found = Past(silent=True)
    asking = enquiries(found)
    await asyncio.gather(*(asking.history(MOBILE, NOON) for _ in range(RECOGNISED_AT_ONCE + 5)))
    assert found.asked == RECOGNISED_AT_ONCE
