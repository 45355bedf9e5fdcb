"""Plans on the living distribution: started, recorded, taken up again, undone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from acd.core.plans import (
    Announce,
    Cause,
    EndCause,
    OpenRingTo,
    Plan,
    Summon,
    WrapUpAtMost,
)
from acd.plans import Plans
from kernel import events as ev
from kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from kernel.ids import AgentId, CallId
from kernel.policy import Principal, Role
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.plan_store import DictPlanStore
from tests.unit.acd.hall import A, B, C, Hall
from tests.unit.acd.plan_kit import make_plan
from tests.unit.acd.rules import CONSUMER, LABOUR, s

PEAK = make_plan(
    start_after=s(0),
    triggers=(replace(make_plan().triggers[0], start=3, end=1),),
    actions=(OpenRingTo(2), WrapUpAtMost(s(20)), Announce(("busy_now",))),
)
BOTH = make_plan("both", teams=(LABOUR, CONSUMER), actions=(OpenRingTo(2), WrapUpAtMost(s(40))))
SUPERVISOR = Principal("ad01", "值班长", frozenset({Role.SUPERVISOR}))
QUALITY = Principal("ad11", "质检员", frozenset({Role.QUALITY}))


class House:
    """The hall with its plans; `again` is the next run of the platform on the same record."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.store = DictPlanStore()
        self.audit = KeptAudit()
        self.plans = self.make(PEAK, BOTH)

    def make(self, *plans: Plan) -> Plans:
        self.plans = Plans(
            plans=plans,
            distribution=self.hall.acd,
            store=self.store,
            audit=self.audit,
            clock=self.hall.clock,
            log=self.hall.log,
        )
        return self.plans

    async def until(self, what: Callable[[], bool]) -> None:
        for _ in range(1000):
            if what():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it did not happen within ten seconds")

    def running(self) -> list[str]:
        return [v.plan.plan_id for v in self.plans.board() if v.run is not None]

    def levers(self) -> tuple[int, object]:
        limit = self.hall.acd.wrap_up_limit_of(LABOUR)
        return self.hall.acd.ring_of(LABOUR), limit / s(1) if limit is not None else None

    async def callers(self, first: int, count: int) -> None:
        for number in range(first, first + count):
            await self.hall.arrive(f"c-{number}", "labour")


@pytest.fixture
async def house(hall: Hall) -> AsyncIterator[House]:
    house = House(hall)
    await house.plans.start()
    yield house
    await house.plans.stop()


async def test_a_crowd_in_the_line_starts_the_plan_and_calm_ends_it(house: House) -> None:
    await house.callers(1, 3)
    await house.until(lambda: house.running() == ["peak"])
    await house.hall.calm()
    assert house.levers() == (2, 20)
    assert house.plans.said(LABOUR) == ("busy_now",)
    assert house.plans.said(CONSUMER) == ()
    [ring] = house.hall.published(ev.RingOpened)
    assert (ring.cause, ring.actor) == ("plan", "peak")
    house.hall.clock.advance(s(301))
    for number in (1, 2, 3):
        house.hall.exchange.caller_hangs_up(CallId(f"c-{number}"))
    await house.hall.calm()
    await house.plans.look()
    house.hall.clock.advance(s(61))
    await house.plans.look()
    assert house.running() == []
    assert house.levers() == (1, None)
    assert house.hall.published(ev.RingOpened)[-1].actor == "peak"
    assert house.plans.said(LABOUR) == ()
    [run] = house.store.rows.values()
    assert (run.cause, run.end_cause, run.actor) == (Cause.TRIGGER, EndCause.CALM, "")
    assert [name for name, _ in run.figures] == ["start", "after_5", "end"]
    assert dict(run.figures)["start"]["waiting"] == 3
    assert dict(run.figures)["end"]["waiting"] == 0


async def test_a_supervisor_starts_and_ends_a_plan_with_a_reason_on_record(house: House) -> None:
    await house.plans.begin(SUPERVISOR, "peak", " 台风红色预警 ")
    assert house.levers() == (2, 20)
    await house.plans.end(SUPERVISOR, "peak", "天气好转")
    assert house.levers() == (1, None)
    [run] = house.store.rows.values()
    assert (run.cause, run.actor, run.reason) == (Cause.SUPERVISOR, "ad01", "台风红色预警")
    assert (run.end_cause, run.end_actor, run.end_reason) == (
        EndCause.SUPERVISOR, "ad01", "天气好转",
    )  # fmt: skip
    assert house.audit.actions == ["plan_started", "plan_ended"]
    assert house.audit.entries[0].detail == {"reason": "台风红色预警"}


async def test_what_may_not_or_cannot_be_done_is_refused_and_leaves_no_trace(house: House) -> None:
    with pytest.raises(NotAllowed):
        await house.plans.begin(QUALITY, "peak", "x")
    with pytest.raises(BadInput):
        await house.plans.begin(SUPERVISOR, "peak", "  ")
    with pytest.raises(BadInput):
        await house.plans.begin(SUPERVISOR, "peak", "x" * 201)
    with pytest.raises(NotFound):
        await house.plans.begin(SUPERVISOR, "none", "x")
    with pytest.raises(Conflict):
        await house.plans.end(SUPERVISOR, "peak", "x")
    await house.plans.begin(SUPERVISOR, "peak", "x")
    with pytest.raises(Conflict):
        await house.plans.begin(SUPERVISOR, "peak", "x")
    assert house.audit.actions == ["plan_started"]
    assert len(house.store.rows) == 1


async def test_of_two_supervisors_at_once_one_starts_the_plan(house: House) -> None:
    both = [house.plans.begin(SUPERVISOR, "peak", name) for name in ("first", "second")]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert [type(d) for d in done] == [type(None), Conflict]
    [run] = house.store.rows.values()
    assert run.reason == "first"


async def test_two_plans_at_once_the_stronger_counts_until_it_has_ended(house: House) -> None:
    await house.plans.begin(SUPERVISOR, "both", "x")
    assert house.levers() == (2, 40)
    await house.plans.begin(SUPERVISOR, "peak", "x")
    assert house.levers() == (2, 20)
    await house.plans.end(SUPERVISOR, "peak", "x")
    assert house.levers() == (2, 40)
    await house.plans.end(SUPERVISOR, "both", "x")
    assert house.levers() == (1, None)
    assert house.hall.acd.ring_of(CONSUMER) == 1


async def test_the_end_gives_back_what_a_supervisor_had_set_before(house: House) -> None:
    await house.hall.acd.restrict_wrap_up(LABOUR, s(30), cause="supervisor", actor="ad01")
    await house.hall.acd.open_ring(LABOUR, 2, cause="supervisor", actor="ad01")
    await house.plans.begin(SUPERVISOR, "peak", "x")
    assert house.levers() == (2, 20)
    await house.plans.end(SUPERVISOR, "peak", "x")
    assert house.levers() == (2, 30)


async def test_the_next_run_of_the_platform_takes_up_what_was_running(house: House) -> None:
    await house.hall.acd.restrict_wrap_up(LABOUR, s(30), cause="supervisor", actor="ad01")
    await house.plans.begin(SUPERVISOR, "peak", "x")
    await house.plans.stop()
    rings = len(house.hall.published(ev.RingOpened))
    await house.make(PEAK, BOTH).start()
    assert house.running() == ["peak"]
    assert len(house.hall.published(ev.RingOpened)) == rings
    assert house.plans.said(LABOUR) == ("busy_now",)
    await house.plans.end(SUPERVISOR, "peak", "y")
    assert house.levers() == (1, 30)
    assert len(house.store.rows) == 1


async def test_what_died_between_the_record_and_the_deed_is_done_by_the_next_run(
    house: House,
) -> None:
    """The record of a run stands, nothing was changed yet: the process died in between."""
    await house.plans.begin(SUPERVISOR, "peak", "x")
    await house.plans.stop()
    await house.hall.acd.open_ring(LABOUR, 1, cause="plan", actor="")
    await house.hall.acd.restrict_wrap_up(LABOUR, None, cause="plan", actor="")
    await house.make(PEAK, BOTH).start()
    assert house.levers() == (2, 20)
    await house.plans.end(SUPERVISOR, "peak", "y")
    assert house.levers() == (1, None)


async def test_a_running_plan_that_left_the_file_is_ended_and_undone(house: House) -> None:
    await house.plans.begin(SUPERVISOR, "peak", "x")
    await house.plans.stop()
    await house.make(BOTH).start()
    assert house.levers() == (1, None)
    [run] = house.store.rows.values()
    assert run.end_cause is EndCause.REMOVED


async def test_the_rest_after_an_end_outlives_the_process(house: House) -> None:
    await house.plans.begin(SUPERVISOR, "peak", "x")
    await house.plans.end(SUPERVISOR, "peak", "y")
    await house.plans.stop()
    await house.make(PEAK, BOTH).start()
    await house.callers(1, 3)
    await house.plans.look()
    assert house.running() == []
    house.hall.clock.advance(s(121))
    await house.plans.look()
    assert house.running() == ["peak"]


async def test_a_database_that_is_away_delays_the_record_and_not_the_plan(house: House) -> None:
    house.store.broken = True
    await house.plans.begin(SUPERVISOR, "peak", "x")
    assert house.levers() == (2, 20)
    assert house.store.rows == {}
    house.store.broken = False
    await house.plans.look()
    [run] = house.store.rows.values()
    assert {p.base for p in run.pulled} == {1.0, float("inf")}


async def test_while_the_line_is_down_nothing_is_judged(house: House) -> None:
    await house.callers(1, 3)
    await house.until(lambda: house.running() == ["peak"])
    house.hall.exchange.lose()
    await house.hall.calm()
    house.hall.clock.advance(s(1000))
    await house.plans.look()
    assert house.running() == ["peak"]
    assert house.plans.board()[0].values == (None,)


async def test_figures_are_written_down_after_five_and_fifteen_minutes(house: House) -> None:
    await house.plans.begin(SUPERVISOR, "peak", "x")
    for _ in range(3):
        house.hall.clock.advance(s(301))
        await house.plans.look()
    [run] = house.store.rows.values()
    assert [name for name, _ in run.figures] == ["start", "after_5", "after_15"]
    assert [r.plan_id for r in (await house.plans.history(None)).rows] == ["peak"]


RESERVES = make_plan("reserves", actions=(Summon(("break", "paperwork")),))


async def rests(house: House, agent: AgentId, reason: str) -> None:
    await house.hall.seat(agent, ready=False)
    await house.hall.acd.not_ready(agent, reason)


async def test_reserves_are_asked_once_and_what_they_answer_is_recorded(house: House) -> None:
    await house.plans.stop()
    await house.make(RESERVES).start()
    await rests(house, A, "break")
    await rests(house, B, "paperwork")
    await rests(house, C, "break")  # serves none of the plan's teams
    await house.plans.begin(SUPERVISOR, "reserves", "x")

    def answers() -> dict[str, str]:
        [run] = house.store.rows.values()
        return {one.agent_id: one.answer for one in run.summoned}

    assert answers() == {A: "asked", B: "asked"}
    await house.plans.answer(B, come=False)
    await house.plans.answer(C, come=True)
    assert answers() == {A: "asked", B: "declined"}
    # Whoever simply becomes ready has come; whoever rests again later is not asked again.
    await house.hall.acd.ready(A)
    await house.plans.look()
    assert answers() == {A: "came", B: "declined"}
    await house.hall.acd.not_ready(A, "break")
    await house.plans.look()
    assert answers() == {A: "came", B: "declined"}
    # The next run of the platform knows it, and the record keeps it after the end.
    await house.plans.stop()
    await house.make(RESERVES).start()
    await house.plans.look()
    await house.plans.end(SUPERVISOR, "reserves", "y")
    assert answers() == {A: "came", B: "declined"}
