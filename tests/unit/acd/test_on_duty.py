"""At night a team has nobody: its callers are not kept from others who are free.

What is counted is compared with everybody, after every step of `test_invariants` and `test_order`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from acd.adapters.rules_file import load_rules
from acd.core import inputs as inp
from acd.core.rules import Ring, Rules
from kernel import events as ev
from kernel.assignment import Assignment
from kernel.ids import AgentId
from tests.unit.acd.cast import arrive, ringing, seat, seat_busy
from tests.unit.acd.invariants import check
from tests.unit.acd.rules import CONSUMER, GENERAL, LABOUR, make_rules, s
from tests.unit.acd.test_restore import next_run
from tests.unit.acd.world import World

OWN, SKILLED, ALL = 1, 2, 3
RINGS = (
    Ring(teams=(LABOUR,), stay=s(5), own_only=True),
    Ring(teams=(LABOUR,), stay=s(5)),
    Ring(teams=(LABOUR, GENERAL, CONSUMER)),
)


def rules() -> Rules:
    return make_rules(rings={LABOUR: RINGS})


def why(world: World) -> Assignment:
    """Of the last offer."""
    found = [e for e in world.events if isinstance(e, ev.CallOffered)][-1].why
    assert found is not None
    return found


def test_a_caller_of_a_team_with_nobody_on_duty_is_answered_by_another_at_once() -> None:
    world = World(rules())
    seat(world, "g", {GENERAL: 5})
    arrive(world, "l", LABOUR)
    assert ringing(world) == {"g": "l"}
    assert (why(world).ring, why(world).unstaffed) == (ALL, True)
    check(world.floor)


def test_so_it_is_with_the_settings_of_the_product() -> None:
    world = World(load_rules(Path("config/acd.yaml")))
    seat(world, "night", {GENERAL: 5})
    arrive(world, "l", LABOUR)
    assert ringing(world) == {"night": "l"}


def test_only_the_rings_of_which_nobody_is_on_duty_are_passed() -> None:
    """The one with the skill comes before those without, though free a shorter time."""
    world = World(rules())
    seat(world, "c", {CONSUMER: 5})
    seat(world, "g", {GENERAL: 8, LABOUR: 2})
    arrive(world, "l", LABOUR)
    assert ringing(world) == {"g": "l"}
    assert why(world).ring == SKILLED
    arrive(world, "m", LABOUR)
    assert ringing(world) == {"g": "l"}, "the one with the skill will be free again"
    world.pass_time(8)
    world.drain()
    assert ringing(world) == {"g": "l"}
    world.pass_time(1)
    world.drain()
    assert ringing(world) == {"g": "l", "c": "m"}
    assert (why(world).ring, why(world).unstaffed) == (ALL, False), "by the clock"


def test_somebody_who_talks_is_on_duty() -> None:
    world = World(rules())
    seat_busy(world, "l", LABOUR)
    seat(world, "g", {GENERAL: 5})
    arrive(world, "m", LABOUR)
    assert ringing(world) == {}
    world.pass_time(9)
    world.drain()
    assert ringing(world) == {"g": "m"}
    assert (why(world).ring, why(world).unstaffed) == (ALL, False)


LAST = AgentId("last")


@pytest.mark.parametrize(
    "order",
    [
        inp.ChooseNotReady(LAST, "meal"),
        inp.ForceState(LAST, inp.ForcedState.NOT_READY, "夜班", "supervisor", "s"),
        inp.ForceState(LAST, inp.ForcedState.LOGGED_OUT, "夜班", "supervisor", "s"),
    ],
)
def test_when_the_last_of_the_team_will_not_be_free_others_answer_at_once(
    order: inp.Command,
) -> None:
    world = World(rules())
    seat_busy(world, "last", LABOUR)
    seat(world, "g", {GENERAL: 5})
    arrive(world, "m", LABOUR)
    assert ringing(world) == {}
    world.feed(order)
    world.drain()
    check(world.floor)
    assert ringing(world) == {"g": "m"}


def test_a_call_that_the_last_of_the_team_lets_ring_goes_to_another_at_once() -> None:
    world = World(rules())
    seat(world, "last", {LABOUR: 5})
    seat(world, "g", {GENERAL: 5})
    arrive(world, "m", LABOUR)
    assert ringing(world) == {"last": "m"}
    world.exchange.ring_out("booth-last")
    world.drain()
    assert ringing(world) == {"g": "m"}


def test_when_the_last_of_the_team_leaves_those_who_wait_are_answered_by_others() -> None:
    world = World(rules())
    seat_busy(world, "last", LABOUR)
    seat(world, "g", {GENERAL: 5})
    world.exchange.put_down("booth-last")
    world.drain()
    arrive(world, "m", LABOUR)
    assert ringing(world) == {}, "writing up"
    world.feed(inp.ForceState(LAST, inp.ForcedState.LOGGED_OUT, "夜班", "supervisor", "s"))
    world.drain()
    check(world.floor)
    assert ringing(world) == {"g": "m"}


def test_a_lost_browser_is_waited_for_and_then_given_up() -> None:
    world = World(make_rules(rings={LABOUR: (Ring(teams=(LABOUR,), stay=s(300)), *RINGS[2:])}))
    seat(world, "l", {LABOUR: 5})
    seat(world, "g", {GENERAL: 5})
    world.feed(inp.ConnectionLost(AgentId("l")))
    arrive(world, "m", LABOUR)
    world.pass_time(58)
    world.drain()
    assert ringing(world) == {}
    world.pass_time(1)
    world.drain()
    assert ringing(world) == {"g": "m"}


def test_when_people_come_back_the_clock_holds_again() -> None:
    world = World(rules())
    seat(world, "g", {GENERAL: 5})
    arrive(world, "l", LABOUR)
    world.exchange.pick_up("booth-g")
    world.drain()
    seat(world, "own", {LABOUR: 5})
    seat(world, "c", {CONSUMER: 5})
    arrive(world, "m", LABOUR)
    assert ringing(world) == {"own": "m"}
    arrive(world, "n", LABOUR)
    assert ringing(world) == {"own": "m"}, "the ring of the own people holds"
    check(world.floor)
    world.pass_time(9)
    world.drain()
    assert ringing(world) == {"own": "m", "c": "n"}


def test_with_nobody_at_all_nothing_is_passed_and_the_first_who_comes_is_asked() -> None:
    world = World(rules())
    arrive(world, "l", LABOUR)
    assert world.floor.staffed_rings[LABOUR] == OWN
    seat(world, "c", {CONSUMER: 5})
    assert ringing(world) == {"c": "l"}


def test_after_a_restart_those_who_will_be_back_are_on_duty() -> None:
    world = World(rules())
    seat(world, "own", {LABOUR: 5})
    seat(world, "g", {GENERAL: 5})
    again = next_run(world, rules())
    again.exchange.restore()
    again.drain()
    check(again.floor)
    again.feed(inp.ConnectionBack(AgentId("g")))
    arrive(again, "l", LABOUR)
    assert ringing(again) == {}
    again.feed(inp.ConnectionBack(AgentId("own")))
    again.drain()
    assert ringing(again) == {"own": "l"}
