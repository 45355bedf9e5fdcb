"""What others may see: the state of one agent, and the wallboard. Values, made on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from acd.core import agent as ag
from acd.core import call as ca
from acd.core.agent import Agent, SessionKind
from acd.core.floor import Floor
from acd.core.metrics import (
    Count,
    Metrics,
    ServiceLevel,
    average_handle_time,
    average_speed_of_answer,
    connect_rate,
    occupancy,
    service_level,
)
from kernel.ids import AgentId, BoothId, CallId, Endpoint, OfferId, TeamId

LOGGED_OUT = "logged_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultationView:
    """`phase`: ringing or talking. `asked` is True for the colleague who was asked."""

    agent_id: AgentId
    phase: str
    asked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """One agent at one moment.

    `status`: logged_out, ready, not_ready; `next_status` what was chosen for after the call, with
    `next_reason`. `activity`: idle, offered, talking, consulting, wrap_up. `deadline`: end of
    ringing or of wrap-up. `call_id`, `offer_id`, `team` stay set during wrap-up. `connected` is
    False while the browser is away. `moving`: a transfer is under way. `notice`: a sentence about
    an order that failed, empty else.
    """

    agent_id: AgentId
    status: str
    line_up: bool
    reason: str | None = None
    status_since: datetime | None = None
    next_status: str | None = None
    next_reason: str | None = None
    activity: str = "idle"
    activity_since: datetime | None = None
    deadline: datetime | None = None
    booth_id: BoothId | None = None
    endpoint: Endpoint | None = None
    phone_reachable: bool = False
    connected: bool = False
    call_id: CallId | None = None
    offer_id: OfferId | None = None
    team: TeamId | None = None
    ringing: bool = False
    on_hold: bool = False
    moving: bool = False
    wrap_up_extended: bool = False
    consultation: ConsultationView | None = None
    notice: str = ""


def agent_view(floor: Floor, agent_id: AgentId) -> AgentView:
    """The view of an agent, logged in or not."""
    agent = floor.agents.get(agent_id)
    if agent is None:
        return AgentView(agent_id=agent_id, status=LOGGED_OUT, line_up=floor.line_up)
    chosen = agent.next_status
    session = agent.session
    return AgentView(
        agent_id=agent_id,
        status=agent.status.kind.value,
        line_up=floor.line_up,
        reason=agent.status.reason,
        status_since=agent.status.since,
        next_status=chosen.kind.value if chosen else None,
        next_reason=chosen.reason if chosen else None,
        activity=ag.PUBLIC_ACTIVITY[agent.activity.kind],
        activity_since=agent.activity.since,
        booth_id=session.booth_id,
        endpoint=session.endpoint,
        phone_reachable=floor.phone_reachable(session.endpoint),
        connected=session.kind is SessionKind.PRESENT,
        notice=agent.notice,
        **_of_activity(floor, agent),
    )


def _of_activity(floor: Floor, agent: Agent) -> dict[str, Any]:
    activity = agent.activity
    match activity:
        case ag.Idle():
            return {}
        case ag.Offered():
            return {
                **_of_call(activity.call_id, activity.offer_id, activity.team),
                "deadline": activity.ring_until,
                "ringing": activity.ringing,
                "consultation": _asked(floor, activity.offer_id),
            }
        case ag.Consulted():
            return {
                **_of_call(activity.call_id, activity.offer_id, activity.team),
                "consultation": ConsultationView(agent_id=activity.by, phase="talking", asked=True),
            }
        case ag.WrapUp():
            return {
                **_of_call(activity.call_id, activity.offer_id, activity.team),
                "deadline": activity.until,
                "wrap_up_extended": activity.extended,
            }
        case ag.Talk() | ag.OnHold() | ag.Consult():
            return _of_conversation(floor, activity)


def _of_conversation(floor: Floor, activity: ag.InConversation) -> dict[str, Any]:
    conversation = activity.conversation
    call = floor.calls.get(conversation.call_id)
    consultation = None
    if isinstance(activity, ag.Consult):
        phase = "talking" if activity.answered else "ringing"
        consultation = ConsultationView(agent_id=activity.target, phase=phase, asked=False)
    return {
        **_of_call(conversation.call_id, conversation.offer_id, conversation.team),
        "on_hold": isinstance(activity, ag.OnHold),
        "moving": call is not None and isinstance(call.state, ca.Moving),
        "consultation": consultation,
    }


def _of_call(call_id: CallId, offer_id: OfferId, team: TeamId) -> dict[str, Any]:
    return {"call_id": call_id, "offer_id": offer_id, "team": team}


def _asked(floor: Floor, offer_id: OfferId) -> ConsultationView | None:
    offer = floor.offers.get(offer_id)
    if offer is None or offer.by is None:
        return None
    return ConsultationView(agent_id=offer.by, phase="ringing", asked=True)


# --- the wallboard --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRow:
    """One team. `waiting` are in its line and not yet answered, ringing ones included.

    `entered` .. `flowed_out` count the city's present day; `service_level` the last 30 minutes,
    `service_level_day` the day; `connect_rate` the last 24 h; `asa_s`, `aht_s`, `occupancy` the
    last 30 minutes (definitions: `acd.core.metrics`). `agents` are logged in with the skill,
    `agents_ready` of them wait for a call.
    """

    team: TeamId
    waiting: int
    longest_since: datetime | None
    entered: int
    answered: int
    abandoned: int
    short_abandoned: int
    flowed_out: int
    service_level: ServiceLevel
    service_level_day: ServiceLevel
    connect_rate: float | None
    asa_s: float | None
    aht_s: float | None
    occupancy: float | None
    agents: int
    agents_ready: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoothRow:
    """An occupied booth. `state`: the activity, or for an idle agent ready / not_ready.
    `team` is the agent's best skill."""

    booth_id: BoothId
    agent_id: AgentId
    state: str
    reason: str | None
    since: datetime
    team: TeamId | None
    phone_reachable: bool
    connected: bool
    call_id: CallId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallboard:
    """The whole centre at `at`: teams in the order of the menu, booths by number.

    `booths_by_state` counts the occupied ones. `balanced` is the live self-audit: False when the
    metrics' count of waiting callers differs from the lines'.
    """

    at: datetime
    line_up: bool
    line_reason: str
    teams: tuple[TeamRow, ...]
    booths: tuple[BoothRow, ...]
    booths_by_state: Mapping[str, int]
    balanced: bool


def wallboard(floor: Floor, metrics: Metrics, now: datetime) -> Wallboard:
    """Costs one pass over the occupied booths and the callers in line."""
    logged_in: dict[TeamId, int] = dict.fromkeys(floor.lines, 0)
    ready: dict[TeamId, int] = dict.fromkeys(floor.lines, 0)
    rows: list[BoothRow] = []
    by_state: dict[str, int] = {}
    for booth_id in sorted(floor.booths):
        agent = floor.agents[floor.booths[booth_id]]
        row = _booth_row(floor, booth_id, agent)
        rows.append(row)
        by_state[row.state] = by_state.get(row.state, 0) + 1
        for team, _ in agent.skills:
            logged_in[team] += 1
            ready[team] += agent.benched is not None
    teams = tuple(
        _team_row(floor, metrics, team, logged_in[team], ready[team]) for team in floor.lines
    )
    return Wallboard(
        at=now,
        line_up=floor.line_up,
        line_reason=floor.line_reason,
        teams=teams,
        booths=tuple(rows),
        booths_by_state=by_state,
        balanced=all(t.waiting == metrics.teams[t.team].waiting for t in teams),
    )


def _booth_row(floor: Floor, booth_id: BoothId, agent: Agent) -> BoothRow:
    idle = isinstance(agent.activity, ag.Idle)
    conversation = agent.conversation
    return BoothRow(
        booth_id=booth_id,
        agent_id=agent.agent_id,
        state=agent.status.kind.value if idle else ag.PUBLIC_ACTIVITY[agent.activity.kind],
        reason=agent.status.reason if idle else None,
        since=(max(agent.status.since, agent.activity.since) if idle else agent.activity.since),
        team=primary_team(agent),
        phone_reachable=floor.phone_reachable(agent.session.endpoint),
        connected=agent.session.kind is SessionKind.PRESENT,
        call_id=conversation.call_id if conversation else None,
    )


def primary_team(agent: Agent) -> TeamId | None:
    """The team of the agent's highest level, ties by id."""
    return min(agent.skills, key=lambda s: (-s[1], s[0]))[0] if agent.skills else None


def _team_row(
    floor: Floor, metrics: Metrics, team: TeamId, agents: int, agents_ready: int
) -> TeamRow:
    figures = metrics.teams[team]
    recent = figures.window(figures.now_ring)
    line = floor.lines[team]
    return TeamRow(
        team=team,
        waiting=len(line),
        longest_since=floor.longest_since(team),
        entered=figures.day[Count.ENTERED],
        answered=figures.day[Count.ANSWERED],
        abandoned=figures.day[Count.ABANDONED],
        short_abandoned=figures.day[Count.SHORT_ABANDONED],
        flowed_out=figures.day[Count.FLOWED_OUT],
        service_level=service_level(recent),
        service_level_day=service_level(figures.day),
        connect_rate=connect_rate(figures.window(figures.rolling)),
        asa_s=average_speed_of_answer(recent),
        aht_s=average_handle_time(recent),
        occupancy=occupancy(recent),
        agents=agents,
        agents_ready=agents_ready,
    )


def as_json(view: AgentView | Wallboard) -> dict[str, Any]:
    """The view with moments as ISO 8601, ready for `json.dumps`."""
    plain = _plain(asdict(view))
    assert isinstance(plain, dict)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value
