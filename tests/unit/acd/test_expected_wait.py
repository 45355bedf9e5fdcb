"""The forecast of one caller's wait, in situations small enough to be worked out by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from acd.core import inputs as inp
from acd.core.capacity import Crew, Stage, Table
from acd.core.effects import NO_ID
from acd.core.expected_wait import Doubt, Forecast, Leaving, Pace, WaitModel, _binding_set
from acd.core.floor import microseconds
from kernel import events as ev
from kernel.ids import AgentId, CallId, OfferId
from kernel.language import Language
from tests.unit.acd.cast import YUE, ZH, arrive, seat
from tests.unit.acd.rules import GENERAL, LABOUR, make_rules
from tests.unit.acd.world import World

# --- completions ----------------------------------------------------------------------------


def crew(people: int, stage: Stage | None, left: float = 100.0) -> Crew:
    """People alike: 1 s of ringing, 100 s of talk, 1 s of wrap-up."""
    found = Crew()
    for _ in range(people):
        found.add(None if stage is None else (stage, left), (1.0, 100.0, 1.0))
    return found


def test_those_who_are_free_serve_at_once() -> None:
    table = Table(crew(4, None), 0.0)
    assert table.when(4) == 0.0
    assert table.when(5) > 0.0  # type: ignore[operator]


def test_a_hundred_people_who_talk_for_a_hundred_seconds_end_one_call_a_second() -> None:
    table = Table(crew(100, Stage.TALK), 0.0)
    assert table.when(30) == pytest.approx(30 * 1.02, rel=0.08)
    assert table.when(1000) == pytest.approx(1000 * 1.02, rel=0.02)


def test_calls_nearly_over_come_free_soon() -> None:
    soon, later = Table(crew(10, Stage.TALK, 10.0), 0.0), Table(crew(10, Stage.TALK, 100.0), 0.0)
    assert soon.when(5) == pytest.approx(9, abs=2)
    assert later.when(5) == pytest.approx(52, abs=3), "half of a mean of 100, and the wrap-up"


def test_who_leaves_need_not_be_served() -> None:
    """n' = -1 - n/100 from 100: empty after 100 ln 2 = 69 s, not after 100."""
    assert Table(crew(100, Stage.TALK), 0.01).when(100) == pytest.approx(70, abs=4)


def test_nobody_serves_nobody_and_not_beyond_the_hour() -> None:
    assert Table(Crew(), 0.0).when(1) is None
    assert Table(crew(1, Stage.TALK), 0.0).when(50) is None


# --- the binding set ------------------------------------------------------------------------


def rates(*crews: tuple[int, float]) -> list[float]:
    """Calls a second by set of three teams, of crews (the teams they serve, and their rate)."""
    return [sum(rate for those, rate in crews if those & chosen) for chosen in range(8)]


def test_teams_apart_wait_for_their_own_people() -> None:
    apart = rates((0b001, 1.0), (0b010, 1.0), (0b100, 1.0))
    assert _binding_set([9, 50, 0], 0, apart) == (0b001, 0b010)


def test_people_who_serve_two_lines_tie_them_together() -> None:
    shared = rates((0b011, 2.0), (0b100, 1.0))
    assert _binding_set([9, 50, 0], 0, shared) == (0b011, 0)


def test_people_whom_a_longer_line_needs_are_not_counted_on() -> None:
    """The second line takes all who may serve it; the first keeps its own."""
    some = rates((0b001, 1.0), (0b011, 1.0))
    assert _binding_set([3, 100, 0], 0, some) == (0b001, 0b010)


def test_a_team_without_people_is_bound_by_that() -> None:
    assert _binding_set([0, 5, 0], 0, rates((0b010, 1.0))) == (0b001, 0)


# --- leaving, and the pace ------------------------------------------------------------------


def test_callers_leave_at_the_rate_at_which_they_left() -> None:
    """Two of four gave up in 1,000 s of waiting altogether: 2.5 / 1,300."""
    leaving = Leaving(short_us=5_000_000)
    for n in range(4):
        leaving.enter(CallId(str(n)), 0)
    leaving.end(CallId("0"), 100_000_000, gave_up=True)
    leaving.end(CallId("1"), 300_000_000, gave_up=True)
    leaving.end(CallId("2"), 400_000_000, gave_up=False)
    assert leaving.rate(200_000_000) == pytest.approx(2.5 / 1300)
    leaving.end(CallId("3"), 2_000_000, gave_up=True)
    assert leaving.rate(200_000_000) == pytest.approx(2.5 / 1102), "a short abandon gave up nothing"


def test_the_pace_of_the_line_is_put_forward() -> None:
    """In 100 s the head moved over 50 s of arrivals: 30 s of arrivals more take 60 s."""
    pace = Pace()
    for n in range(11):
        pace.serve(n * 10_000_000, n * 5_000_000)
    assert pace.remaining(80_000_000, 50_000_000, 100_000_000) == pytest.approx(60)


def test_a_pace_of_few_calls_or_of_a_line_that_stands_is_not_known() -> None:
    few, still = Pace(), Pace()
    for n in range(5):
        few.serve(n * 10_000_000, n * 5_000_000)
    for n in range(10):
        still.serve(n * 10_000_000, 0)
    assert few.remaining(80_000_000, 0, 100_000_000) is None
    assert still.remaining(80_000_000, 0, 100_000_000) is None


# --- on the floor ---------------------------------------------------------------------------


class Asked(World):
    """The small world with a model that hears what it publishes, and has learnt one talk time."""

    def __init__(self, talk_s: float | None = 100.0) -> None:
        self.model = WaitModel(make_rules(None))
        super().__init__(make_rules(None))
        for n in range(40 if talk_s is not None else 0):
            self._teach(n, talk_s or 0.0)

    def _teach(self, n: int, talk_s: float) -> None:
        agent, call = AgentId("teacher"), CallId(f"lesson{n}")
        common: dict[str, Any] = {
            "event_id": NO_ID,
            "occurred_at": self.now,
            "call_id": call,
            "agent_id": agent,
        }
        talk = ev.TalkFinished(
            **common, offer_id=OfferId("o"), team=GENERAL, talk_s=talk_s, held_s=0.0
        )
        wrap_up = ev.WrapUpFinished(**common, disposition="d", wrap_up_s=10.0, timed_out=False)
        self.model.fold(talk)
        self.model.fold(wrap_up)

    def _hear(self, event: ev.Event) -> None:
        super()._hear(event)
        self.model.fold(event)

    def forecast(self, call: str) -> Forecast:
        found = self.model.forecast(self.floor, self.floor.calls[CallId(call)], self.now)
        assert found is not None
        return found

    def talking(self, name: str, team: str = GENERAL, **more: object) -> None:
        """An operator at work, and one who talks already."""
        seat(self, name, {team: 5}, **more)  # type: ignore[arg-type, dict-item]
        arrive(self, f"of-{name}", team)  # type: ignore[arg-type]
        self.exchange.pick_up(f"booth-{name}")
        self.drain()


def test_the_wait_grows_with_the_callers_before_and_counts_from_the_talks_in_hand() -> None:
    world = Asked()
    for n in range(10):
        world.talking(f"a{n}")
    waits = []
    for n in range(3):
        arrive(world, f"c{n}")
        waits.append(world.forecast(f"c{n}"))
    assert [w.departures for w in waits] == [1, 2, 3]
    assert all(w.doubt is Doubt.NONE for w in waits)
    # Ten who talk for 100 s more on average free one in about ten, and wrap up for another ten.
    assert 15 < waits[0].seconds < 25
    assert waits[0].seconds < waits[1].seconds < waits[2].seconds


def test_talks_that_have_lasted_long_end_sooner() -> None:
    young, old = Asked(), Asked()
    for world, passed in ((young, 0), (old, 80)):
        for n in range(10):
            world.talking(f"a{n}")
        world.clock.advance(timedelta(seconds=passed))
        arrive(world, "c")
    assert old.forecast("c").seconds < 0.6 * young.forecast("c").seconds


def test_priority_is_a_place_further_on() -> None:
    world = Asked()
    for n in range(4):
        world.talking(f"a{n}")
    for n in range(5):
        arrive(world, f"c{n}")
    arrive(world, "urgent", priority=10)
    assert world.forecast("urgent").departures == 1
    assert world.forecast("c0").departures == 2


def test_a_language_that_few_speak_waits_for_those_few() -> None:
    world = Asked()
    for n in range(8):
        world.talking(f"a{n}")
    world.talking("speaker", languages=(YUE, ZH))
    arrive(world, "mandarin")
    arrive(world, "cantonese", language=YUE)
    assert world.forecast("cantonese").seconds > 1.3 * world.forecast("mandarin").seconds


def test_people_on_a_break_after_the_call_are_not_counted_on() -> None:
    world = Asked()
    world.talking("stays")
    world.talking("goes")
    arrive(world, "c")
    before = world.forecast("c").seconds
    world.feed(inp.ChooseNotReady(AgentId("goes"), "meal"))
    world.clock.advance(timedelta(seconds=1))
    assert world.forecast("c").seconds > before + 10


def test_people_who_are_to_leave_after_the_call_are_not_counted_on() -> None:
    world = Asked()
    world.talking("stays")
    world.talking("goes")
    arrive(world, "c")
    before = world.forecast("c").seconds
    goes, out = AgentId("goes"), inp.ForcedState.LOGGED_OUT
    world.feed(inp.ForceState(goes, out, "换班", "supervisor", "chen"))
    world.clock.advance(timedelta(seconds=1))
    assert world.forecast("c").seconds > before + 10


def test_nothing_is_believed_of_few_samples_or_of_nobody() -> None:
    new = Asked(talk_s=None)
    new.talking("a")
    arrive(new, "c")
    assert new.forecast("c").doubt is Doubt.FEW_SAMPLES
    empty = Asked()
    arrive(empty, "c", LABOUR)
    assert empty.forecast("c").doubt is Doubt.NOBODY


def test_a_line_that_moves_much_slower_than_it_should_is_not_believed() -> None:
    world = Asked(talk_s=20.0)
    world.talking("a", languages=(Language.MANDARIN, YUE))
    for n in range(30):
        arrive(world, f"c{n}")
    now_us = microseconds(world.now)
    pace = world.model._paces[GENERAL] = Pace()
    assert world.forecast("c29").doubt is Doubt.NONE
    for n in range(10):
        pace.serve(now_us - (300 - n * 30) * 1_000_000, now_us - 900_000_000 + n * 100_000)
    assert world.forecast("c29").doubt is Doubt.CONTRADICTED


def test_who_is_offered_or_asks_for_one_agent_gets_no_forecast() -> None:
    world = Asked()
    seat(world, "a", {GENERAL: 5})
    arrive(world, "rings")
    call = world.floor.calls[CallId("rings")]
    assert world.model.forecast(world.floor, call, world.now) is None
