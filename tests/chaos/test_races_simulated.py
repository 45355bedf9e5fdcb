"""R21 in the deterministic simulator: two things happen at the same instant, thousands of times.

Each trial lays down a short scene, lets a random pair of deeds collide while orders and facts are
still under way, delivers everything in a random order, and lets everybody leave. Seeds count from
0, so a failure is repeated by its number. Source: reliability notes A3, R21: 0 orphan, 0 double,
0 stuck.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from acd.core import agent as ag
from acd.core import inputs as inp
from kernel import events as ev
from kernel.ids import AgentId, CallId
from tests.chaos.size import SIZE
from tests.unit.acd.cast import seat
from tests.unit.acd.invariants import check, check_metrics, check_timers
from tests.unit.acd.rules import GENERAL, LABOUR, make_rules
from tests.unit.acd.world import World

A, B = AgentId("a"), AgentId("b")
PHONE_A, PHONE_B = "booth-a", "booth-b"
CALL, NEXT = CallId("c-1"), CallId("c-2")
BLOCKS = 8


class Trial:
    """One scene and its chance. Deeds that no longer fit do nothing, as with people."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World(make_rules())
        seat(self.world, A, {GENERAL: 5, LABOUR: 3})
        seat(self.world, B, {GENERAL: 3, LABOUR: 5})

    # --- deeds -----------------------------------------------------------------------------

    def arrive(self, call_id: CallId) -> None:
        self.world.exchange.arrive(call_id, GENERAL)

    def caller_leaves(self) -> None:
        if CALL in self.world.exchange.callers:
            self.world.exchange.caller_hangs_up(CALL)

    def phone(self, deed: str, phone: str) -> None:
        exchange = self.world.exchange
        if phone in exchange.ringing():
            getattr(exchange, deed)(phone)

    def put_down(self) -> None:
        for caller in self.world.exchange.callers.values():
            if caller.phone == PHONE_A and caller.place == "talking":
                self.world.exchange.put_down(PHONE_A)
                return

    def say(self, command: inp.Command) -> None:
        self.world.command(command)

    def decline(self, agent_id: AgentId) -> None:
        agent = self.world.floor.agents.get(agent_id)
        if agent is not None and isinstance(agent.activity, ag.Offered):
            self.say(inp.DeclineOffer(agent_id, agent.activity.offer_id))

    def break_line(self) -> None:
        self.world.lose_line()
        self.world.exchange.restore()

    # --- delivery --------------------------------------------------------------------------

    def some_arrive(self) -> None:
        """A few of the orders and facts under way, each wire in its own order."""
        for _ in range(self.chance.randrange(6)):
            if self.chance.random() < 0.5:
                self.world.carry_order(self.chance.randrange(4))
            else:
                self.world.carry_fact()

    def until_talking(self) -> None:
        self.arrive(CALL)
        self.world.drain()
        for phone in (PHONE_A, PHONE_B):
            self.phone("pick_up", phone)
        self.world.drain()

    def judge(self) -> None:
        world = self.world
        check(world.floor)
        check_timers(world.floor, set(world.timers))
        check_metrics(world.floor, world.metrics)

    def everybody_leaves(self) -> None:
        """0 orphan, 0 double (`World` judges each offer and end), 0 stuck."""
        world = self.world
        world.drain()
        for call_id in sorted(world.exchange.callers):
            world.exchange.caller_hangs_up(CallId(call_id))
        world.drain()
        world.pass_time(200)
        world.drain()
        self.judge()
        assert world.floor.calls == {} and world.floor.offers == {}
        assert None not in world.outcomes.values()
        assert all(isinstance(a.activity, ag.Idle) for a in world.floor.agents.values())
        # Who came and went while the line was lost was never told to us; everybody else was.
        queued = {e.call_id for e in world.events if isinstance(e, ev.CallQueued)}
        assert queued <= set(world.ended), "each call in line has its one end"


def deeds(trial: Trial) -> list[Callable[[], None]]:
    """What may collide. All are possible in every scene; those that do not fit pass by."""
    return [
        trial.caller_leaves,
        lambda: trial.phone("pick_up", PHONE_A),
        lambda: trial.phone("pick_up", PHONE_B),
        lambda: trial.phone("refuse", PHONE_A),
        lambda: trial.phone("ring_out", PHONE_A),
        trial.put_down,
        lambda: trial.decline(A),
        lambda: trial.say(inp.ChooseNotReady(A, "break")),
        lambda: trial.say(inp.ChooseReady(A)),
        lambda: trial.say(inp.LogOut(A)),
        lambda: trial.say(inp.ConnectionLost(A)),
        lambda: trial.say(inp.ConnectionBack(A)),
        lambda: trial.say(inp.ReleaseCall(A)),
        lambda: trial.say(inp.TransferToTeam(A, LABOUR)),
        lambda: trial.say(inp.TransferToAgent(A, B)),
        lambda: trial.say(inp.BeginConsult(A, B)),
        lambda: trial.say(inp.EndConsultByTransfer(A)),
        lambda: trial.say(inp.AbortConsult(A)),
        lambda: trial.say(inp.FinishWrapUp(A, "answered")),
        lambda: trial.arrive(NEXT) if NEXT not in trial.world.exchange.callers else None,
        trial.break_line,
    ]


def collide(seed: int) -> None:
    trial = Trial(seed)
    if trial.chance.random() < 0.6:
        trial.until_talking()
    else:
        trial.arrive(CALL)
    trial.some_arrive()
    for _ in range(trial.chance.randrange(2, 5)):
        for deed in trial.chance.sample(deeds(trial), 2):
            deed()
        trial.some_arrive()
        trial.judge()
    trial.everybody_leaves()


@pytest.mark.parametrize("block", range(BLOCKS))
def test_deeds_that_collide_lose_nobody_and_leave_nobody_stuck(block: int) -> None:
    for seed in range(block, SIZE.simulated_races, BLOCKS):
        try:
            collide(seed)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
