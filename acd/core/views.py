"""What others may see: the state of one agent, and the wallboard. Values, made on demand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from acd.core import agent as ag
from acd.core import call as ca
from acd.core import callback as cb
from acd.core.agent import Agent, SessionKind
from acd.core.connect_rate import ConnectRates, Projection
from acd.core.floor import Floor
from acd.core.metrics import (
    Bucket,
    Count,
    Metrics,
    ServiceLevel,
    TeamMetrics,
    abandon_rate,
    average_handle_time,
    average_speed_of_answer,
    connect_rate,
    occupancy,
    service_level,
    short_abandon_rate,
    summed,
)
from acd.core.plans import ABANDONS_MINUTES, HALL
from acd.core.rules import WrapUpMode
from acd.core.self_audit import Drift
from acd.core.sharing import levels
from acd.core.wait_scores import Accuracy
from acd.core.waits import Waits
from kernel.ids import AgentId, BoothId, CallbackId, CallId, Endpoint, OfferId, TeamId

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
    `next_reason`, or ordered by a supervisor (`next_forced`). `activity`: idle, dialling (a citizen
    is being called back), offered, talking, consulting, wrap_up. `deadline`: end of ringing, the
    citizen's too, or of wrap-up (None where no limit presses);
    `disposition` is the one noted in a wrap-up of fixed time. `call_id`, `offer_id`, `team` stay
    set during wrap-up. `connected` is False while the browser is away. `moving`: a transfer is
    under way. `notice`: a sentence about an order that failed, empty else.
    """

    agent_id: AgentId
    status: str
    line_up: bool
    reason: str | None = None
    status_since: datetime | None = None
    next_status: str | None = None
    next_reason: str | None = None
    next_forced: bool = False
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
    wrap_up_mode: str | None = None
    wrap_up_extended: bool = False
    disposition: str | None = None
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
        **_of_choice(chosen),
        activity=ag.PUBLIC_ACTIVITY[agent.activity.kind],
        activity_since=agent.activity.since,
        booth_id=session.booth_id,
        endpoint=session.endpoint,
        phone_reachable=floor.phone_reachable(session.endpoint),
        connected=session.kind is SessionKind.PRESENT,
        notice=agent.notice,
        **_of_activity(floor, agent),
    )


def _of_choice(chosen: ag.Chosen | None) -> dict[str, Any]:
    if chosen is None:
        return {}
    status = chosen.status
    return {
        "next_status": status.kind.value if status is not None else LOGGED_OUT,
        "next_reason": status.reason if status is not None else None,
        "next_forced": chosen.forced,
    }


def _of_activity(floor: Floor, agent: Agent) -> dict[str, Any]:
    activity = agent.activity
    match activity:
        case ag.Idle():
            return {}
        case ag.Dialling():
            return {"deadline": activity.until, "team": activity.team}
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
                "deadline": None if activity.mode is WrapUpMode.MANDATORY else activity.until,
                "wrap_up_mode": activity.mode.value,
                "wrap_up_extended": activity.extended,
                "disposition": activity.disposition,
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


# --- callbacks ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackView:
    """A citizen to be called back. `state`: due, dialling, arriving, taken_back, resting (until
    `again_at`); `position` in the team's line from 1, live callers counted too, 0 while it rests;
    `agent_id` is held for it."""

    callback_id: CallbackId
    call_id: CallId
    number: str
    team: TeamId
    state: str
    position: int
    first_arrival_at: datetime
    expires_at: datetime
    attempts: int
    agent_id: AgentId | None
    again_at: datetime | None


def callback_views(floor: Floor) -> list[CallbackView]:
    """All of them, by their score."""
    return [
        CallbackView(
            callback_id=c.callback_id,
            call_id=c.call_id,
            number=c.number,
            team=c.team,
            state=c.state.kind.value,
            position=floor.position(c),
            first_arrival_at=c.first_arrival_at,
            expires_at=c.expires_at,
            attempts=c.attempts,
            agent_id=c.held,
            again_at=c.state.until if isinstance(c.state, cb.Resting) else None,
        )
        for c in sorted(floor.callbacks.values(), key=lambda c: c.key)
    ]


# --- the wallboard --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRow:
    """One team, or the whole centre (then `team` is `WHOLE_CENTRE`).

    `waiting` are in its line and not yet answered, ringing ones included; `callbacks` are to be
    called back instead. `entered` ..
    `flowed_out`, `abandon_rate` and `short_abandon_rate` count the city's present day;
    `service_level` the last 30 minutes, `service_level_day` the day; `connect_rate` the last 24 h,
    with `connect_crosses_at`: when it falls below the limit at the present pace (or is back, once
    it is `connect_breached`), None if not within a day; `asa_s`, `aht_s`, `occupancy` the last 30
    minutes (definitions: `acd.core.metrics`, `acd.core.connect_rate`). `agents` are logged in with
    the skill, `agents_ready` of them wait for a call. `waits`: how right the announced waits were,
    last 24 h. `projected_level`: the strict level of the last minutes with those who are overdue
    already (`acd.core.sharing`); `abandoned_lately` in the last five minutes, short ones left out.
    """

    team: TeamId
    waiting: int
    callbacks: int
    longest_since: datetime | None
    entered: int
    answered: int
    abandoned: int
    short_abandoned: int
    flowed_out: int
    abandon_rate: float | None
    short_abandon_rate: float | None
    service_level: ServiceLevel
    service_level_day: ServiceLevel
    connect_rate: float | None
    connect_breached: bool
    connect_crosses_at: datetime | None
    asa_s: float | None
    aht_s: float | None
    occupancy: float | None
    agents: int
    agents_ready: int
    waits: Accuracy
    projected_level: float | None = None
    abandoned_lately: int = 0


WHOLE_CENTRE = HALL


@dataclass(frozen=True, slots=True, kw_only=True)
class BoothRow:
    """An occupied booth. `state`: the activity, or for an idle agent ready / not_ready.
    `team` is the agent's best skill, `teams` are all he or she serves. `contradiction`: the phone
    has done something else than the agent since `contradiction_since`, for too long
    (`acd.core.contradiction`)."""

    booth_id: BoothId
    agent_id: AgentId
    state: str
    reason: str | None
    since: datetime
    team: TeamId | None
    teams: tuple[TeamId, ...]
    phone_reachable: bool
    connected: bool
    call_id: CallId | None
    contradiction: ag.Contradiction | None
    contradiction_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallboard:
    """The whole centre at `at`: teams in the order of the menu, booths by number.

    `booths_by_state` counts the occupied ones. `drifts` is the live self-audit: what does not add
    up, empty in the good case.
    """

    at: datetime
    line_up: bool
    line_reason: str
    total: TeamRow
    teams: tuple[TeamRow, ...]
    booths: tuple[BoothRow, ...]
    booths_by_state: Mapping[str, int]
    drifts: tuple[Drift, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the figures come from."""

    metrics: Metrics
    connect_rates: ConnectRates
    waits: Waits
    drifts: tuple[Drift, ...] = ()


def wallboard(floor: Floor, sources: Sources, now: datetime) -> Wallboard:
    """Costs one pass over the occupied booths, the callers in line and who is to be called back."""
    metrics, connect_rates, waits = sources.metrics, sources.connect_rates, sources.waits
    projected = levels(floor, now)
    logged_in: dict[TeamId, int] = dict.fromkeys(floor.lines, 0)
    ready: dict[TeamId, int] = dict.fromkeys(floor.lines, 0)
    callbacks = Counter(c.team for c in floor.callbacks.values())
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
    return Wallboard(
        at=now,
        line_up=floor.line_up,
        line_reason=floor.line_reason,
        total=_team_row(
            WHOLE_CENTRE,
            metrics.teams.values(),
            connect_rates.of(None),
            now,
            waiting=sum(map(len, floor.lines.values())),
            callbacks=len(floor.callbacks),
            longest_since=min(filter(None, map(floor.longest_since, floor.lines)), default=None),
            agents=len(rows),
            agents_ready=sum(a.benched is not None for a in floor.agents.values()),
            waits=waits.accuracy(None, now),
            projected_level=projected.get(None),
            minute=metrics.minute,
        ),
        teams=tuple(
            _team_row(
                team,
                [metrics.teams[team]],
                connect_rates.of(team),
                now,
                waiting=len(line),
                callbacks=callbacks[team],
                longest_since=floor.longest_since(team),
                agents=logged_in[team],
                agents_ready=ready[team],
                waits=waits.accuracy(team, now),
                projected_level=projected.get(team),
                minute=metrics.minute,
            )
            for team, line in floor.lines.items()
        ),
        booths=tuple(rows),
        booths_by_state=by_state,
        drifts=sources.drifts,
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
        teams=tuple(agent.levels),
        phone_reachable=floor.phone_reachable(agent.session.endpoint),
        connected=agent.session.kind is SessionKind.PRESENT,
        call_id=conversation.call_id if conversation else None,
        contradiction=agent.alarm.kind if agent.alarm else None,
        contradiction_since=agent.alarm.since if agent.alarm else None,
    )


def primary_team(agent: Agent) -> TeamId | None:
    """The team of the agent's highest level, ties by id."""
    return agent.home


def _team_row(
    team: TeamId,
    figures: Collection[TeamMetrics],
    projection: Projection,
    now: datetime,
    *,
    waiting: int,
    callbacks: int,
    longest_since: datetime | None,
    agents: int,
    agents_ready: int,
    waits: Accuracy,
    projected_level: float | None,
    minute: int,
) -> TeamRow:
    """A row of one team's figures, or of several teams' together."""
    day: Bucket = summed(f.day for f in figures)
    recent = summed(f.window(f.now_ring) for f in figures)
    lately = summed(f.lately(ABANDONS_MINUTES, minute) for f in figures)
    crosses_in = projection.crosses_in
    return TeamRow(
        team=team,
        waiting=waiting,
        callbacks=callbacks,
        longest_since=longest_since,
        entered=day[Count.ENTERED],
        answered=day[Count.ANSWERED],
        abandoned=day[Count.ABANDONED],
        short_abandoned=day[Count.SHORT_ABANDONED],
        flowed_out=day[Count.FLOWED_OUT],
        abandon_rate=abandon_rate(day),
        short_abandon_rate=short_abandon_rate(day),
        service_level=service_level(recent),
        service_level_day=service_level(day),
        connect_rate=connect_rate(summed(f.window(f.rolling) for f in figures)),
        connect_breached=projection.breached,
        connect_crosses_at=(
            now.replace(second=0, microsecond=0) + crosses_in if crosses_in is not None else None
        ),
        asa_s=average_speed_of_answer(recent),
        aht_s=average_handle_time(recent),
        occupancy=occupancy(recent),
        agents=agents,
        agents_ready=agents_ready,
        waits=waits,
        projected_level=projected_level,
        abandoned_lately=lately[Count.ABANDONED] - lately[Count.SHORT_ABANDONED],
    )


def as_json(view: AgentView | Wallboard | TeamRow) -> dict[str, Any]:
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
