"""Any sequence of what people, phones and lines may do leaves the floor without a contradiction.

Hypothesis plays callers, operators, phones, a line that breaks, orders that fail, and the order in
which what travels arrives. After each rule everything is checked; at the end everybody leaves and
the books must balance.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from acd.core import agent as ag
from acd.core import inputs as inp
from kernel.errors import NotFound, Unavailable
from kernel.ids import AgentId, BoothId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from tests.unit.acd.invariants import check, check_metrics, check_timers
from tests.unit.acd.rules import CONSUMER, GENERAL, LABOUR, make_rules
from tests.unit.acd.world import World

AGENTS = 6
SKILLS = (
    ((GENERAL, 5),),
    ((GENERAL, 7), (LABOUR, 7)),
    ((LABOUR, 5),),
    ((CONSUMER, 9), (GENERAL, 1)),
    ((CONSUMER, 2), (GENERAL, 5), (LABOUR, 3)),
    (),
)
LANGUAGES = (
    (Language.MANDARIN,),
    (Language.CANTONESE, Language.MANDARIN),
    (Language.MANDARIN,),
    (Language.ENGLISH, Language.MANDARIN),
    (Language.CANTONESE,),
    (Language.MANDARIN,),
)
agents = st.integers(0, AGENTS - 1)
ORDERS = ("deliver", "cancel_offer", "requeue", "release", "start_consult", "complete_consult",
          "cancel_consult")  # fmt: skip


def agent(n: int) -> AgentId:
    return AgentId(f"op{n:04}")


def phone(n: int) -> Endpoint:
    return Endpoint(f"booth{n:03}")


class Floor(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World(make_rules(overflow_after=30))
        self.calls = 0
        for n in range(AGENTS):
            self.world.exchange.register(phone(n))
            self._sit(n)
            self.world.command(inp.ChooseReady(agent(n)))
        self.world.drain()

    def _sit(self, n: int) -> None:
        self.world.command(
            inp.LogIn(agent(n), BoothId(f"{n:03}"), phone(n), SKILLS[n], LANGUAGES[n])
        )

    # --- callers ---------------------------------------------------------------------------

    @rule(
        team=st.sampled_from((GENERAL, LABOUR, CONSUMER, TeamId("unknown"))),
        language=st.sampled_from(Language),
        priority=st.sampled_from((0, 0, 0, 1)),
    )
    def caller_arrives(self, team: TeamId, language: Language, priority: int) -> None:
        self.calls += 1
        self.world.exchange.arrive(f"c-{self.calls}", team, language=language, priority=priority)

    @precondition(lambda self: self.world.exchange.callers)
    @rule(which=st.integers(0, 99))
    def caller_leaves(self, which: int) -> None:
        callers = sorted(self.world.exchange.callers)
        self.world.exchange.caller_hangs_up(callers[which % len(callers)])

    # --- phones ----------------------------------------------------------------------------

    @rule(n=agents, how=st.sampled_from(("pick_up", "pick_up", "pick_up", "refuse", "ring_out")))
    def ringing_phone(self, n: int, how: str) -> None:
        exchange = self.world.exchange
        if phone(n) not in exchange.ringing():
            return
        caller = exchange._at(phone(n))
        if how == "refuse" and caller.consulted == phone(n):
            how = "ring_out"
        getattr(exchange, how)(phone(n))

    @rule(n=agents)
    def operator_hangs_up(self, n: int) -> None:
        exchange = self.world.exchange
        for caller in exchange.callers.values():
            talks = caller.phone == phone(n) and caller.place == "talking"
            if talks or (caller.consulted == phone(n) and caller.consult_answered):
                exchange.put_down(phone(n))
                return

    @rule(n=agents, on=st.booleans())
    def hold(self, n: int, on: bool) -> None:
        exchange = self.world.exchange
        if any(c.phone == phone(n) and c.place == "talking" for c in exchange.callers.values()):
            exchange.hold(phone(n), on)

    @rule(n=agents, back=st.booleans())
    def phone_registration(self, n: int, back: bool) -> None:
        if back:
            self.world.exchange.register(phone(n))
        else:
            self.world.exchange.unregister(phone(n))

    # --- operators -------------------------------------------------------------------------

    @rule(n=agents)
    def log_in(self, n: int) -> None:
        self._sit(n)

    @rule(n=agents)
    def log_out(self, n: int) -> None:
        self.world.command(inp.LogOut(agent(n)))

    @rule(n=agents)
    def ready(self, n: int) -> None:
        self.world.command(inp.ChooseReady(agent(n)))

    @rule(n=agents)
    def not_ready(self, n: int) -> None:
        self.world.command(inp.ChooseNotReady(agent(n), "break"))

    @rule(n=agents)
    def decline(self, n: int) -> None:
        found = self.world.floor.agents.get(agent(n))
        if found is not None and isinstance(found.activity, ag.Offered):
            self.world.command(inp.DeclineOffer(agent(n), found.activity.offer_id))
        else:
            assert not self.world.command(inp.DeclineOffer(agent(n), OfferId("x.1")))

    @rule(n=agents)
    def release(self, n: int) -> None:
        self.world.command(inp.ReleaseCall(agent(n)))

    @rule(n=agents)
    def finish_wrap_up(self, n: int) -> None:
        self.world.command(inp.FinishWrapUp(agent(n), "answered"))

    @rule(n=agents)
    def extend_wrap_up(self, n: int) -> None:
        self.world.command(inp.ExtendWrapUp(agent(n)))

    @rule(n=agents, team=st.sampled_from((GENERAL, LABOUR)))
    def transfer_to_team(self, n: int, team: TeamId) -> None:
        self.world.command(inp.TransferToTeam(agent(n), team))

    @rule(n=agents, other=agents)
    def transfer_to_agent(self, n: int, other: int) -> None:
        self.world.command(inp.TransferToAgent(agent(n), agent(other)))

    @rule(n=agents, other=agents)
    def consult(self, n: int, other: int) -> None:
        self.world.command(inp.BeginConsult(agent(n), agent(other)))

    @rule(n=agents, complete=st.booleans())
    def end_consult(self, n: int, complete: bool) -> None:
        command = inp.EndConsultByTransfer if complete else inp.AbortConsult
        self.world.command(command(agent(n)))

    @rule(n=agents, lost=st.booleans())
    def browser(self, n: int, lost: bool) -> None:
        command = inp.ConnectionLost if lost else inp.ConnectionBack
        self.world.command(command(agent(n)))

    # --- what travels, and time ------------------------------------------------------------

    @rule(place=st.integers(0, 9))
    def an_order_arrives(self, place: int) -> None:
        self.world.carry_order(place)

    @rule()
    def a_fact_arrives(self) -> None:
        self.world.carry_fact()

    @rule()
    def everything_arrives(self) -> None:
        self.world.drain()

    @rule(seconds=st.sampled_from((0.001, 1, 5, 12, 25, 61)))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(order=st.sampled_from(ORDERS), gone=st.booleans())
    def an_order_will_fail(self, order: str, gone: bool) -> None:
        self.world.exchange.fail_next(order, NotFound("没有") if gone else Unavailable("中断"))

    @precondition(lambda self: self.world.exchange.up)
    @rule()
    def line_breaks(self) -> None:
        self.world.lose_line()
        self.world.carry_fact()

    @precondition(lambda self: not self.world.exchange.up)
    @rule()
    def line_is_back(self) -> None:
        self.world.exchange.restore()
        self.world.carry_fact()

    # --- judgement -------------------------------------------------------------------------

    @invariant()
    def no_contradiction(self) -> None:
        check(self.world.floor)
        check_timers(self.world.floor, set(self.world.timers))
        check_metrics(self.world.floor, self.world.metrics)
        for agent_id in self.world.floor.agents:
            assert self.world.drift_us(agent_id) == 0

    def teardown(self) -> None:
        """Everybody leaves: the books balance and nobody is stuck."""
        world = self.world
        world.exchange.faults.clear()
        world.orders.clear()
        world.facts.clear()
        world.exchange.restore()
        world.drain()
        for call_id in sorted(world.exchange.callers):
            world.exchange.caller_hangs_up(CallId(call_id))
        world.drain()
        world.pass_time(200)
        world.drain()
        self.no_contradiction()
        assert world.floor.calls == {}
        assert world.floor.offers == {}
        assert None not in world.outcomes.values(), "each offer has its outcome"
        assert all(isinstance(a.activity, ag.Idle) for a in world.floor.agents.values())
        for figures in world.metrics.teams.values():
            assert figures.waiting == 0


Floor.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestFloor = Floor.TestCase
