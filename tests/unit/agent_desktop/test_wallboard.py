"""The wallboard: its rules, its feed, and readers who are slow."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_desktop.core.wallboard import (
    TREND_MINUTES,
    BoothState,
    Finding,
    Level,
    Limits,
    QueueState,
    Trend,
    booth_findings,
    order,
    queue_findings,
    sample,
)
from agent_desktop.ports import (
    FigureDrift,
    FloorFigures,
    OccupiedBooth,
    PlanSituation,
    Reserve,
)
from agent_desktop.wallboard import MAX_EXCEPTIONS, WallboardFeed
from kernel.ids import AgentId, BoothId, TeamId
from tests.fakes.desk_ports import (
    NOON,
    FakeClock,
    FakeFigures,
    FakePeople,
    FakePlans,
    floor_figures,
    team_figures,
)
from tests.unit.agent_desktop.room import CHEN, LI, operator

LIMITS = Limits()


def queue(**changes: object) -> QueueState:
    base: dict[str, object] = {
        "team": "labour",
        "waiting": 0,
        "longest_since": None,
        "service_rate": 0.95,
        "connect_rate": 0.99,
    }
    return QueueState(**{**base, **changes})  # type: ignore[arg-type]


def figures(*booths: OccupiedBooth, waiting: int = 0) -> FloorFigures:
    team = team_figures(
        TeamId("labour"),
        waiting=waiting,
        callbacks=3,
        longest_since=NOON - timedelta(seconds=10) if waiting else None,
        entered=10,
        answered=9,
        abandoned=1,
        service_rate=0.9,
        asa_s=6.0,
        connect_rate=0.99,
    )
    return floor_figures((team,), booths)


def booth(agent_id: AgentId = LI, **changes: object) -> OccupiedBooth:
    base: dict[str, object] = {
        "booth_id": BoothId("018"),
        "agent_id": agent_id,
        "state": "ready",
        "reason": None,
        "since": NOON - timedelta(seconds=5),
        "team": None,
        "phone_reachable": True,
    }
    return OccupiedBooth(**{**base, **changes})  # type: ignore[arg-type]


# --- rules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waited_s", "expected"),
    [(29, None), (30, Level.WARN), (119, Level.WARN), (120, Level.DANGER)],
)
def test_a_caller_over_the_limit_is_an_exception(waited_s: int, expected: Level | None) -> None:
    found = queue_findings(
        queue(waiting=1, longest_since=NOON - timedelta(seconds=waited_s)), NOON, LIMITS
    )
    assert [f.level for f in found] == ([expected] if expected else [])


def test_rates_below_their_limits_are_exceptions_and_no_calls_are_none() -> None:
    low = queue_findings(queue(service_rate=0.7, connect_rate=0.949), NOON, LIMITS)
    assert [(f.kind, f.level) for f in low] == [
        ("connect_rate_low", Level.DANGER),
        ("service_rate_low", Level.WARN),
    ]
    assert queue_findings(queue(service_rate=None, connect_rate=None), NOON, LIMITS) == ()


@pytest.mark.parametrize(
    ("state", "seconds", "kind"),
    [
        ("ready", 100_000, None),
        ("talking", 1799, None),
        ("talking", 1800, "talking_long"),
        ("consulting", 1800, "consulting_long"),
        ("wrap_up", 180, "wrap_up_long"),
        ("offered", 30, "offered_long"),
        ("not_ready", 1800, "not_ready_long"),
    ],
)
def test_an_operator_stuck_in_a_state_is_an_exception(
    state: str, seconds: int, kind: str | None
) -> None:
    seat = BoothState("018", state, NOON - timedelta(seconds=seconds), reachable=True)
    assert [f.kind for f in booth_findings(seat, NOON, LIMITS)] == ([kind] if kind else [])


def test_a_lost_phone_matters_unless_its_operator_is_away() -> None:
    since = NOON - timedelta(minutes=1)
    assert booth_findings(BoothState("018", "ready", since, reachable=False), NOON, LIMITS)
    assert not booth_findings(BoothState("018", "not_ready", since, reachable=False), NOON, LIMITS)
    just_now = BoothState("018", "ready", NOON - timedelta(seconds=3), reachable=False)
    assert not booth_findings(just_now, NOON, LIMITS)


def test_a_phone_that_contradicts_its_operator_is_told_with_the_reason_at_once() -> None:
    since = NOON - timedelta(seconds=5)
    seat = BoothState("018", "talking", NOON, True, "no_channel", since)
    assert booth_findings(seat, NOON, LIMITS) == (
        Finding("no_channel", Level.DANGER, "018", since),
    )


def test_danger_stands_before_warnings_and_the_oldest_first() -> None:
    old, young = NOON - timedelta(minutes=9), NOON - timedelta(minutes=1)
    found = order(
        (
            Finding("wrap_up_long", Level.WARN, "020", old),
            Finding("waiting_long", Level.DANGER, "labour", young),
            Finding("connect_rate_low", Level.DANGER, "labour", value=0.9),
            Finding("phone_lost", Level.DANGER, "018", old),
        )
    )
    assert [f.kind for f in found] == [
        "phone_lost",
        "waiting_long",
        "connect_rate_low",
        "wrap_up_long",
    ]


def test_the_trend_keeps_the_highest_number_of_each_minute() -> None:
    trend = sample(Trend(), 3, NOON)
    trend = sample(trend, 7, NOON + timedelta(seconds=20))
    trend = sample(trend, 2, NOON + timedelta(seconds=50))
    trend = sample(trend, 1, NOON + timedelta(seconds=61))
    assert trend.points[-2:] == (7, 1)


@given(st.lists(st.integers(min_value=0, max_value=20_000), min_size=1, max_size=40))
def test_the_trend_is_always_one_hour_long_and_ends_with_its_last_minute(steps: list[int]) -> None:
    trend, now = Trend(), NOON
    for step in steps:
        now += timedelta(seconds=step)
        trend = sample(trend, 1, now)
    assert len(trend.points) == TREND_MINUTES
    assert trend.points[-1] == 1
    assert trend.minute == now.replace(second=0, microsecond=0)


def test_a_clock_that_stands_still_or_steps_back_breaks_no_trend() -> None:
    trend = sample(sample(Trend(), 2, NOON), 5, NOON - timedelta(minutes=5))
    assert trend.points[-1] == 5


# --- the feed -------------------------------------------------------------------------------


def feed(source: FakeFigures, plans: FakePlans | None = None) -> WallboardFeed:
    people = FakePeople(
        operator(LI, "李静怡", "Li Jingyi"), operator(CHEN, "陈国强", "Chen Guoqiang")
    )
    return WallboardFeed(
        figures=source,
        plans=FakePlans() if plans is None else plans,
        people=people,
        clock=FakeClock(),
        limits=LIMITS,
    )


async def test_a_new_reader_gets_the_present_snapshot_at_once() -> None:
    reader = feed(FakeFigures(figures(booth(), waiting=2))).open()
    snapshot = json.loads(await reader.next())
    assert snapshot["type"] == "snapshot"
    assert snapshot["teams"][0]["waiting"] == 2
    assert snapshot["teams"][0]["callbacks"] == 3
    assert snapshot["teams"][0]["ready"] == 1
    assert snapshot["booths"][0]["name"] == "李静怡"


async def test_a_snapshot_tells_every_plan_with_its_figures() -> None:
    running = PlanSituation(
        plan_id="typhoon",
        zh="台风暴雨",
        en="Typhoon",
        team=TeamId(""),
        teams=(TeamId("labour"),),
        state="running",
        since=NOON,
        cause="supervisor",
        by="ad01",
        values=(180.0, None),
        reserves=(Reserve(agent_id=CHEN, answer="asked"), Reserve(agent_id=LI, answer="came")),
    )
    plans = FakePlans(running, replace(running, plan_id="calm", state="resting", since=None))
    snapshot = json.loads(await feed(FakeFigures(figures()), plans).open().next())
    first, second = snapshot["plans"]
    assert (first["plan"], first["state"], first["by"]) == ("typhoon", "running", "ad01")
    assert first["values"] == [180.0, None]
    assert (first["asked"], first["came"], first["declined"]) == (2, 1, 0)
    assert [(r["name"], r["answer"]) for r in first["reserves"]] == [
        ("李静怡", "came"), ("陈国强", "asked"),
    ]  # fmt: skip
    assert (second["state"], second["since"]) == ("resting", None)


async def test_a_change_is_rendered_once_for_all_readers() -> None:
    source = FakeFigures(figures())
    board = feed(source)
    await board.start()
    first, second = board.open(), board.open()
    await first.next()
    await second.next()
    source.change(figures(waiting=3))
    mine, others = await first.next(), await second.next()
    assert mine is others
    assert json.loads(mine)["teams"][0]["waiting"] == 3
    await board.stop()


async def test_a_slow_reader_gets_the_latest_snapshot_and_no_backlog() -> None:
    source = FakeFigures(figures())
    board = feed(source)
    await board.start()
    slow = board.open()
    for waiting in range(1, 50):
        source.change(figures(waiting=waiting))
    assert json.loads(await slow.next())["teams"][0]["waiting"] == 49
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await slow.next()
    await board.stop()


async def test_a_reader_who_left_is_told_nothing_more() -> None:
    source = FakeFigures(figures())
    board = feed(source)
    await board.start()
    reader = board.open()
    await reader.next()
    board.close(reader)
    source.change(figures(waiting=9))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await reader.next()
    await board.stop()


def test_snapshot_names_the_exceptions_subjects() -> None:
    stuck = booth(CHEN, state="talking", since=NOON - timedelta(hours=1))
    source = figures(stuck, waiting=1)
    late = replace(source.teams[0], longest_since=NOON - timedelta(minutes=5))
    board = feed(FakeFigures(source))
    lines = board.snapshot(replace(source, teams=(late,))).exceptions
    assert [(x.kind, x.team, x.booth, x.name) for x in lines] == [
        ("waiting_long", "labour", None, None),
        ("talking_long", None, "018", "陈国强"),
    ]


def test_no_more_exceptions_are_sent_than_a_person_can_read() -> None:
    stuck = [
        booth(booth_id=BoothId(f"{n:03}"), state="wrap_up", since=NOON - timedelta(hours=1))
        for n in range(1, 100)
    ]
    board = feed(FakeFigures(figures(*stuck)))
    assert len(board.snapshot(figures(*stuck)).exceptions) == MAX_EXCEPTIONS


def test_an_operator_counts_for_each_team_he_or_she_serves() -> None:
    busy = booth(CHEN, booth_id=BoothId("019"), state="talking", team=TeamId("labour"))
    row = feed(FakeFigures(figures())).snapshot(figures(booth(), busy)).teams[0]
    assert (row.ready, row.busy) == (1, 1)


def test_figures_that_contradict_each_other_name_whom_they_are_about() -> None:
    source = floor_figures(
        [team_figures(TeamId("labour"))],
        [],
        drifts=(
            FigureDrift(check="visits", subject="labour", ours=10, other=9),
            FigureDrift(check="agent_time", subject=LI, ours=1000, other=1002),
            FigureDrift(check="ghost_callers", subject="c-1", ours=2, other=0),
        ),
    )
    drifts = feed(FakeFigures(source)).snapshot(source).drifts
    assert [(d.check, d.team, d.name, d.ours, d.other) for d in drifts] == [
        ("visits", "labour", None, 10, 9),
        ("agent_time", None, "李静怡", 1000, 1002),
        ("ghost_callers", None, None, 2, 0),
    ]


def test_the_whole_centre_is_a_row_of_its_own_with_everybody_at_work() -> None:
    source = floor_figures(
        [team_figures(TeamId("labour"), waiting=2), team_figures(TeamId("urban"), waiting=1)],
        [booth(), booth(CHEN, booth_id=BoothId("019"), state="talking")],
    )
    total = feed(FakeFigures(source)).snapshot(source).total
    assert (total.team, total.waiting, total.ready, total.busy) == ("", 3, 1, 1)
