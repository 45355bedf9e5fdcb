"""Fakes of the desktop's ports: a floor with scripted situations, people, records, figures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from agent_desktop.core.named import Named
from agent_desktop.ports import (
    AgentSituation,
    CallerPast,
    FloorFigures,
    OccupiedBooth,
    Operator,
    PhoneAccess,
    PlanSituation,
    TeamFigures,
)
from kernel.errors import Conflict, HotlineError, InvalidTransition, NotFound
from kernel.events import Event
from kernel.ids import AgentId, BoothId, CallId, Endpoint, OfferId, TeamId

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)

TEAMS = (
    Named("consumer", "消费维权", "Consumer affairs"),
    Named("urban", "国土城管", "Land and urban"),
    Named("labour", "劳动社保", "Labour and social security"),
    Named("security", "公安户政", "Public security"),
    Named("general", "综合", "General"),
)
LINES = (Named("12333", "人社咨询热线", "Labour and social security enquiries"),)


class FakeClock:
    def __init__(self, now: datetime = NOON) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


class FakeFloor:
    """Keeps one situation per operator; remembers every command in `commands`.

    `refuse_next` is raised by the next command, which then changes nothing. Watchers are told by
    `set`, as the distribution tells them after a step.
    """

    def __init__(self) -> None:
        self.commands: list[tuple[str, ...]] = []
        self.refuse_next: HotlineError | None = None
        self._situations: dict[AgentId, AgentSituation] = {}
        self._watchers: dict[AgentId, list[Callable[[AgentSituation], None]]] = {}

    def set(self, agent_id: AgentId, situation: AgentSituation) -> None:
        self._situations[agent_id] = situation
        for callback in list(self._watchers.get(agent_id, [])):
            callback(situation)

    def change(self, agent_id: AgentId, **changes: object) -> None:
        self.set(agent_id, replace(self.situation(agent_id), **changes))  # type: ignore[arg-type]

    def watcher_count(self, agent_id: AgentId) -> int:
        return len(self._watchers.get(agent_id, []))

    def situation(self, agent_id: AgentId) -> AgentSituation:
        return self._situations.get(agent_id, AgentSituation(status="logged_out"))

    def watch(
        self, agent_id: AgentId, callback: Callable[[AgentSituation], None]
    ) -> Callable[[], None]:
        watchers = self._watchers.setdefault(agent_id, [])
        watchers.append(callback)

        def unsubscribe() -> None:
            if callback in watchers:
                watchers.remove(callback)

        return unsubscribe

    def _take(self, *command: str) -> None:
        if self.refuse_next is not None:
            refusal, self.refuse_next = self.refuse_next, None
            raise refusal
        self.commands.append(command)

    def _demand_present(self, agent_id: AgentId) -> None:
        if self.situation(agent_id).status == "logged_out":
            raise InvalidTransition("您尚未签入座席")

    async def log_in(self, agent_id: AgentId, booth_id: BoothId, endpoint: Endpoint) -> None:
        taken = any(s.booth_id == booth_id for a, s in self._situations.items() if a != agent_id)
        if taken:
            raise Conflict("该座席已有人签入")
        self._take("log_in", agent_id, booth_id, endpoint)
        self.set(
            agent_id,
            AgentSituation(
                status="not_ready",
                reason="logged_in",
                status_since=NOON,
                booth_id=booth_id,
                endpoint=endpoint,
                phone_reachable=True,
            ),
        )

    async def log_out(self, agent_id: AgentId) -> None:
        self._take("log_out", agent_id)
        if self.situation(agent_id).activity == "idle":
            self.set(agent_id, AgentSituation(status="logged_out"))
        else:
            self.change(agent_id, next_status="logged_out", next_reason=None)

    async def ready(self, agent_id: AgentId) -> None:
        self._demand_present(agent_id)
        self._take("ready", agent_id)
        if self.situation(agent_id).activity == "idle":
            self.change(agent_id, status="ready", reason=None, status_since=NOON)
        else:
            self.change(agent_id, next_status="ready", next_reason=None)

    async def not_ready(self, agent_id: AgentId, reason: str) -> None:
        self._demand_present(agent_id)
        self._take("not_ready", agent_id, reason)
        if self.situation(agent_id).activity == "idle":
            self.change(agent_id, status="not_ready", reason=reason)
        else:
            self.change(agent_id, next_status="not_ready", next_reason=reason)

    async def decline(self, agent_id: AgentId, offer_id: OfferId) -> None:
        self._take("decline", agent_id, offer_id)

    async def release(self, agent_id: AgentId) -> None:
        self._take("release", agent_id)

    async def finish_wrap_up(self, agent_id: AgentId, disposition: str) -> None:
        self._take("finish_wrap_up", agent_id, disposition)
        now = self.situation(agent_id)
        status = now.next_status or now.status
        if status == "logged_out":
            self.set(agent_id, AgentSituation(status="logged_out"))
            return
        self.set(
            agent_id,
            replace(
                now,
                status=status,
                reason=now.next_reason,
                next_status=None,
                next_reason=None,
                activity="idle",
                deadline=None,
                call_id=None,
                offer_id=None,
                team=None,
            ),
        )

    async def extend_wrap_up(self, agent_id: AgentId) -> None:
        self._take("extend_wrap_up", agent_id)

    async def transfer_to_team(self, agent_id: AgentId, team: TeamId) -> None:
        self._take("transfer_to_team", agent_id, team)

    async def transfer_to_agent(self, agent_id: AgentId, target: AgentId) -> None:
        self._take("transfer_to_agent", agent_id, target)

    async def consult(self, agent_id: AgentId, target: AgentId) -> None:
        self._take("consult", agent_id, target)

    async def complete_consult(self, agent_id: AgentId) -> None:
        self._take("complete_consult", agent_id)

    async def cancel_consult(self, agent_id: AgentId) -> None:
        self._take("cancel_consult", agent_id)

    async def connection_lost(self, agent_id: AgentId) -> None:
        self._take("connection_lost", agent_id)

    async def connection_back(self, agent_id: AgentId) -> None:
        self._take("connection_back", agent_id)

    async def force(self, agent_id: AgentId, state: str, reason: str, actor: str) -> None:
        self._take("force", agent_id, state, reason, actor)

    async def free(self, agent_id: AgentId, reason: str, actor: str) -> None:
        self._take("free", agent_id, reason, actor)


class FakePeople:
    def __init__(self, *operators: Operator, booths: int = 506) -> None:
        self._operators = {o.agent_id: o for o in operators}
        self._booths = tuple(BoothId(f"{n:03}") for n in range(1, booths + 1))

    def operator(self, agent_id: AgentId) -> Operator | None:
        return self._operators.get(agent_id)

    def teams(self) -> Sequence[Named]:
        return TEAMS

    def booths(self) -> Sequence[BoothId]:
        return self._booths

    def line(self, dnis: str) -> Named | None:
        return next((line for line in LINES if line.code == dnis), None)


class FakeRecords:
    """`past` waits for `released` to be set when `held` is true; `fault` is raised instead."""

    def __init__(self, past: CallerPast | None = None) -> None:
        self.answer = past or CallerPast()
        self.recorded: dict[CallId, list[Event]] = {}
        self.fault: HotlineError | None = None
        self.asked: list[str] = []
        self.held = False
        self.released = asyncio.Event()

    async def past(self, ani: str, *, except_call: CallId) -> CallerPast:
        self.asked.append(ani)
        if self.held:
            await self.released.wait()
        if self.fault is not None:
            raise self.fault
        return self.answer

    async def events(self, call_id: CallId) -> Sequence[Event]:
        return self.recorded.get(call_id, [])


def team_figures(team: TeamId, **changes: object) -> TeamFigures:
    """A team whom nobody called, but for the changes."""
    base: dict[str, object] = {
        "team": team,
        "waiting": 0,
        "longest_since": None,
        "entered": 0,
        "answered": 0,
        "abandoned": 0,
        "short_abandoned": 0,
        "abandon_rate": None,
        "service_rate": None,
        "service_ignoring": None,
        "service_positive": None,
        "asa_s": None,
        "aht_s": None,
        "occupancy": None,
        "connect_rate": None,
        "connect_breached": False,
        "connect_crosses_at": None,
        "wait_told": 0,
        "wait_within_rate": None,
        "wait_mae_s": None,
    }
    return TeamFigures(**{**base, **changes})  # type: ignore[arg-type]


def floor_figures(
    teams: Sequence[TeamFigures], booths: Sequence[OccupiedBooth], **changes: object
) -> FloorFigures:
    """A floor that is up, of these teams and booths."""
    base: dict[str, object] = {
        "at": NOON,
        "line_up": True,
        "total": team_figures(TeamId(""), waiting=sum(t.waiting for t in teams)),
        "teams": tuple(teams),
        "booths": tuple(booths),
        "drifts": (),
    }
    return FloorFigures(**{**base, **changes})  # type: ignore[arg-type]


class FakeFigures:
    def __init__(self, figures: FloorFigures) -> None:
        self._figures = figures
        self._watchers: list[Callable[[FloorFigures], None]] = []

    def figures(self) -> FloorFigures:
        return self._figures

    def watch(self, callback: Callable[[FloorFigures], None]) -> Callable[[], None]:
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def change(self, figures: FloorFigures) -> None:
        self._figures = figures
        for callback in list(self._watchers):
            callback(figures)


class FakePhones:
    def access(self, endpoint: str) -> PhoneAccess:
        if endpoint.startswith("desk"):
            raise NotFound("没有这部话机")
        return PhoneAccess(
            websocket_url="ws://127.0.0.1:8088/ws",
            endpoint=endpoint,
            password=f"secret-of-{endpoint}",
            realm="127.0.0.1",
        )


class FakeOutbox:
    """Keeps what was sent, as text, and the code it was closed with."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.closed: int | None = None

    def send(self, text: str) -> None:
        self.sent.append(text)

    def close(self, code: int) -> None:
        self.closed = code


class SilentLog:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def info(self, event: str, **fields: object) -> None:
        self.lines.append((event, fields))

    def warning(self, event: str, **fields: object) -> None:
        self.lines.append((event, fields))


class FakePlans:
    """The plans as a test sets them."""

    def __init__(self, *plans: PlanSituation) -> None:
        self.present = plans
        self.answers: list[tuple[AgentId, bool]] = []

    def plans(self) -> tuple[PlanSituation, ...]:
        return self.present

    async def answer(self, agent_id: AgentId, *, come: bool) -> None:
        self.answers.append((agent_id, come))
