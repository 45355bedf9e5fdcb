"""The floor: everything the distribution knows, in one place, owned by one task.

It is changed in place by `step`, which alone may do so (ADR 0003): indexes of thousands of calls
cannot be copied for each event. Nothing here decides; the indexes only answer "who is first".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

from acd.core.agent import Agent, Idle, SessionKind, StatusKind
from acd.core.call import Call, Offer
from acd.core.callback import Callback
from acd.core.decided import Decided
from acd.core.ranked import RankedSet
from acd.core.rules import Ring, Rules
from kernel.ids import AgentId, BoothId, CallbackId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.telephony import PhoneUse

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
PRIORITY_POINT_US = 60_000_000
CLOSED_KEPT = 1024

Waiter = Call | Callback
"""Whose turn it may be: a caller in line, or a citizen who is to be called back."""
CallKey = tuple[int, str]
BenchKey = tuple[int, int, str]
LaneKey = tuple[int, Language]
"""Ring and language: calls of one team that are alike in these may be served by the same people."""
Lane = RankedSet[CallKey]


def microseconds(at: datetime) -> int:
    """Microseconds since 1970, exact."""
    return (at - _EPOCH) // _MICROSECOND


def call_key(call_id: CallId, first_arrival_at: datetime, priority: int) -> CallKey:
    """The order of service: first arrival less 60 s for each point of priority, then the id.

    Source: contact-centre notes 2.2 (Genesys' time credit; first arrival kept as Amazon does).
    """
    return microseconds(first_arrival_at) - priority * PRIORITY_POINT_US, call_id


class Floor:
    """Agents, calls, open offers, and the indexes over them."""

    __slots__ = (
        "_arrivals",
        "agents",
        "awaits_doubt",
        "bench",
        "booths",
        "callback_lines",
        "callbacks",
        "calls",
        "closed",
        "decided",
        "doubts",
        "endpoints",
        "handled",
        "home_bench",
        "home_on_duty",
        "keeping",
        "line_reason",
        "line_up",
        "lines",
        "menu",
        "numbers",
        "offers",
        "on_duty",
        "open_calls",
        "open_rings",
        "phone_use",
        "phones_known",
        "reachable",
        "returning",
        "rules",
        "speakers",
        "staffed_rings",
        "teams",
        "wanted",
        "wrap_up_limits",
    )

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.teams = {t.team: t for t in rules.teams}
        # Each call of the team is at least in this ring.
        self.open_rings: dict[TeamId, int] = dict.fromkeys(self.teams, 1)
        # And at least in this one: nobody is on duty of those before (`acd.core.on_duty`).
        self.staffed_rings: dict[TeamId, int] = dict.fromkeys(self.teams, 1)
        # How many are on duty, by skill and by best skill.
        self.on_duty: dict[TeamId, int] = dict.fromkeys(self.teams, 0)
        self.home_on_duty: dict[TeamId, int] = dict.fromkeys(self.teams, 0)
        # Shorter limits that a plan has set.
        self.wrap_up_limits: dict[TeamId, timedelta] = {}
        # Teams that keep to themselves at present, and what that was judged by.
        self.keeping: set[TeamId] = set()
        self.decided = {t.team: Decided() for t in rules.teams}
        self.agents: dict[AgentId, Agent] = {}
        self.calls: dict[CallId, Call] = {}
        self.offers: dict[OfferId, Offer] = {}
        # How many offers were made for calls that we closed without having seen them hang up:
        # should one turn up again, its offers go on counting.
        self.closed: dict[CallId, int] = {}
        # Callers in the menu, not ours yet, and how their call would end now (`CallEnded.outcome`).
        self.menu: dict[CallId, str] = {}
        # When each agent's last handled call ended; kept after the log-out.
        self.handled: dict[AgentId, datetime] = {}
        self.booths: dict[BoothId, AgentId] = {}
        self.endpoints: dict[Endpoint, AgentId] = {}
        self.reachable: set[Endpoint] = set()
        self.phones_known = False
        # What each phone does, as far as it was told.
        self.phone_use: dict[Endpoint, PhoneUse] = {}
        # Whose state contradicts the phone, and since when; oldest first.
        self.doubts: dict[AgentId, datetime] = {}
        self.awaits_doubt = False
        self.line_up = False
        self.line_reason = "starting"
        # A team's line holds every caller not yet answered, offered ones too: the place is kept.
        self.lines: dict[TeamId, RankedSet[CallKey]] = {t.team: RankedSet() for t in rules.teams}
        # Citizens to be called back; one for each number. Those who do not rest have a place beside
        # the line of their team (which counts live callers), and one in its lanes when due.
        self.callbacks: dict[CallbackId, Callback] = {}
        self.numbers: dict[str, CallbackId] = {}
        self.callback_lines: dict[TeamId, RankedSet[CallKey]] = {
            t.team: RankedSet() for t in rules.teams
        }
        # Citizens who answered our call and are on the way to the line.
        self.returning: dict[CallId, CallbackId] = {}
        # Each team's visits by their beginning; those that ended are dropped when they come first.
        self._arrivals: dict[TeamId, list[tuple[int, CallId]]] = {t.team: [] for t in rules.teams}
        # Callers that may be offered now, by their team and what decides who may serve them; there
        # is no empty lane.
        self.open_calls: dict[TeamId, dict[LaneKey, Lane]] = {t.team: {} for t in rules.teams}
        self.wanted: dict[AgentId, RankedSet[CallKey]] = {}
        # Available agents, by what they serve: (-level, last call handled, id).
        self.bench: dict[TeamId, dict[Language, RankedSet[BenchKey]]] = {
            t.team: {language: RankedSet() for language in Language} for t in rules.teams
        }
        # Of these, the agents whose best skill is the team.
        self.home_bench: dict[TeamId, dict[Language, RankedSet[BenchKey]]] = {
            t.team: {language: RankedSet() for language in Language} for t in rules.teams
        }
        self.speakers: dict[tuple[TeamId, Language], int] = {}

    # --- questions -------------------------------------------------------------------------

    def phone_reachable(self, endpoint: Endpoint) -> bool:
        """True as long as nothing is known of any phone."""
        return not self.phones_known or endpoint in self.reachable

    def available(self, agent: Agent) -> bool:
        """May be offered a call: present, ready, idle, phone registered."""
        return (
            type(agent.activity) is Idle
            and agent.status.kind is StatusKind.READY
            and agent.session.kind is SessionKind.PRESENT
            and self.phone_reachable(agent.session.endpoint)
        )

    def spoken(self, team: TeamId, language: Language) -> bool:
        """True if any logged-in agent of the team speaks the language."""
        return self.speakers.get((team, language), 0) > 0

    def position(self, call: Waiter) -> int:
        """Place in the line of the call's own team, from 1; 0 when not in line.

        Counts who stands before, offered callers and citizens to be called back too. Exact; costs
        two binary searches and one addition for each block of 256 to 512 callers.
        """
        if not call.in_line:
            return 0
        called_back = self.callback_lines[call.team].rank(call.key)
        return self.lines[call.team].rank(call.key) + called_back + 1

    # --- the line --------------------------------------------------------------------------

    def note_closed(self, call: Call) -> None:
        """Remember the number of its offers; the oldest note is dropped."""
        self.closed[call.call_id] = call.offers
        if len(self.closed) > CLOSED_KEPT:
            del self.closed[next(iter(self.closed))]

    def join(self, call: Call) -> None:
        """Begin a visit: a place in the line of the call's team by its key."""
        self.lines[call.team].add(call.key)
        call.in_line = True
        heappush(self._arrivals[call.team], (microseconds(call.entered_at), call.call_id))

    def quit(self, call: Call) -> None:
        """End the visit: no place, and nobody may be offered the call."""
        self.close(call)
        self.lines[call.team].discard(call.key)
        call.in_line = False
        self._drop_ended(call.team)

    def join_callback(self, callback: Callback) -> None:
        """A place by the key, beside the team's line."""
        self.callback_lines[callback.team].add(callback.key)

    def quit_callback(self, callback: Callback) -> None:
        """No place, and nobody may dial; nothing happens if it had none."""
        self.close(callback)
        self.callback_lines[callback.team].discard(callback.key)

    def longest_since(self, team: TeamId) -> datetime | None:
        """When the longest visit in the team's line began; None for an empty line."""
        self._drop_ended(team)
        arrivals = self._arrivals[team]
        return self.calls[arrivals[0][1]].entered_at if arrivals else None

    def _drop_ended(self, team: TeamId) -> None:
        arrivals = self._arrivals[team]
        while arrivals:
            entered_us, call_id = arrivals[0]
            call = self.calls.get(call_id)
            if (
                call is not None
                and call.in_line
                and call.team == team
                and microseconds(call.entered_at) == entered_us
            ):
                return
            heappop(arrivals)

    def open(self, call: Waiter) -> None:
        """Let the call be found by agents who may serve it (or by the wanted one only)."""
        if call.wanted is not None:
            self.wanted.setdefault(call.wanted, RankedSet()).add(call.key)
            return
        lanes, lane_key = self.open_calls[call.team], (call.ring, call.language)
        lane = lanes.get(lane_key)
        if lane is None:
            lane = lanes[lane_key] = RankedSet()
        lane.add(call.key)

    def close(self, call: Waiter) -> None:
        """The call may not be offered now; its place in the line stays."""
        if call.wanted is not None:
            line = self.wanted.get(call.wanted)
            if line is not None:
                line.discard(call.key)
                if not line:
                    del self.wanted[call.wanted]
            return
        lanes, lane_key = self.open_calls[call.team], (call.ring, call.language)
        lane = lanes.get(lane_key)
        if lane is not None:
            lane.discard(call.key)
            if not lane:
                del lanes[lane_key]

    def ring_number(self, call: Waiter) -> int:
        """The ring the call is in: by the clock, by what was opened for its team, or because
        nobody of the rings before is on duty."""
        return max(call.ring, self.open_rings[call.team], self.staffed_rings[call.team])

    def ring_of(self, team: TeamId, ring: int) -> Ring:
        """Who may serve a call of the team that is in `ring` by the clock."""
        number = max(ring, self.open_rings[team], self.staffed_rings[team])
        return self.teams[team].rings[number - 1]

    def served_as(self, agent: Agent, team: TeamId, lane: LaneKey) -> TeamId | None:
        """The team as whose member the agent may serve calls of a lane, the callers' own first;
        None when he or she may not."""
        number, language = lane
        ring = self.ring_of(team, number)
        if self.keeping and self.held_back(agent, team, ring):
            return None
        return self.admitted(agent, ring, language)

    def held_back(self, agent: Agent, team: TeamId, ring: Ring) -> bool:
        """The agent's own team keeps to itself, and the call is another team's."""
        return agent.home != team and agent.home in self.keeping and not ring.help_regardless

    def admitted(self, agent: Agent, ring: Ring, language: Language) -> TeamId | None:
        """The first team of the ring as whose member the agent may serve callers of a language.

        A language is demanded of a team unless nobody of it who is logged in speaks it.
        """
        if ring.own_only and agent.home != ring.teams[0]:
            return None
        any_language = language in agent.languages or language in ring.languages_dropped
        for team in ring.teams:
            level = agent.levels.get(team)
            if level is None or level < ring.least_level:
                continue
            if any_language or not self.spoken(team, language):
                return team
        return None

    def admitting_ring(self, agent: Agent, call: Waiter) -> Ring:
        """The narrowest ring by which the agent may serve the call (who was asked for by name may
        be of none: the widest)."""
        rings = self.teams[call.team].rings[: self.ring_number(call)]
        return next((r for r in rings if self.admitted(agent, r, call.language)), rings[-1])

    def best_call(self, agent: Agent) -> Waiter | None:
        """The best-scored call over all lines that the agent may serve.

        Eligibility comes before any weighing. Costs one look at the head of each lane.
        """
        wanted = self.wanted.get(agent.agent_id)
        best = wanted.first() if wanted is not None else None
        for team in self.open_calls:
            best = self._better(agent, team, best)
        return self.call_of(best)

    def best_own_call(self, agent: Agent) -> Waiter | None:
        """The best-scored call of the agent's own team that he or she may serve."""
        return self.call_of(self._better(agent, agent.home, None)) if agent.home else None

    def _better(self, agent: Agent, team: TeamId, best: CallKey | None) -> CallKey | None:
        """`best`, or what is better among the heads of the team's lanes the agent may serve."""
        for lane_key, lane in self.open_calls[team].items():
            head = lane.first()
            if head is None or (best is not None and head >= best):
                continue
            if self.served_as(agent, team, lane_key) is not None:
                best = head
        return best

    def call_of(self, key: CallKey | None) -> Waiter | None:
        return None if key is None else self.waiter(key)

    def waiter(self, key: CallKey) -> Waiter:
        """Whose key it is."""
        return self.calls.get(CallId(key[1])) or self.callbacks[CallbackId(key[1])]

    def serving_team(self, agent: Agent, call: Waiter) -> TeamId:
        """As whose member the agent serves the call; a wanted agent may be of none of the ring."""
        return self.admitted(agent, self.admitting_ring(agent, call), call.language) or call.team

    # --- the bench -------------------------------------------------------------------------

    def sit(self, agent: Agent) -> None:
        """The agent waits for a call."""
        handled = microseconds(agent.handled_at)
        places = []
        for team, level in agent.skills:
            for language in agent.languages:
                key = (-level, handled, agent.agent_id)
                self.bench[team][language].add(key)
                if team == agent.home:
                    self.home_bench[team][language].add(key)
                places.append((team, language, handled))
        agent.benched = tuple(places)

    def stand(self, agent: Agent) -> None:
        """The agent does not wait any more; nothing happens if he or she did not."""
        if agent.benched is None:
            return
        for team, language, handled in agent.benched:
            key = (-agent.levels[team], handled, agent.agent_id)
            self.bench[team][language].discard(key)
            if team == agent.home:
                self.home_bench[team][language].discard(key)
        agent.benched = None

    def best_agent(self, call: Waiter) -> Agent | None:
        """The waiting agent for a call: earliest ring; own team before added ones; highest level;
        longest without a call; id.

        A call with a wanted agent goes to nobody else.
        """
        if call.wanted is not None:
            agent = self.agents.get(call.wanted)
            return agent if agent is not None and agent.benched is not None else None
        rings = self.teams[call.team].rings[: self.ring_number(call)]
        # Each ring admits all whom the one before admits: nobody in the widest is nobody at all.
        if len(rings) > 1 and self._best_in(rings[-1], call) is None:
            return None
        for ring in rings:
            found = self._best_in(ring, call)
            if found is not None:
                return self.agents[AgentId(found[2])]
        return None

    def _best_in(self, ring: Ring, call: Waiter) -> BenchKey | None:
        for team in ring.teams:
            found = self._best_of(team, call, ring)
            if found is not None:
                return found
        return None

    def _best_of(self, team: TeamId, call: Waiter, ring: Ring) -> BenchKey | None:
        benches, language = self.benches(team, ring), call.language
        if language not in ring.languages_dropped and self.spoken(team, language):
            best = self._first_willing(benches[language], call)
        else:
            best = least(self._first_willing(bench, call) for bench in benches.values())
        return best if best is not None and -best[0] >= ring.least_level else None

    def benches(self, team: TeamId, ring: Ring) -> Mapping[Language, RankedSet[BenchKey]]:
        """Where those sit who may serve as members of the team in the ring, by language."""
        return self.home_bench[team] if ring.own_only else self.bench[team]

    def _first_willing(self, bench: RankedSet[BenchKey], call: Waiter) -> BenchKey | None:
        return next(self.willing(bench, call), None) if self.keeping else bench.first()

    def willing(self, bench: RankedSet[BenchKey], call: Waiter) -> Iterator[BenchKey]:
        """Who of a bench is not held back from the call, best first. Costs a look at each who is
        free and held back: few, since a team that keeps to itself is short of people."""
        ring = self.ring_of(call.team, call.ring)
        for key in bench:
            if not self.held_back(self.agents[AgentId(key[2])], call.team, ring):
                yield key


def least(keys: Iterable[BenchKey | None]) -> BenchKey | None:
    """The least of the keys that are there."""
    return min((k for k in keys if k is not None), default=None)
