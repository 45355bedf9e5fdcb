"""The floor: everything the distribution knows, in one place, owned by one task.

It is changed in place by `step`, which alone may do so (ADR 0003): indexes of thousands of calls
cannot be copied for each event. Nothing here decides; the indexes only answer "who is first".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

from acd.core.agent import Agent, Idle, SessionKind, StatusKind
from acd.core.call import Call, Offer
from acd.core.ranked import RankedSet
from acd.core.rules import Rules
from kernel.ids import AgentId, BoothId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
PRIORITY_POINT_US = 60_000_000
CLOSED_KEPT = 1024

CallKey = tuple[int, str]
BenchKey = tuple[int, int, str]


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
        "bench",
        "booths",
        "calls",
        "closed",
        "endpoints",
        "line_reason",
        "line_up",
        "lines",
        "menu",
        "offers",
        "open_calls",
        "phones_known",
        "reachable",
        "rules",
        "speakers",
        "wanted",
    )

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.agents: dict[AgentId, Agent] = {}
        self.calls: dict[CallId, Call] = {}
        self.offers: dict[OfferId, Offer] = {}
        # How many offers were made for calls that we closed without having seen them hang up:
        # should one turn up again, its offers go on counting.
        self.closed: dict[CallId, int] = {}
        # Callers in the menu, not ours yet; True once transferred to an outside number.
        self.menu: dict[CallId, bool] = {}
        self.booths: dict[BoothId, AgentId] = {}
        self.endpoints: dict[Endpoint, AgentId] = {}
        self.reachable: set[Endpoint] = set()
        self.phones_known = False
        self.line_up = False
        self.line_reason = "starting"
        # A team's line holds every caller not yet answered, offered ones too: the place is kept.
        self.lines: dict[TeamId, RankedSet[CallKey]] = {t.team: RankedSet() for t in rules.teams}
        # Each team's visits by their beginning; those that ended are dropped when they come first.
        self._arrivals: dict[TeamId, list[tuple[int, CallId]]] = {t.team: [] for t in rules.teams}
        # Callers that may be offered now, by who may serve them: (team, language).
        self.open_calls: dict[TeamId, dict[Language, RankedSet[CallKey]]] = {
            t.team: {language: RankedSet() for language in Language} for t in rules.teams
        }
        self.wanted: dict[AgentId, RankedSet[CallKey]] = {}
        # Available agents, by what they serve: (-level, free since, id).
        self.bench: dict[TeamId, dict[Language, RankedSet[BenchKey]]] = {
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

    def position(self, call: Call) -> int:
        """Place in the line of the call's own team, from 1; 0 when not in line.

        Counts offered callers that stand before. Exact; costs one binary search and one addition
        for each block of 256 to 512 callers.
        """
        return self.lines[call.team].rank(call.key) + 1 if call.in_line else 0

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

    def open(self, call: Call) -> None:
        """Let the call be found by agents who may serve it (or by the wanted one only)."""
        if call.wanted is not None:
            self.wanted.setdefault(call.wanted, RankedSet()).add(call.key)
            return
        for team in call.teams:
            self.open_calls[team][call.language].add(call.key)

    def close(self, call: Call) -> None:
        """The call may not be offered now; its place in the line stays."""
        if call.wanted is not None:
            line = self.wanted.get(call.wanted)
            if line is not None:
                line.discard(call.key)
                if not line:
                    del self.wanted[call.wanted]
        for team in call.teams:
            self.open_calls[team][call.language].discard(call.key)

    def best_call(self, agent: Agent) -> Call | None:
        """The best-scored call over all lines that the agent may serve.

        Eligibility comes before any weighing: a language is demanded of the team unless nobody of
        the team who is logged in speaks it. Costs one look at the head of each (team, language).
        """
        best: CallKey | None = None
        wanted = self.wanted.get(agent.agent_id)
        if wanted is not None:
            best = wanted.first()
        for team, _ in agent.skills:
            for language, line in self.open_calls[team].items():
                head = line.first()
                if head is None or (best is not None and head >= best):
                    continue
                if language in agent.languages or not self.spoken(team, language):
                    best = head
        return None if best is None else self.calls[CallId(best[1])]

    def serving_team(self, agent: Agent, call: Call) -> TeamId:
        """Under which team the agent serves the call: its own if he or she is eligible there."""
        for team in call.teams:
            if team in agent.levels and (
                call.language in agent.languages or not self.spoken(team, call.language)
            ):
                return team
        return call.team

    # --- the bench -------------------------------------------------------------------------

    def sit(self, agent: Agent) -> None:
        """The agent waits for a call."""
        free = microseconds(agent.free_since)
        places = []
        for team, level in agent.skills:
            for language in agent.languages:
                self.bench[team][language].add((-level, free, agent.agent_id))
                places.append((team, language, free))
        agent.benched = tuple(places)

    def stand(self, agent: Agent) -> None:
        """The agent does not wait any more; nothing happens if he or she did not."""
        if agent.benched is None:
            return
        for team, language, free in agent.benched:
            self.bench[team][language].discard((-agent.levels[team], free, agent.agent_id))
        agent.benched = None

    def best_agent(self, call: Call) -> Agent | None:
        """The waiting agent for a call: own team before overflow; highest level; longest free; id.

        A call with a wanted agent goes to nobody else.
        """
        if call.wanted is not None:
            agent = self.agents.get(call.wanted)
            return agent if agent is not None and agent.benched is not None else None
        for team in call.teams:
            found = self._best_of(team, call.language)
            if found is not None:
                return self.agents[AgentId(found[2])]
        return None

    def _best_of(self, team: TeamId, language: Language) -> BenchKey | None:
        benches = self.bench[team]
        if self.spoken(team, language):
            return benches[language].first()
        return least(bench.first() for bench in benches.values())


def least(keys: Iterable[BenchKey | None]) -> BenchKey | None:
    """The least of the keys that are there."""
    return min((k for k in keys if k is not None), default=None)
