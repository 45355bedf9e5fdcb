"""Every offer says why: who chose, among whom, and what came second."""

from __future__ import annotations

from acd.core import inputs as inp
from acd.core.rules import Ring
from kernel import events as ev
from kernel.assignment import Assignment, Candidate, Choice, RivalCall
from kernel.ids import AgentId, CallId
from kernel.language import Language
from tests.unit.acd.cast import YUE, arrive, seat
from tests.unit.acd.rules import CONSUMER, GENERAL, LABOUR, make_rules, s
from tests.unit.acd.world import World


def why(world: World, call: str) -> Assignment:
    """The reasons of the call's last offer."""
    found = [e for e in world.events if isinstance(e, ev.CallOffered) and e.call_id == call]
    reasons = found[-1].why
    assert reasons is not None
    return reasons


def test_an_agent_who_becomes_free_tells_which_call_came_second() -> None:
    world = World(make_rules(general_after=None))
    arrive(world, "c", LABOUR, language=YUE)
    world.pass_time(10)
    arrive(world, "second", LABOUR)
    world.pass_time(29)
    seat(world, "b", {LABOUR: 4})
    assert why(world, "c") == Assignment(
        choice=Choice.BEST_CALL,
        home_team=LABOUR,
        language=YUE,
        language_relaxed=True,
        priority=0,
        ring=1,
        level=4,
        score_us=world.floor.calls[CallId("c")].key[0],
        position=1,
        since_call_s=0.0,
        free_agents=1,
        candidates=(Candidate(agent_id=AgentId("b"), team=LABOUR, level=4, since_call_s=0.0),),
        rival=RivalCall(call_id=CallId("second"), team=LABOUR, waited_s=30.0, behind_s=11.0),
    )


def test_a_call_that_finds_free_agents_names_the_best_of_them_and_counts_all() -> None:
    world = World(make_rules(general_after=None))
    for name, level in (("low", 3), ("old", 5), ("young", 5), ("lowest", 1)):
        seat(world, name, {LABOUR: level})
        world.pass_time(1)
    arrive(world, "c", LABOUR)
    found = why(world, "c")
    assert found.choice is Choice.BEST_AGENT
    assert found.free_agents == 4
    assert [(c.agent_id, c.level) for c in found.candidates] == [
        ("old", 5),
        ("young", 5),
        ("low", 3),
    ]
    assert found.candidates[0].since_call_s - found.candidates[1].since_call_s == 1.0
    assert found.rival is None


def test_the_priority_of_the_second_call_is_seconds_of_waiting() -> None:
    world = World(make_rules(general_after=None))
    arrive(world, "urgent", LABOUR, priority=2)
    world.pass_time(10)
    arrive(world, "plain", LABOUR)
    seat(world, "b", {LABOUR: 4})
    rival = why(world, "urgent").rival
    assert rival is not None
    assert rival.behind_s == 131.0


def test_an_agent_of_a_wider_circle_says_how_wide() -> None:
    world = World(make_rules(general_after=30))
    arrive(world, "c", CONSUMER)
    world.pass_time(31)
    seat(world, "helper", {GENERAL: 6})
    found = why(world, "c")
    assert (found.home_team, found.ring, found.level) == (CONSUMER, 2, 6)


def test_who_was_asked_for_by_name_was_not_compared() -> None:
    world = World(make_rules())
    seat(world, "first", {LABOUR: 5})
    arrive(world, "c", LABOUR)
    world.exchange.pick_up("booth-first")
    world.drain()
    seat(world, "friend", {LABOUR: 1})
    world.feed(inp.TransferToAgent(AgentId("first"), AgentId("friend")))
    world.drain()
    found = why(world, "c")
    assert found.choice is Choice.WANTED
    assert [c.agent_id for c in found.candidates] == ["friend"]


def test_where_nobody_speaks_the_language_anybody_free_is_compared() -> None:
    world = World(make_rules())
    seat(world, "a", {LABOUR: 2})
    seat(world, "b", {LABOUR: 7})
    arrive(world, "c", LABOUR, language=Language.ENGLISH)
    found = why(world, "c")
    assert found.language_relaxed
    assert found.free_agents == 2
    assert [c.agent_id for c in found.candidates] == ["b", "a"]


def test_who_has_not_the_least_level_of_the_ring_was_not_compared() -> None:
    rings = (Ring(teams=(LABOUR,), stay=s(20), least_level=4), Ring(teams=(LABOUR, GENERAL)))
    world = World(make_rules(rings={LABOUR: rings}))
    for name, skills in (("trainee", {LABOUR: 3}), ("a", {LABOUR: 4}), ("b", {LABOUR: 9})):
        seat(world, name, skills)
    seat(world, "helper", {GENERAL: 9})
    for call in ("1", "2", "3"):
        arrive(world, call, LABOUR)
    found = why(world, "1")
    assert (found.ring, found.free_agents) == (1, 2)
    assert [c.agent_id for c in found.candidates] == ["b", "a"]
    world.pass_time(20)
    found = why(world, "3")
    assert (found.ring, found.free_agents) == (2, 1)
    assert [c.agent_id for c in found.candidates] == ["trainee"]
