"""Any sequence of what people, phones and lines may do leaves the floor without a contradiction.

Hypothesis plays callers, operators, phones, a line that breaks, orders that fail, and the order in
which what travels arrives. After each rule everything is checked; at the end everybody leaves and
the books must balance.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from acd.core import agent as ag
from acd.core import inputs as inp
from acd.core.rules import Ring, Rules, WrapUpMode
from acd.core.self_audit import audit
from kernel.errors import NotFound, Unavailable
from kernel.ids import AgentId, BoothId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.telephony import DialResult
from tests.unit.acd.invariants import check, check_metrics, check_timers
from tests.unit.acd.rules import CONSUMER, GENERAL, LABOUR, make_rules, s
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
RINGS = {
    LABOUR: (
        Ring(teams=(LABOUR,), stay=s(5), least_level=5),
        Ring(teams=(LABOUR,), stay=s(10), least_level=3),
        Ring(teams=(LABOUR, GENERAL), stay=s(10), least_level=3),
        Ring(
            teams=(LABOUR, GENERAL, CONSUMER),
            least_level=1,
            languages_dropped=frozenset({Language.CANTONESE}),
        ),
    ),
}
WAYS = {LABOUR: WrapUpMode.FIXED, CONSUMER: WrapUpMode.MANDATORY}
agents = st.integers(0, AGENTS - 1)
ORDERS = ("deliver", "cancel_offer", "requeue", "release", "start_consult", "complete_consult",
          "cancel_consult", "dial_back")  # fmt: skip
NUMBERS = ("13800138000", "13900139001", "02088886666", "110")


def agent(n: int) -> AgentId:
    return AgentId(f"op{n:04}")


def phone(n: int) -> Endpoint:
    return Endpoint(f"booth{n:03}")


def ways_of_writing_up(rules: Rules) -> Rules:
    """Each team has another."""
    teams = tuple(replace(t, wrap_up_mode=WAYS.get(t.team, t.wrap_up_mode)) for t in rules.teams)
    return replace(rules, teams=teams)


class Floor(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World(ways_of_writing_up(make_rules(general_after=30, rings=RINGS)))
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
        at_once=st.booleans(),
    )
    def caller_arrives(
        self, team: TeamId, language: Language, priority: int, at_once: bool
    ) -> None:
        self.calls += 1
        ani = NUMBERS[0] if self.calls % 5 == 0 else f"137{self.calls:08}"
        self.world.exchange.arrive(
            f"c-{self.calls}", team, language=language, priority=priority, ani=ani
        )
        if at_once:
            self.world.drain()

    @precondition(lambda self: self.world.exchange.callers)
    @rule(which=st.integers(0, 99))
    def caller_leaves(self, which: int) -> None:
        callers = sorted(self.world.exchange.callers)
        self.world.exchange.caller_hangs_up(callers[which % len(callers)])

    # --- callbacks -------------------------------------------------------------------------

    @rule(which=st.integers(0, 99), number=st.sampled_from(("", *NUMBERS)))
    def a_caller_asks_to_be_called_back(self, which: int, number: str) -> None:
        exchange = self.world.exchange
        waiting = sorted(c for c, found in exchange.callers.items() if found.place == "waiting")
        if waiting and exchange.up:
            exchange.ask_for_callback(waiting[which % len(waiting)], number)

    @rule(n=agents, team=st.sampled_from((GENERAL, LABOUR, CONSUMER)))
    def a_citizen_is_to_be_rung(self, n: int, team: TeamId) -> None:
        """The usual course of things: nobody is free, the caller asks, somebody gets free."""
        world = self.world
        if not world.exchange.up:
            return
        self.calls += 1
        call_id = world.exchange.arrive(f"c-{self.calls}", team, ani=f"136{self.calls:08}")
        world.carry_fact()
        if world.exchange.callers[call_id].place == "waiting":
            world.exchange.ask_for_callback(call_id)
        world.drain()
        world.exchange.register(phone(n))
        self._sit(n)
        world.command(inp.ChooseReady(agent(n)))
        world.drain()

    @precondition(lambda self: self.world.exchange.dialling)
    @rule(which=st.integers(0, 9), what=st.sampled_from(("up", "up", "no", "gone", *DialResult)))
    def a_citizen_is_rung(self, which: int, what: str) -> None:
        exchange = self.world.exchange
        dialled = sorted(exchange.dialling)
        callback_id = dialled[which % len(dialled)]
        self.calls += 1
        match what:
            case "up" | DialResult.ANSWERED:
                exchange.citizen_picks_up(callback_id, f"c-{self.calls}")
            case "no":
                exchange.citizen_declines(callback_id, f"c-{self.calls}")
            case "gone":
                call_id = exchange.citizen_picks_up(callback_id, f"c-{self.calls}")
                exchange.caller_hangs_up(call_id)
            case DialResult():
                exchange.citizen_not_had(callback_id, what)

    @rule(which=st.integers(0, 9))
    def a_supervisor_cancels_a_callback(self, which: int) -> None:
        open_ones = sorted(self.world.floor.callbacks)
        if which < 3 and open_ones:
            command = inp.CancelCallback(open_ones[which % len(open_ones)], "chen")
            self.world.command(command)

    @rule()
    def the_next_attempt_is_due(self) -> None:
        self.world.pass_time(300)

    @rule(n=agents)
    def a_conversation_begins(self, n: int) -> None:
        """The usual course of things, so that what follows meets people talking."""
        world = self.world
        if not world.exchange.up:
            return
        world.exchange.register(phone(n))
        self._sit(n)
        world.command(inp.ChooseReady(agent(n)))
        self.calls += 1
        world.exchange.arrive(f"c-{self.calls}", GENERAL)
        world.drain()
        if phone(n) in world.exchange.ringing():
            world.exchange.pick_up(phone(n))
            world.drain()

    # --- phones ----------------------------------------------------------------------------

    @rule(n=agents, how=st.sampled_from(("pick_up", "pick_up", "pick_up", "refuse", "ring_out")))
    def ringing_phone(self, n: int, how: str) -> None:
        exchange = self.world.exchange
        ringing = sorted(exchange.ringing())
        if not ringing:
            return
        which = ringing[n % len(ringing)]
        if how == "refuse" and exchange._at(which).consulted == which:
            how = "ring_out"
        getattr(exchange, how)(which)

    @rule(n=agents, how=st.sampled_from(("put_down", "hold", "resume")))
    def talking_phone(self, n: int, how: str) -> None:
        exchange = self.world.exchange
        for caller in exchange.callers.values():
            talks = caller.phone == phone(n) and caller.place == "talking"
            if how != "put_down":
                if talks:
                    exchange.hold(phone(n), how == "hold")
                    return
            elif talks or (caller.consulted == phone(n) and caller.consult_answered):
                exchange.put_down(phone(n))
                return

    # --- operators -------------------------------------------------------------------------

    @rule(n=agents, what=st.sampled_from(("log_in", "log_out", "ready", "ready", "not_ready",
                                          "finish", "extend")))  # fmt: skip
    def operator_for_herself(self, n: int, what: str) -> None:
        me = agent(n)
        match what:
            case "log_in":
                self._sit(n)
            case "log_out":
                self.world.command(inp.LogOut(me))
            case "ready":
                self.world.command(inp.ChooseReady(me))
            case "not_ready":
                self.world.command(inp.ChooseNotReady(me, "break"))
            case "finish":
                self.world.command(inp.FinishWrapUp(me, "answered"))
            case "extend":
                self.world.command(inp.ExtendWrapUp(me))

    @rule(
        n=agents,
        other=agents,
        team=st.sampled_from((GENERAL, LABOUR)),
        what=st.sampled_from(("decline", "release", "to_team", "to_agent", "consult", "consult",
                              "complete", "cancel")),
    )  # fmt: skip
    def operator_with_a_call(self, n: int, other: int, team: TeamId, what: str) -> None:
        me, them = self._busy_one(n), self._free_one(other)
        match what:
            case "decline":
                self._decline(n)
            case "release":
                self.world.command(inp.ReleaseCall(me))
            case "to_team":
                self.world.command(inp.TransferToTeam(me, team))
            case "to_agent":
                self.world.command(inp.TransferToAgent(me, them))
            case "consult":
                self.world.command(inp.BeginConsult(me, them))
            case "complete":
                self.world.command(inp.EndConsultByTransfer(me))
            case "cancel":
                self.world.command(inp.AbortConsult(me))

    def _busy_one(self, n: int) -> AgentId:
        """Mostly somebody with a caller, so that the command has a chance."""
        busy = [a for a, found in self.world.floor.agents.items() if found.conversation]
        return busy[n % len(busy)] if busy else agent(n)

    def _free_one(self, n: int) -> AgentId:
        floor = self.world.floor
        free = [a for a, found in floor.agents.items() if floor.available(found)]
        return free[n % len(free)] if free else agent(n)

    def _decline(self, n: int) -> None:
        found = self.world.floor.agents.get(agent(n))
        if found is not None and isinstance(found.activity, ag.Offered):
            self.world.command(inp.DeclineOffer(agent(n), found.activity.offer_id))
        else:
            assert not self.world.command(inp.DeclineOffer(agent(n), OfferId("x.1")))

    # --- what travels, and time ------------------------------------------------------------

    @rule(what=st.sampled_from(("order", "fact", "fact", "all", "all")), place=st.integers(0, 9))
    def something_arrives(self, what: str, place: int) -> None:
        if what == "order":
            self.world.carry_order(place)
        elif what == "fact":
            self.world.carry_fact()
        else:
            self.world.drain()

    @rule(seconds=st.sampled_from((0.001, 1, 5, 12, 25, 61)))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    # --- trouble ---------------------------------------------------------------------------

    @rule(order=st.sampled_from(ORDERS), gone=st.booleans())
    def an_order_will_fail(self, order: str, gone: bool) -> None:
        self.world.exchange.fail_next(order, NotFound("没有") if gone else Unavailable("中断"))

    @rule(
        n=agents,
        what=st.sampled_from(
            ("browser_lost", "browser_back", "phone_lost", "phone_back", "line", "dead")
        ),
    )
    def trouble(self, n: int, what: str) -> None:
        world = self.world
        match what:
            case "browser_lost":
                world.command(inp.ConnectionLost(agent(n)))
            case "browser_back":
                world.command(inp.ConnectionBack(agent(n)))
            case "phone_lost":
                world.exchange.unregister(phone(n))
            case "phone_back":
                world.exchange.register(phone(n))
            case "line" if world.exchange.up:
                world.lose_line()
                world.carry_fact()
            case "dead":
                self._dead_for_a_while(n)
            case _:
                world.exchange.restore()
                world.carry_fact()

    def _dead_for_a_while(self, n: int) -> None:
        """The telephone's own queue takes who waits, a booth answers one of them; then we return,
        and the rest is fetched back in no particular order."""
        world = self.world
        world.lose_line()
        callers = [c for c in world.exchange.callers.values() if c.place == "waiting"]
        for caller in callers:
            world.exchange.fall_back(caller.call_id)
        busy = any(phone(n) in (c.phone, c.consulted) for c in world.exchange.callers.values())
        if callers and not busy:
            world.exchange.fallback_answers(callers[0].call_id, phone(n))
        world.exchange.restore()
        for caller in callers:
            if caller.place == "fallback" and world.exchange.callers.get(caller.call_id) is caller:
                world.exchange.take_back(caller.call_id)

    @rule(team=st.sampled_from((GENERAL, LABOUR, CONSUMER)), ring=st.integers(0, 5))
    def a_plan_opens_a_ring(self, team: TeamId, ring: int) -> None:
        done = self.world.command(inp.OpenRing(team, ring, "plan", "peak"))
        assert done == (1 <= ring <= self.world.floor.teams[team].last_ring)

    @rule(n=agents, state=st.sampled_from(inp.ForcedState))
    def a_supervisor_forces_a_state(self, n: int, state: inp.ForcedState) -> None:
        known = self._busy_one(n) if n % 2 else agent(n)
        self.world.command(inp.ForceState(known, state, "换班", "supervisor", "chen"))

    @rule(n=agents)
    def a_supervisor_frees_somebody(self, n: int) -> None:
        free = inp.FreeAgent(agent(n), "话机故障", "supervisor", "chen")
        found = self.world.floor.agents.get(agent(n))
        stuck = found is not None and found.alarm is not None
        assert self.world.command(free) == stuck

    @rule(n=agents, what=st.sampled_from(("stray", "leg", "silent", "rings")))
    def a_phone_goes_wrong(self, n: int, what: str) -> None:
        exchange = self.world.exchange
        match what:
            case "stray" | "leg":
                exchange.leave_stray(phone(n), ours=what == "leg")
            case "silent":
                exchange.silent.add(phone(n))
            case "rings":
                exchange.silent.discard(phone(n))

    @rule(limit=st.sampled_from((None, 5, 30)))
    def a_plan_shortens_the_write_up(self, limit: int | None) -> None:
        seconds = s(limit) if limit is not None else None
        assert self.world.command(inp.RestrictWrapUp(GENERAL, seconds, "plan", "peak"))

    # --- judgement -------------------------------------------------------------------------

    @invariant()
    def no_contradiction(self) -> None:
        check(self.world.floor)
        check_timers(self.world.floor, set(self.world.timers))
        check_metrics(self.world.floor, self.world.metrics)
        world = self.world
        assert audit(world.floor, world.metrics, world.began_at, world.now) == []

    def nobody_is_stuck(self) -> None:
        """What the phones do and what we believe agree, but for phones that are away."""
        for found in self.world.floor.agents.values():
            assert found.alarm is None or found.alarm.kind is ag.Contradiction.UNREACHABLE, found

    def teardown(self) -> None:
        """Everybody leaves: the books balance and nobody is stuck."""
        world = self.world
        world.exchange.faults.clear()
        world.exchange.strays.clear()
        world.exchange.silent.clear()
        world.orders.clear()
        world.facts.clear()
        world.exchange.restore()
        world.drain()
        for _ in range(12):
            world.pass_time(0.5)
            world.drain()
        self.nobody_is_stuck()
        for call_id in sorted(world.exchange.callers):
            world.exchange.caller_hangs_up(CallId(call_id))
        world.drain()
        world.pass_time(200)
        world.drain()
        for callback_id in sorted(world.exchange.dialling):
            world.exchange.citizen_not_had(callback_id)
        world.drain()
        world.exchange.rings_out_after = s(3600)
        self._nobody_is_rung_for_ever()
        self.no_contradiction()
        assert None not in world.callbacks.values(), "each callback has its outcome"
        assert world.floor.calls == {}
        assert world.floor.offers == {}
        assert None not in world.outcomes.values(), "each offer has its outcome"
        assert all(isinstance(a.activity, ag.Idle) for a in world.floor.agents.values())
        for figures in world.metrics.teams.values():
            assert figures.waiting == 0

    def _nobody_is_rung_for_ever(self) -> None:
        """Four hours in which no citizen answers."""
        world = self.world
        for _ in range(4 * 60):
            world.pass_time(60)
            world.drain()


Floor.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestFloor = Floor.TestCase
