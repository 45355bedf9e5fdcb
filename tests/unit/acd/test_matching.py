"""Who gets whom: each rule of the order of service by itself."""

from __future__ import annotations

from datetime import timedelta

from acd.core import inputs as inp
from kernel.ids import AgentId, CallId, TeamId
from tests.unit.acd.cast import YUE, ZH, arrive, ringing, seat, seat_busy
from tests.unit.acd.rules import CONSUMER, GENERAL, LABOUR, make_rules
from tests.unit.acd.world import World


def test_a_freed_agent_takes_the_oldest_call_over_all_teams_he_serves() -> None:
    world = World(make_rules())
    arrive(world, "labour-1", LABOUR)
    arrive(world, "general-1", GENERAL)
    arrive(world, "consumer-1", CONSUMER)
    seat(world, "both", {GENERAL: 9, LABOUR: 1})
    assert ringing(world) == {"both": "labour-1"}


def test_a_call_nobody_free_may_serve_holds_up_nobody_else() -> None:
    world = World(make_rules())
    seat_busy(world, "busy", CONSUMER)
    arrive(world, "consumer-1", CONSUMER, priority=5)
    arrive(world, "general-1", GENERAL)
    seat(world, "general", {GENERAL: 5})
    assert ringing(world) == {"general": "general-1"}


def test_two_points_of_priority_outweigh_a_wait_of_less_than_two_minutes() -> None:
    world = World(make_rules())
    arrive(world, "old")
    world.clock.advance(timedelta(seconds=100))
    arrive(world, "urgent", priority=2)
    arrive(world, "slightly", priority=1)
    seat(world, "a", {GENERAL: 5})
    seat(world, "b", {GENERAL: 5})
    assert ringing(world) == {"a": "urgent", "b": "old"}


def test_of_the_same_level_the_longest_ready_is_asked_and_then_the_lower_id() -> None:
    world = World(make_rules())
    seat(world, "c", {GENERAL: 5})
    world.clock.advance(timedelta(seconds=1))
    seat(world, "b", {GENERAL: 5})
    seat(world, "a", {GENERAL: 5})
    for call in ("1", "2", "3"):
        arrive(world, call)
    assert ringing(world) == {"c": "1", "a": "2", "b": "3"}


def test_the_level_counts_for_the_team_of_the_call() -> None:
    world = World(make_rules())
    seat(world, "general", {GENERAL: 9, LABOUR: 2})
    world.clock.advance(timedelta(seconds=1))
    seat(world, "labour", {GENERAL: 2, LABOUR: 9})
    arrive(world, "l", LABOUR)
    arrive(world, "g", GENERAL)
    assert ringing(world) == {"labour": "l", "general": "g"}


def test_an_agent_whose_caller_left_keeps_the_place_among_the_free() -> None:
    world = World(make_rules())
    seat(world, "first", {GENERAL: 5})
    world.clock.advance(timedelta(seconds=10))
    seat(world, "second", {GENERAL: 5})
    arrive(world, "leaves")
    assert ringing(world) == {"first": "leaves"}
    world.exchange.caller_hangs_up(CallId("leaves"))
    world.drain()
    arrive(world, "next")
    assert ringing(world) == {"first": "next"}


def test_an_agent_of_the_callers_own_team_comes_before_one_of_an_added_team() -> None:
    world = World(make_rules(general_after=10))
    arrive(world, "l", LABOUR)
    world.pass_time(11)
    seat(world, "labour", {LABOUR: 1}, ready=False)
    seat(world, "general", {GENERAL: 10}, ready=False)
    world.lose_line()
    world.drain()
    for name in ("general", "labour"):
        world.feed(inp.ChooseReady(AgentId(name)))
    world.exchange.restore()
    world.drain()
    assert ringing(world) == {"labour": "l"}


def test_a_call_of_the_second_ring_that_was_not_answered_is_still_open_to_both_teams() -> None:
    world = World(make_rules(general_after=10))
    seat(world, "labour", {LABOUR: 5})
    arrive(world, "l", LABOUR)
    world.pass_time(12)
    world.exchange.ring_out("booth-labour")
    world.drain()
    seat(world, "general", {GENERAL: 5})
    assert ringing(world) == {"general": "l"}


def test_a_language_is_demanded_while_anybody_logged_in_speaks_it() -> None:
    world = World(make_rules())
    seat(world, "speaker", {GENERAL: 1}, (YUE, ZH), ready=False)
    seat(world, "other", {GENERAL: 9})
    arrive(world, "yue", language=YUE)
    arrive(world, "zh")
    assert ringing(world) == {"other": "zh"}
    world.feed(inp.ChooseReady(AgentId("speaker")))
    world.drain()
    assert ringing(world) == {"other": "zh", "speaker": "yue"}


def test_when_the_last_speaker_leaves_all_waiting_callers_of_that_language_are_served() -> None:
    world = World(make_rules())
    seat(world, "speaker", {GENERAL: 1}, (YUE, ZH), ready=False)
    for name in ("a", "b"):
        seat(world, name, {GENERAL: 5})
    for call in ("1", "2", "3"):
        arrive(world, call, language=YUE)
    assert ringing(world) == {}
    world.feed(inp.LogOut(AgentId("speaker")))
    world.drain()
    assert ringing(world) == {"a": "1", "b": "2"}


def test_a_call_of_an_unknown_team_goes_to_the_comprehensive_one() -> None:
    world = World(make_rules())
    seat(world, "a", {GENERAL: 5})
    arrive(world, "c", TeamId("nobody"))
    assert ringing(world) == {"a": "c"}
