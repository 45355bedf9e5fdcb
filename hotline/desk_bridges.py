"""The departments behind the desktop's ports: distribution, directory, work orders, call journal.

Translation only: other words for the same facts. Whatever decides anything belongs to a department.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from acd.core.inputs import ForcedState
from acd.core.plans import Resting, Running, WrapUpAtMost
from acd.core.views import AgentView, BoothRow, TeamRow, Wallboard
from acd.plans import Plans, PlanView
from acd.service import Distribution
from agent_desktop.core.named import Named
from agent_desktop.ports import (
    AgentSituation,
    CallerPast,
    ConsultationView,
    FigureDrift,
    FloorFigures,
    OccupiedBooth,
    OpenOrder,
    Operator,
    PastCase,
    PastContact,
    PlanSituation,
    Reserve,
    TeamFigures,
)
from cti.journal import CallJournal
from directory.service import Directory
from kernel.events import Event
from kernel.ids import AgentId, BoothId, CallId, Endpoint, OfferId, TeamId
from workorders.core.case import Case, WorkOrder
from workorders.core.words import ORDER_STATE_NAMES, STATE_NAMES
from workorders.service import Cases

CONTACTS_SHOWN = 10


class DistributionFloor:
    """Commands pass through; views are translated into the desktop's own words."""

    def __init__(self, distribution: Distribution) -> None:
        self._acd = distribution

    async def log_in(self, agent_id: AgentId, booth_id: BoothId, endpoint: Endpoint) -> None:
        await self._acd.log_in(agent_id, booth_id, endpoint)

    async def log_out(self, agent_id: AgentId) -> None:
        await self._acd.log_out(agent_id)

    async def ready(self, agent_id: AgentId) -> None:
        await self._acd.ready(agent_id)

    async def not_ready(self, agent_id: AgentId, reason: str) -> None:
        await self._acd.not_ready(agent_id, reason)

    async def decline(self, agent_id: AgentId, offer_id: OfferId) -> None:
        await self._acd.decline(agent_id, offer_id)

    async def release(self, agent_id: AgentId) -> None:
        await self._acd.release(agent_id)

    async def finish_wrap_up(self, agent_id: AgentId, disposition: str) -> None:
        await self._acd.finish_wrap_up(agent_id, disposition)

    async def extend_wrap_up(self, agent_id: AgentId) -> None:
        await self._acd.extend_wrap_up(agent_id)

    async def transfer_to_team(self, agent_id: AgentId, team: TeamId) -> None:
        await self._acd.transfer_to_team(agent_id, team)

    async def transfer_to_agent(self, agent_id: AgentId, target: AgentId) -> None:
        await self._acd.transfer_to_agent(agent_id, target)

    async def consult(self, agent_id: AgentId, target: AgentId) -> None:
        await self._acd.consult(agent_id, target)

    async def complete_consult(self, agent_id: AgentId) -> None:
        await self._acd.complete_consult(agent_id)

    async def cancel_consult(self, agent_id: AgentId) -> None:
        await self._acd.cancel_consult(agent_id)

    async def connection_lost(self, agent_id: AgentId) -> None:
        await self._acd.connection_lost(agent_id)

    async def connection_back(self, agent_id: AgentId) -> None:
        await self._acd.connection_back(agent_id)

    async def force(self, agent_id: AgentId, state: str, reason: str, actor: str) -> None:
        await self._acd.force(agent_id, ForcedState(state), reason, actor=actor)

    async def free(self, agent_id: AgentId, reason: str, actor: str) -> None:
        await self._acd.free(agent_id, reason, actor=actor)

    def situation(self, agent_id: AgentId) -> AgentSituation:
        return _situation(self._acd.agent_view(agent_id))

    def watch(
        self, agent_id: AgentId, callback: Callable[[AgentSituation], None]
    ) -> Callable[[], None]:
        return self._acd.watch_agent(agent_id, lambda view: callback(_situation(view)))


class DistributionFigures:
    """The wallboard's numbers. The strictest service level stands first: every caller who was not
    answered in time counts against it."""

    def __init__(self, distribution: Distribution) -> None:
        self._acd = distribution

    def figures(self) -> FloorFigures:
        return _figures(self._acd.wallboard())

    def watch(self, callback: Callable[[FloorFigures], None]) -> Callable[[], None]:
        return self._acd.watch_wallboard(lambda board: callback(_figures(board)))


class DistributionPlans:
    """The peak-hour plans as the wallboard and the desk show them."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans

    def plans(self) -> tuple[PlanSituation, ...]:
        return tuple(_plan(view) for view in self._plans.board())

    async def answer(self, agent_id: AgentId, *, come: bool) -> None:
        await self._plans.answer(agent_id, come=come)


def _plan(view: PlanView) -> PlanSituation:
    plan, run, now = view.plan, view.run, view.at
    state, since, until = "resting", None, None
    match view.state:
        case Running(since=begun):
            state, since = "running", begun
        case Resting(cool_until=cool) if cool is not None and cool > now:
            state, until = "cooling", cool
        case Resting(over_since=over) if over is not None:
            state, since = "starting", over
        case Resting():
            pass
    limits = [a.limit.total_seconds() for a in plan.actions if isinstance(a, WrapUpAtMost)]
    return PlanSituation(
        plan_id=plan.plan_id,
        zh=plan.zh,
        en=plan.en,
        team=plan.measured,
        teams=plan.teams,
        state=state,
        since=since,
        until=until,
        cause=run.cause.value if run is not None else None,
        by=run.actor if run is not None else "",
        values=view.values,
        wrap_up_s=min(limits, default=None),
        reserves=tuple(
            Reserve(agent_id=one.agent_id, answer=one.answer.value)
            for one in (run.summoned if run is not None else ())
        ),
    )


def _situation(view: AgentView) -> AgentSituation:
    consultation = view.consultation
    asked = consultation is not None and consultation.asked
    return AgentSituation(
        status=view.status,
        reason=view.reason,
        status_since=view.status_since,
        next_status=view.next_status,
        next_reason=view.next_reason,
        next_forced=view.next_forced,
        # Both sides of a consultation are "consulting" there; their screens differ.
        activity="consulted" if asked and view.activity == "consulting" else view.activity,
        activity_since=view.activity_since,
        deadline=view.deadline,
        booth_id=view.booth_id,
        endpoint=view.endpoint,
        phone_reachable=view.phone_reachable,
        call_id=view.call_id,
        offer_id=view.offer_id,
        team=view.team,
        on_hold=view.on_hold,
        moving=view.moving,
        wrap_up_mode=view.wrap_up_mode,
        wrap_up_extended=view.wrap_up_extended,
        disposition=view.disposition,
        consultation=ConsultationView(
            agent_id=consultation.agent_id, phase=consultation.phase, asked=consultation.asked
        )
        if consultation is not None
        else None,
        notice=view.notice,
        line_up=view.line_up,
    )


def _figures(board: Wallboard) -> FloorFigures:
    return FloorFigures(
        at=board.at,
        line_up=board.line_up,
        total=_team(board.total),
        teams=tuple(_team(team) for team in board.teams),
        booths=tuple(_booth(booth) for booth in board.booths),
        drifts=tuple(
            FigureDrift(check=d.check.value, subject=d.subject, ours=d.ours, other=d.other)
            for d in board.drifts
        ),
    )


def _team(row: TeamRow) -> TeamFigures:
    return TeamFigures(
        team=row.team,
        waiting=row.waiting,
        callbacks=row.callbacks,
        longest_since=row.longest_since,
        entered=row.entered,
        answered=row.answered,
        abandoned=row.abandoned,
        short_abandoned=row.short_abandoned,
        abandon_rate=row.abandon_rate,
        service_rate=row.service_level.abandons_negative,
        service_ignoring=row.service_level.ignoring_abandons,
        service_positive=row.service_level.abandons_positive,
        asa_s=row.asa_s,
        aht_s=row.aht_s,
        occupancy=row.occupancy,
        connect_rate=row.connect_rate,
        connect_breached=row.connect_breached,
        connect_crosses_at=row.connect_crosses_at,
        wait_told=row.waits.told,
        wait_within_rate=row.waits.within_rate,
        wait_mae_s=row.waits.mae_s,
    )


def _booth(row: BoothRow) -> OccupiedBooth:
    return OccupiedBooth(
        booth_id=row.booth_id,
        agent_id=row.agent_id,
        state=row.state,
        reason=row.reason,
        since=row.since,
        team=row.team,
        phone_reachable=row.phone_reachable,
        contradiction=row.contradiction.value if row.contradiction else None,
        contradiction_since=row.contradiction_since,
    )


class DirectoryPeople:
    """From the directory's snapshot, so a change of the city is seen at the next question."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def operator(self, agent_id: AgentId) -> Operator | None:
        found = self._directory.agent(agent_id)
        if found is None:
            return None
        ranked = sorted(found.skills.items(), key=lambda skill: (-skill[1], skill[0]))
        return Operator(
            agent_id=found.agent_id,
            name=found.name,
            name_en=found.name_en,
            teams=tuple(team for team, _ in ranked),
        )

    def teams(self) -> Sequence[Named]:
        return tuple(Named(t.team_id, t.short, t.short_en) for t in self._directory.teams())

    def booths(self) -> Sequence[BoothId]:
        return tuple(booth.booth_id for booth in self._directory.booths())

    def line(self, dnis: str) -> Named | None:
        found = self._directory.line(dnis)
        return None if found is None else Named(dnis, found.name, found.name_en)


class DepartmentRecords:
    """Fills the port `CallerRecords`; the two departments are asked at the same time."""

    def __init__(self, cases: Cases, journal: CallJournal, directory: Directory) -> None:
        self._cases = cases
        self._journal = journal
        self._directory = directory

    async def past(self, ani: str, *, except_call: CallId) -> CallerPast:
        history, contacts = await asyncio.gather(
            self._cases.history(ani), self._journal.contacts(ani, CONTACTS_SHOWN + 1)
        )
        now = self._cases.now()
        by_number = {case.number: case for case in history.cases}
        last = history.last_open_text
        return CallerPast(
            contacts=tuple(
                PastContact(
                    call_id=record.call_id,
                    at=record.arrived_at,
                    team=record.team,
                    agent_name=self._operator_name(record.agent_id),
                    outcome=record.outcome or "",
                )
                for record in contacts
                if record.call_id != except_call and record.ended_at is not None
            )[:CONTACTS_SHOWN],
            cases=tuple(self._case(case) for case in history.cases),
            open_orders=tuple(
                self._order(order, by_number.get(order.case_number), now)
                for order in history.open_orders
            ),
            last_district=last.content.district or None if last else None,
            last_address=last.content.address or None if last else None,
        )

    async def events(self, call_id: CallId) -> Sequence[Event]:
        return await self._journal.timeline(call_id)

    def _case(self, case: Case) -> PastCase:
        return PastCase(
            number=case.number,
            at=case.filed_at,
            title=case.title,
            matter=self._matter(case),
            status=STATE_NAMES[case.state],
        )

    def _matter(self, case: Case) -> Named | None:
        category = self._cases.reference.tree.find(case.content.category)
        if category is None or not case.title:
            return None
        return Named(category.category_id, category.zh, category.en)

    def _order(self, order: WorkOrder, case: Case | None, now: datetime) -> OpenOrder:
        authority = self._directory.authority(order.authority)
        return OpenOrder(
            number=order.number,
            case_number=order.case_number,
            title=case.title if case else "",
            matter=self._matter(case) if case else None,
            authority=authority.short if authority else order.authority,
            authority_en=authority.name_en if authority else order.authority,
            status=ORDER_STATE_NAMES[order.state],
            due_at=order.due.due_at,
            overdue=order.due.due_at < now,
        )

    def _operator_name(self, agent_id: AgentId | None) -> str | None:
        if agent_id is None:
            return None
        found = self._directory.agent(agent_id)
        return found.name if found else None
