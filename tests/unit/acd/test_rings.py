"""Relaxation in rings: by the clock alone, the place kept, earlier rings first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.core import inputs as inp
from acd.core.floor import Floor
from acd.core.inputs import TimerKey, TimerKind
from acd.core.rings import left_after, ring_at
from acd.core.rules import Ring, Rules
from kernel import events as ev
from kernel.errors import HotlineError
from kernel.ids import AgentId, CallId, TeamId
from kernel.language import Language
from tests.unit.acd.cast import arrive, ringing, seat, seat_busy
from tests.unit.acd.invariants import check, check_timers
from tests.unit.acd.rules import CONSUMER, GENERAL, LABOUR, make_rules, s
from tests.unit.acd.test_restore import next_run
from tests.unit.acd.world import World

ZH, YUE, EN = Language.MANDARIN, Language.CANTONESE, Language.ENGLISH
RINGS = (
    Ring(teams=(LABOUR,), stay=s(20), least_level=6),
    Ring(teams=(LABOUR,), stay=s(20), least_level=3, languages_dropped=frozenset({YUE})),
    Ring(teams=(LABOUR, GENERAL), stay=s(20), least_level=3, languages_dropped=frozenset({YUE})),
    Ring(teams=(LABOUR, GENERAL, CONSUMER), languages_dropped=frozenset({YUE, EN})),
)


def rules() -> Rules:
    return make_rules(rings={LABOUR: RINGS})


def wait(world: World, seconds: float) -> None:
    world.pass_time(seconds)
    world.drain()


def ring(world: World, call: str = "l") -> int:
    return world.floor.calls[CallId(call)].ring


@given(
    st.lists(st.integers(1, 50), max_size=5),
    st.integers(-5, 400),
)
def test_the_ring_is_the_number_of_stays_that_are_over(stays: list[int], waited: int) -> None:
    rings = (*(Ring(teams=(LABOUR,), stay=s(n)) for n in stays), Ring(teams=(LABOUR,)))
    number = ring_at(rings, s(waited))
    assert number == 1 + sum(sum(stays[: n + 1]) <= waited for n in range(len(stays)))
    after = left_after(rings, number)
    assert after is None if number == len(rings) else after == s(sum(stays[:number]))
    assert after is None or ring_at(rings, after) == number + 1


def test_a_call_moves_outward_by_the_clock_alone_and_keeps_its_place() -> None:
    world = World(rules())
    arrive(world, "l", LABOUR)
    arrive(world, "later", LABOUR)
    seat(world, "trainee", {LABOUR: 2}, (YUE, ZH))
    key = world.floor.calls[CallId("l")].key
    heard = []
    for second in range(1, 80):
        wait(world, 1)
        heard.append(ring(world))
        assert world.floor.calls[CallId("l")].key == key
        if ring(world) < 4:
            assert world.floor.position(world.floor.calls[CallId("l")]) == 1, second
    assert heard == [1] * 17 + [2] * 20 + [3] * 20 + [4] * 22
    assert ringing(world) == {"trainee": "l"}
    relaxed = [e for e in world.events if isinstance(e, ev.CallRelaxed) and e.call_id == "l"]
    assert [e.ring for e in relaxed] == [2, 3, 4]


def test_a_level_is_lowered_and_a_language_dropped_for_operators_who_are_free_already() -> None:
    world = World(rules())
    seat(world, "speaker", {LABOUR: 9}, (YUE, ZH), ready=False)
    seat(world, "middle", {LABOUR: 4})
    arrive(world, "l", LABOUR, language=YUE)
    wait(world, 18)
    assert ringing(world) == {}
    wait(world, 1)
    assert ringing(world) == {"middle": "l"}


def test_a_team_is_added_for_operators_who_are_free_already() -> None:
    world = World(rules())
    seat_busy(world, "busy", LABOUR)
    seat(world, "helper", {GENERAL: 10})
    arrive(world, "l", LABOUR)
    wait(world, 38)
    assert ringing(world) == {}
    wait(world, 1)
    assert ringing(world) == {"helper": "l"}


def test_an_operator_of_an_added_team_needs_the_least_level_there() -> None:
    world = World(rules())
    seat(world, "helper", {GENERAL: 2})
    arrive(world, "l", LABOUR)
    wait(world, 58)
    assert ringing(world) == {}
    wait(world, 1)
    assert ringing(world) == {"helper": "l"}


def test_who_may_serve_by_an_earlier_ring_is_asked_first() -> None:
    """The helper is free longer and of the highest level; the trainee is of the last ring."""
    world = World(rules())
    seat(world, "helper", {GENERAL: 10}, ready=False)
    seat(world, "trainee", {LABOUR: 2}, ready=False)
    seat(world, "middle", {LABOUR: 3}, ready=False)
    seat(world, "expert", {LABOUR: 6}, ready=False)
    for call in ("1", "2", "3", "4"):
        arrive(world, call, LABOUR)
    wait(world, 61)
    world.lose_line()
    world.drain()
    for name in ("helper", "trainee", "middle", "expert"):
        world.clock.advance(timedelta(seconds=1))
        world.feed(inp.ChooseReady(AgentId(name)))
    world.exchange.restore()
    world.drain()
    assert ringing(world) == {"expert": "1", "middle": "2", "helper": "3", "trainee": "4"}


def test_the_rings_go_on_while_a_phone_rings_in_vain() -> None:
    world = World(rules())
    seat(world, "expert", {LABOUR: 9})
    arrive(world, "l", LABOUR)
    wait(world, 19)
    assert ring(world) == 2
    world.exchange.ring_out("booth-expert")
    world.drain()
    seat(world, "middle", {LABOUR: 3})
    assert ringing(world) == {"middle": "l"}


def test_a_transfer_begins_new_rings_at_the_place_of_the_first_arrival() -> None:
    world = World(rules())
    seat(world, "a", {GENERAL: 5})
    arrive(world, "l", GENERAL)
    world.exchange.pick_up("booth-a")
    world.drain()
    wait(world, 100)
    arrive(world, "younger", LABOUR)
    world.feed(inp.TransferToTeam(AgentId("a"), LABOUR))
    world.drain()
    call = world.floor.calls[CallId("l")]
    assert (call.ring, world.floor.position(call)) == (1, 1)
    wait(world, 20)
    assert call.ring == 2


def test_the_last_ring_needs_no_timer_and_an_answer_ends_the_rings() -> None:
    world = World(rules())
    arrive(world, "l", LABOUR)
    timer = TimerKey(TimerKind.RELAX, "l")
    assert timer in world.timers
    wait(world, 30)
    assert timer in world.timers
    wait(world, 40)
    assert timer not in world.timers
    arrive(world, "m", LABOUR)
    seat(world, "expert", {LABOUR: 9})
    world.exchange.caller_hangs_up(CallId("l"))
    world.drain()
    world.feed(inp.ChooseReady(AgentId("expert")))
    world.drain()
    world.exchange.pick_up("booth-expert")
    world.drain()
    assert not [t for t in world.timers if t.kind is TimerKind.RELAX]


# --- a restart ------------------------------------------------------------------------------


def test_after_a_restart_the_ring_is_what_the_clock_says() -> None:
    world = World(rules())
    arrive(world, "l", LABOUR)
    wait(world, 15)
    assert ring(world) == 1
    again = next_run(world, rules())
    again.pass_time(3)
    again.exchange.restore()
    again.drain()
    assert ring(again) == 2
    check(again.floor)
    check_timers(again.floor, set(again.timers))
    again.pass_time(41)
    assert ring(again) == 4


def test_a_caller_who_is_met_again_is_in_the_ring_of_the_first_arrival() -> None:
    """The log lost the entry; the channel knows when the caller came."""
    world = World(rules())
    world.lose_line()
    world.drain()
    world.exchange.arrive("l", LABOUR)
    wait(world, 45)
    world.exchange.restore()
    world.drain()
    assert ring(world) == 3


# --- a ring opened for a team ---------------------------------------------------------------


def plan(team: TeamId, number: int) -> inp.OpenRing:
    return inp.OpenRing(team, number, "plan", "peak")


def test_an_opened_ring_holds_for_all_of_the_team_at_once_and_can_be_taken_back() -> None:
    world = World(rules())
    seat_busy(world, "busy", LABOUR)
    for name in ("x", "y"):
        seat(world, name, {GENERAL: 5})
    for call in ("1", "2", "3"):
        arrive(world, call, LABOUR)
    world.feed(plan(LABOUR, 3))
    world.drain()
    assert ringing(world) == {"x": "1", "y": "2"}
    world.feed(plan(LABOUR, 1))
    seat(world, "z", {GENERAL: 5})
    assert ringing(world) == {"x": "1", "y": "2"}
    wait(world, 40)
    assert ringing(world)["z"] == "3"
    opened = [e for e in world.events if isinstance(e, ev.RingOpened)]
    assert [(e.team, e.ring, e.cause, e.actor) for e in opened] == [
        ("labour", 3, "plan", "peak"),
        ("labour", 1, "plan", "peak"),
    ]


def test_opening_the_same_ring_again_is_nothing() -> None:
    world = World(rules())
    world.feed(plan(LABOUR, 2))
    assert world.feed(plan(LABOUR, 2)) == ()


def test_without_a_line_an_opened_ring_offers_nothing_until_the_line_is_back() -> None:
    world = World(rules())
    seat_busy(world, "busy", LABOUR)
    seat(world, "x", {GENERAL: 5})
    arrive(world, "l", LABOUR)
    world.lose_line()
    world.drain()
    world.feed(plan(LABOUR, 3))
    assert world.floor.offers == {}
    world.exchange.restore()
    world.drain()
    assert ringing(world) == {"x": "l"}


@pytest.mark.parametrize(
    "command", [plan(TeamId("nobody"), 1), plan(LABOUR, 0), plan(LABOUR, 5), plan(GENERAL, 2)]
)
def test_a_ring_that_is_not_there_is_refused(command: inp.OpenRing) -> None:
    world = World(rules())
    before = dict(world.floor.open_rings)
    with pytest.raises(HotlineError):
        world.feed(command)
    assert world.floor.open_rings == before


def test_an_opened_ring_is_remembered_over_a_restart() -> None:
    world = World(rules())
    world.feed(plan(LABOUR, 3))
    again = next_run(world, rules())
    assert again.floor.open_rings[LABOUR] == 3
    fewer = next_run(world, make_rules())
    assert fewer.floor.open_rings[LABOUR] == 1


def test_a_floor_begins_with_no_ring_opened() -> None:
    assert set(Floor(rules()).open_rings.values()) == {1}
