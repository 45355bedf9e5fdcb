"""Help between teams: one's own first in time, then who can still be answered, and no longer than
one's own service level allows."""

from __future__ import annotations

from dataclasses import replace

from acd.core import inputs as inp
from acd.core.decided import Decided
from acd.core.inputs import TimerKey, TimerKind
from acd.core.rules import Ring, Rules, Sharing
from acd.core.sharing import projected_level
from kernel import events as ev
from kernel.ids import AgentId, CallId, TeamId
from kernel.language import Language
from tests.unit.acd.cast import arrive, ringing, seat
from tests.unit.acd.invariants import check
from tests.unit.acd.rules import CONSUMER, GENERAL, LABOUR, TEAMS, make_rules, s
from tests.unit.acd.world import World

SHARING = Sharing(least_level=0.5, least_calls=4, window=s(120), own_first_after=s(12))
EVERYBODY = 1
REGARDLESS = 2


def rules(sharing: Sharing | None = SHARING) -> Rules:
    """Everybody may serve everybody's calls at once, after 100 s regardless of levels."""

    def rings(team: TeamId) -> tuple[Ring, ...]:
        teams = (team, *(t for t in TEAMS if t != team))
        return (Ring(teams=teams, stay=s(100)), Ring(teams=teams, help_regardless=True))

    return replace(make_rules(rings={t: rings(t) for t in TEAMS}), sharing=sharing)


def frees(world: World, name: str) -> None:
    """The operator says ready; the world checks itself."""
    world.feed(inp.ChooseReady(AgentId(name)))
    world.drain()
    check(world.floor)


def busy(sharing: Sharing | None = SHARING) -> World:
    """One operator of labour who is not ready yet."""
    world = World(rules(sharing), judge=False)
    seat(world, "l", {LABOUR: 8, GENERAL: 2}, ready=False)
    return world


def test_the_older_call_of_another_team_goes_before_a_young_one_of_the_own() -> None:
    world = busy()
    arrive(world, "other", CONSUMER)
    world.pass_time(5)
    arrive(world, "own", LABOUR)
    frees(world, "l")
    assert ringing(world) == {"l": "other"}


def test_the_own_team_comes_first_once_its_first_caller_has_waited() -> None:
    world = busy()
    arrive(world, "other", CONSUMER)
    arrive(world, "own", LABOUR)
    world.pass_time(11)
    frees(world, "l")
    assert ringing(world) == {"l": "own"}
    offered = [e for e in world.events if isinstance(e, ev.CallOffered)][-1]
    assert offered.why is not None and offered.why.rival is not None
    assert (offered.why.rival.call_id, offered.why.rival.behind_s) == ("other", -1.0)


def test_help_goes_to_who_can_still_be_answered_in_time() -> None:
    world = busy()
    arrive(world, "late", CONSUMER)
    world.pass_time(10)
    arrive(world, "in time", GENERAL)
    world.pass_time(6)
    frees(world, "l")
    assert ringing(world) == {"l": "in time"}


def test_nobody_passes_an_older_caller_of_the_same_team_and_language() -> None:
    """The young one stands in another ring's lane, whose first caller could be answered in time."""
    narrow = (Ring(teams=(CONSUMER,), stay=s(10)), rules().team(CONSUMER).rings[0])
    world = World(replace(make_rules(rings={CONSUMER: narrow}), sharing=SHARING), judge=False)
    seat(world, "l", {LABOUR: 8, CONSUMER: 2}, ready=False)
    arrive(world, "old", CONSUMER)
    world.pass_time(15)
    arrive(world, "young", CONSUMER)
    frees(world, "l")
    assert ringing(world) == {"l": "old"}


def test_who_is_past_the_time_is_helped_when_the_own_line_is_empty() -> None:
    world = busy()
    arrive(world, "late", CONSUMER)
    world.pass_time(30)
    frees(world, "l")
    assert ringing(world) == {"l": "late"}


def test_the_own_line_comes_before_who_is_past_the_time() -> None:
    world = busy()
    arrive(world, "late", CONSUMER)
    world.pass_time(30)
    arrive(world, "own", LABOUR)
    frees(world, "l")
    assert ringing(world) == {"l": "own"}


def test_a_ring_regardless_is_served_by_score_alone() -> None:
    world = busy()
    arrive(world, "forgotten", CONSUMER)
    world.pass_time(80)
    arrive(world, "own", LABOUR)
    world.pass_time(19)
    frees(world, "l")
    assert ringing(world) == {"l": "forgotten"}


def test_an_operator_who_was_asked_for_takes_that_caller_in_turn() -> None:
    world = busy()
    seat(world, "c", {CONSUMER: 5})
    arrive(world, "asked", CONSUMER)
    world.exchange.pick_up("booth-c")
    world.drain()
    world.feed(inp.TransferToAgent(AgentId("c"), AgentId("l")))
    world.drain()
    arrive(world, "own", LABOUR)
    world.pass_time(14)
    frees(world, "l")
    assert ringing(world) == {"l": "asked"}


def test_without_the_rules_score_alone_decides() -> None:
    world = busy(None)
    arrive(world, "late", CONSUMER)
    arrive(world, "own", LABOUR)
    world.pass_time(40)
    frees(world, "l")
    assert ringing(world) == {"l": "late"}


# --- the level ------------------------------------------------------------------------------


def gives_up(world: World, call: str) -> None:
    """A caller of labour who waits past the time and leaves."""
    arrive(world, call, LABOUR)
    world.pass_time(16)
    world.exchange.caller_hangs_up(CallId(call))
    world.drain()


def in_trouble() -> World:
    """Labour has lost four callers; its operator is in a break."""
    world = busy()
    for n in range(4):
        gives_up(world, f"lost{n}")
    return world


def level(world: World) -> float | None:
    return projected_level(world.floor, LABOUR, world.now, SHARING)


def changes(world: World) -> list[tuple[TeamId, bool, float | None]]:
    return [(e.team, e.helps, e.level) for e in world.events if isinstance(e, ev.SharingChanged)]


def test_the_level_is_told_by_those_whose_wait_ended_and_those_who_are_overdue() -> None:
    world = busy()
    for n in range(3):
        gives_up(world, f"lost{n}")
    assert level(world) is None, "three tell nothing"
    arrive(world, "overdue", LABOUR)
    world.pass_time(10)
    assert level(world) is None, "not overdue yet"
    world.pass_time(5)
    assert level(world) == 0.0
    frees(world, "l")
    world.exchange.pick_up("booth-l")
    world.drain()
    assert level(world) == 0.0, "answered, but late"
    world.pass_time(121)
    assert level(world) is None, "forgotten"


def test_who_gives_up_at_once_is_no_failure() -> None:
    world = busy()
    for n in range(9):
        arrive(world, f"short{n}", LABOUR)
        world.exchange.caller_hangs_up(CallId(f"short{n}"))
        world.drain()
    assert level(world) is None


def test_a_team_below_the_level_keeps_to_itself() -> None:
    world = in_trouble()
    assert changes(world) == [(LABOUR, False, 0.0)]
    arrive(world, "other", CONSUMER)
    world.pass_time(1)
    frees(world, "l")
    assert ringing(world) == {}
    arrive(world, "own", LABOUR)
    check(world.floor)
    assert ringing(world) == {"l": "own"}


def test_another_team_helps_meanwhile_and_is_helped() -> None:
    world = in_trouble()
    frees(world, "l")
    seat(world, "g", {GENERAL: 5, LABOUR: 1})
    arrive(world, "other", CONSUMER)
    arrive(world, "own", LABOUR)
    arrive(world, "own too", LABOUR)
    check(world.floor)
    assert ringing(world) == {"l": "own", "g": "other"}


def test_the_free_who_are_held_back_are_not_named_as_candidates() -> None:
    world = in_trouble()
    frees(world, "l")
    seat(world, "g", {GENERAL: 5}, (Language.MANDARIN, Language.CANTONESE))
    arrive(world, "other", GENERAL, language=Language.CANTONESE)
    offered = [e for e in world.events if isinstance(e, ev.CallOffered)][-1]
    assert offered.why is not None
    assert offered.why.free_agents == 1
    assert [c.agent_id for c in offered.why.candidates] == ["g"]


def test_a_team_whose_level_is_back_helps_at_once() -> None:
    world = in_trouble()
    frees(world, "l")
    seat(world, "l2", {LABOUR: 5})
    arrive(world, "other", CONSUMER)
    for n in range(4):
        assert "other" not in ringing(world).values()
        arrive(world, f"own{n}", LABOUR)
        phone = next(p for p, c in ringing(world).items() if c == f"own{n}")
        world.exchange.pick_up(f"booth-{phone}")
        world.drain()
        world.exchange.caller_hangs_up(CallId(f"own{n}"))
        world.drain()
        world.feed(inp.FinishWrapUp(AgentId(phone), "answered"))
        world.drain()
        check(world.floor)
    assert changes(world)[-1] == (LABOUR, True, 0.5)
    assert "other" in ringing(world).values()


def test_a_team_without_callers_helps_again_when_the_window_is_over() -> None:
    world = in_trouble()
    frees(world, "l")
    timer = TimerKey(TimerKind.SHARE, LABOUR)
    assert timer in world.timers
    world.pass_time(30)
    arrive(world, "other", CONSUMER)
    # The first of the four was lost 51 s before the last: 69 s after that it is forgotten, and the
    # next look (each 30 s) is at 90 s.
    for _ in range(58):
        world.pass_time(1)
        world.drain()
        assert ringing(world) == {}
    world.pass_time(1)
    world.drain()
    check(world.floor)
    assert ringing(world) == {"l": "other"}
    assert changes(world)[-1] == (LABOUR, True, None)
    assert timer not in world.timers


def test_a_team_that_keeps_to_itself_serves_a_ring_regardless() -> None:
    world = in_trouble()
    frees(world, "l")
    arrive(world, "forgotten", CONSUMER)
    for n in range(4):
        world.pass_time(12)
        gives_up_elsewhere(world, f"more{n}")
    world.drain()
    assert world.floor.keeping == {LABOUR}
    assert ringing(world) == {"l": "forgotten"}


def gives_up_elsewhere(world: World, call: str) -> None:
    """A caller of labour whose language nobody free speaks waits past the time and leaves."""
    arrive(world, call, LABOUR, language=Language.ENGLISH)
    world.pass_time(16)
    world.exchange.caller_hangs_up(CallId(call))
    world.drain()


def test_the_decided_are_counted_as_they_come_and_go() -> None:
    decided = Decided()
    for at, in_time in ((1, True), (2, False), (3, True)):
        decided.add(at, in_time)
    assert (len(decided), decided.in_time) == (3, 2)
    decided.forget(3)
    assert (len(decided), decided.in_time) == (1, 1)
    decided.forget(9)
    assert (len(decided), decided.in_time) == (0, 0)
