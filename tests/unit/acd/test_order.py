"""Whose turn it is: no caller is passed over, no operator is passed over, whatever happened before.

Hypothesis plays operators of several teams, levels and languages, callers, transfers, unanswered
and declined offers, breaks, log-outs and plans. Each offer is judged by `eligibility`, which asks
everybody afresh: no older call of equal right waits that the chosen operator may serve, but by the
rules of help between teams, and no operator is free who ought to have come before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from acd.core import agent as ag
from acd.core import inputs as inp
from acd.core.effects import Effect
from acd.core.inputs import Input
from acd.core.rules import Ring, Rules, Sharing
from kernel import events as ev
from kernel.ids import AgentId, BoothId, CallId, Endpoint, TeamId
from kernel.language import Language
from tests.unit.acd.eligibility import free, may_take, next_call, rank
from tests.unit.acd.rules import CONSUMER, GENERAL, LABOUR, make_rules, s
from tests.unit.acd.world import World

TEAMS = (GENERAL, LABOUR, CONSUMER)
ZH, YUE, EN = Language

Seat = tuple[dict[TeamId, int], tuple[Language, ...]]
Act = tuple[str, int, int]

seats = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(TEAMS), st.integers(1, 4), min_size=1),
        st.sampled_from(((ZH,), (ZH, YUE), (ZH, EN))),
    ),
    min_size=2,
    max_size=6,
)
acts = st.lists(
    st.tuples(
        st.sampled_from(
            ("arrive",) * 6
            + ("pick_up", "ring_out", "decline", "leave") * 2
            + ("finish",) * 4
            + ("break", "back", "relog", "transfer", "wanted", "wait", "line")
            + ("plan", "gather") * 2
        ),
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    min_size=10,
    max_size=60,
)


@st.composite
def rings(draw: st.DrawFn, team: TeamId) -> tuple[Ring, ...]:
    """One to five rings, each wider than the one before by one step of any kind."""
    teams: tuple[TeamId, ...] = (team,)
    level, dropped = draw(st.integers(1, 3)), frozenset[Language]()
    own_only, regardless = draw(st.booleans()), False
    steps = draw(st.lists(st.sampled_from(("add", "lower", "drop", "skill", "all")), max_size=4))
    found = []
    for number, step in enumerate(("", *steps)):
        others = [t for t in TEAMS if t not in teams]
        own_only = own_only and step not in ("add", "skill")
        regardless = regardless or step == "all"
        if step == "add" and others:
            teams = (*teams, draw(st.sampled_from(others)))
        elif step == "lower":
            level = max(level - 1, 1)
        elif step == "drop":
            dropped |= {draw(st.sampled_from((YUE, EN)))}
        stay = s(draw(st.integers(1, 20))) if number < len(steps) else None
        found.append(
            Ring(
                stay=stay,
                teams=teams,
                least_level=level,
                languages_dropped=dropped,
                own_only=own_only,
                help_regardless=regardless,
            )
        )
    return tuple(found)


@st.composite
def rules(draw: st.DrawFn) -> Rules:
    """With or without the rules of help between teams."""
    found = make_rules(rings={team: draw(rings(team)) for team in TEAMS})
    if draw(st.booleans()):
        return found
    sharing = Sharing(
        least_level=draw(st.sampled_from((0.0, 0.5, 1.0))),
        least_calls=draw(st.integers(1, 4)),
        window=s(draw(st.integers(60, 300))),
        own_first_after=s(draw(st.integers(0, 20))),
    )
    return replace(found, sharing=sharing)


class Judged(World):
    """Each offer is compared with everybody and everything else at its moment."""

    def __init__(self, rules: Rules, people: list[Seat]) -> None:
        self.judged = 0
        self.people = people
        self.calls = 0
        self.arrived: dict[CallId, datetime] = {}
        super().__init__(rules)
        for n in range(len(people)):
            self.exchange.register(f"booth{n}")
            self.sit(n)
            self.command(inp.ChooseReady(self.agent(n)))
        self.drain()

    def agent(self, n: int) -> AgentId:
        return AgentId(f"op{n % len(self.people)}")

    def phone(self, n: int) -> Endpoint:
        return Endpoint(f"booth{n % len(self.people)}")

    def sit(self, n: int) -> None:
        n %= len(self.people)
        skills, languages = self.people[n]
        log_in = inp.LogIn(
            self.agent(n), BoothId(f"{n}"), self.phone(n), tuple(sorted(skills.items())), languages
        )
        self.command(log_in)

    def feed(self, item: Input) -> tuple[Effect, ...]:
        effects = super().feed(item)
        for call_id, first in self.arrived.items():
            call = self.floor.calls.get(call_id)
            assert call is None or call.first_arrival_at == first
        return effects

    def _judge_offer(self, record: ev.CallOffered) -> None:
        self.judged += 1
        floor = self.floor
        agent, call = floor.agents[record.agent_id], floor.calls[CallId(record.call_id or "")]
        others = [c for c in floor.calls.values() if may_take(floor, agent, c)]
        if record.why is not None and record.why.choice == "best_call":
            due = next_call(floor, agent, [call, *others], self.now)
            assert due is call, ("caller passed over", due, call)
        else:
            assert all(call.key < other.key for other in others), ("caller passed over", call)
        for other in others:
            alike = (other.team, other.language) == (call.team, call.language)
            assert not alike or call.key < other.key, ("inversion", other, call)
        if record.why is not None and record.why.choice == "wanted":
            return
        place = rank(floor, agent, call)
        assert place is not None, ("not for this operator", agent, call)
        for another in free(floor):
            theirs = rank(floor, another, call)
            assert theirs is None or place < theirs, ("operator passed over", another)

    # --- what happens ----------------------------------------------------------------------

    def play(self, act: Act) -> None:
        name, n, m = act
        doings: dict[str, Callable[[int, int], object]] = {
            "arrive": self.someone_arrives,
            "wait": lambda n, m: self.pass_time(n),
            "finish": lambda n, m: self.command(inp.FinishWrapUp(self.agent(n), "answered")),
            "break": lambda n, m: self.command(inp.ChooseNotReady(self.agent(n), "meal")),
            "back": lambda n, m: self.command(inp.ChooseReady(self.agent(n))),
            "relog": self.log_out_and_in,
            "plan": lambda n, m: self.command(
                inp.OpenRing(TEAMS[n % 3], m % 4 + 1, "plan", "peak")
            ),
            "line": self.line_breaks,
            "leave": self.someone_leaves,
            "gather": self.everybody_is_free,
        }
        if name in doings:
            doings[name](n, m)
        else:
            self.with_a_call(name, n, m)
        self.drain()
        self.pass_time(0.5)
        self.drain()

    def someone_arrives(self, n: int, m: int) -> None:
        self.calls += 1
        call = self.exchange.arrive(
            f"c-{self.calls}",
            TEAMS[n % 3],
            language=(ZH, ZH, YUE, EN)[m % 4],
            priority=1 if m > 27 else 0,
        )
        self.arrived[call] = self.now

    def someone_leaves(self, n: int, m: int) -> None:
        callers = sorted(self.exchange.callers)
        if callers:
            self.exchange.caller_hangs_up(callers[n % len(callers)])

    def log_out_and_in(self, n: int, m: int) -> None:
        if self.command(inp.LogOut(self.agent(n))):
            self.sit(n)
            self.command(inp.ChooseReady(self.agent(n)))

    def line_breaks(self, n: int, m: int) -> None:
        self.lose_line()
        self.carry_fact()
        self.someone_arrives(n, m)
        self.pass_time(n)
        self.exchange.restore()

    def everybody_is_free(self, n: int, m: int) -> None:
        """Callers wait while the line is away; when it is back, whoever can takes one."""
        self.lose_line()
        self.carry_fact()
        for agent_id in sorted(self.floor.agents):
            self.command(inp.FinishWrapUp(agent_id, "answered"))
            self.command(inp.ChooseReady(agent_id))
        self.someone_arrives(n, m)
        self.pass_time(m)
        self.exchange.restore()

    def with_a_call(self, name: str, n: int, m: int) -> None:
        """At the phone that rings, or that talks, where there is one."""
        ringing = sorted(self.exchange.ringing())
        talking = sorted(
            a.session.endpoint
            for a in self.floor.agents.values()
            if isinstance(a.activity, ag.Talk)
        )
        if name in ("pick_up", "ring_out") and ringing:
            getattr(self.exchange, name)(ringing[n % len(ringing)])
        elif name == "decline" and ringing:
            agent_id = self.floor.endpoints[ringing[n % len(ringing)]]
            activity = self.floor.agents[agent_id].activity
            if isinstance(activity, ag.Offered):
                self.command(inp.DeclineOffer(agent_id, activity.offer_id))
        elif name in ("transfer", "wanted") and talking:
            agent_id = self.floor.endpoints[talking[n % len(talking)]]
            if name == "transfer":
                self.command(inp.TransferToTeam(agent_id, TEAMS[m % 3]))
            else:
                self.command(inp.TransferToAgent(agent_id, self.agent(m)))


@given(rules(), seats, acts)
@settings(max_examples=100, deadline=None)
def test_no_caller_and_no_operator_is_ever_passed_over(
    rules: Rules, people: list[Seat], acts: list[Act]
) -> None:
    world = Judged(rules, people)
    for act in acts:
        world.play(act)
    world.pass_time(100)
    world.drain()


@given(rules(), seats, st.integers(0, 2), st.integers(1, 5), st.sampled_from(Language))
@settings(max_examples=200, deadline=None)
def test_a_call_takes_the_first_of_all_who_are_free(
    rules: Rules, people: list[Seat], team: int, ring: int, language: Language
) -> None:
    """Everybody is free, and the call is in any ring from its first moment."""
    world = Judged(rules, people)
    world.command(inp.OpenRing(TEAMS[team], ring, "plan", "peak"))
    world.exchange.arrive("c", TEAMS[team], language=language)
    world.drain()
    call = world.floor.calls[CallId("c")]
    may = [a for a in world.floor.agents.values() if rank(world.floor, a, call) is not None]
    assert world.judged == min(len(may), 1)
