"""The wallboard's feed: one rendering for each change, handed to all readers.

A reader holds the latest text only. One that is slow skips what it missed; it never makes another
reader, or the distribution, wait.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from agent_desktop.core.named import Named
from agent_desktop.core.wallboard import (
    BoothState,
    Finding,
    Limits,
    QueueState,
    Trend,
    booth_findings,
    order,
    queue_findings,
    sample,
)
from agent_desktop.ports import (
    FigureDrift,
    FiguresSource,
    FloorFigures,
    OccupiedBooth,
    People,
    PlanSituation,
    PlanSource,
    Reserve,
    TeamFigures,
)
from agent_desktop.wallboard_protocol import (
    BoothCell,
    DriftLine,
    ExceptionLine,
    PlanLine,
    ReserveLine,
    Snapshot,
    TeamRow,
)
from kernel.clock import Clock
from kernel.ids import AgentId, BoothId, TeamId

TICK_S = 0.4
MAX_EXCEPTIONS = 8
MAX_RESERVES = 40
_ANSWERS = ("came", "declined", "asked", "left")
_BUSY = frozenset({"dialling", "offered", "talking", "consulting", "wrap_up"})


class Reader:
    """One browser's slot: `next()` waits for a text newer than the last one taken."""

    def __init__(self) -> None:
        self._text: str | None = None
        self._fresh = asyncio.Event()

    def put(self, text: str) -> None:
        self._text = text
        self._fresh.set()

    async def next(self) -> str:
        await self._fresh.wait()
        self._fresh.clear()
        assert self._text is not None
        return self._text


class WallboardFeed:
    """Renders the floor's figures. `start` and `stop` frame its work."""

    def __init__(
        self,
        *,
        figures: FiguresSource,
        plans: PlanSource,
        people: People,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._source = figures
        self._plans = plans
        self._people = people
        self._clock = clock
        self._limits = limits
        self._trends: dict[TeamId, Trend] = {}
        self._readers: set[Reader] = set()
        self._unsubscribe: Callable[[], None] | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._rendered_in_tick = False

    async def start(self) -> None:
        self._unsubscribe = self._source.watch(self._changed)
        self._ticker = asyncio.get_running_loop().create_task(self._tick(), name="wallboard-tick")

    async def stop(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)

    def open(self) -> Reader:
        """A reader that already holds the present snapshot."""
        reader = Reader()
        reader.put(self.snapshot(self._source.figures()).model_dump_json())
        self._readers.add(reader)
        return reader

    def close(self, reader: Reader) -> None:
        self._readers.discard(reader)

    def snapshot(self, figures: FloorFigures) -> Snapshot:
        """What the screen shows of `figures`."""
        names = {team.code: team for team in self._people.teams()}
        cells = tuple(self._cell(booth) for booth in figures.booths)
        return Snapshot(
            at=figures.at,
            line_up=figures.line_up,
            drifts=tuple(self._drift(drift) for drift in figures.drifts[:MAX_EXCEPTIONS]),
            total=self._row(figures.total, None, cells),
            teams=tuple(self._row(team, names.get(team.team), cells) for team in figures.teams),
            booths=cells,
            exceptions=self._exceptions(figures),
            plans=tuple(self._plan(plan) for plan in self._plans.plans()),
        )

    def _changed(self, figures: FloorFigures) -> None:
        now = self._clock.now()
        for team in (figures.total, *figures.teams):
            before = self._trends.get(team.team, Trend())
            self._trends[team.team] = sample(before, team.waiting, now)
        self._rendered_in_tick = True
        if self._readers:
            self._hand_out(self.snapshot(figures).model_dump_json())

    def _hand_out(self, text: str) -> None:
        for reader in self._readers:
            reader.put(text)

    async def _tick(self) -> None:
        """0.4 s without a change: a full snapshot, because waits grow into exceptions."""
        while True:
            await asyncio.sleep(TICK_S)
            if not self._rendered_in_tick:
                self._changed(self._source.figures())
            self._rendered_in_tick = False

    def _row(self, team: TeamFigures, name: Named | None, cells: tuple[BoothCell, ...]) -> TeamRow:
        serving = [c for c in cells if team.team in c.teams] if team.team else cells
        return TeamRow(
            team=team.team,
            zh=name.zh if name else team.team,
            en=name.en if name else team.team,
            waiting=team.waiting,
            callbacks=team.callbacks,
            longest_since=team.longest_since,
            entered=team.entered,
            answered=team.answered,
            abandoned=team.abandoned,
            short_abandoned=team.short_abandoned,
            abandon_rate=team.abandon_rate,
            service_rate=team.service_rate,
            service_ignoring=team.service_ignoring,
            service_positive=team.service_positive,
            asa_s=team.asa_s,
            aht_s=team.aht_s,
            occupancy=team.occupancy,
            connect_rate=team.connect_rate,
            connect_breached=team.connect_breached,
            connect_crosses_at=team.connect_crosses_at,
            wait_told=team.wait_told,
            wait_within_rate=team.wait_within_rate,
            wait_mae_s=team.wait_mae_s,
            ready=sum(1 for c in serving if c.state == "ready"),
            busy=sum(1 for c in serving if c.state in _BUSY),
            trend=self._trends.get(team.team, Trend()).points,
        )

    def _drift(self, drift: FigureDrift) -> DriftLine:
        of_agent = drift.check.startswith("agent_")
        person = self._people.operator(AgentId(drift.subject)) if of_agent else None
        return DriftLine(
            check=drift.check,
            team=drift.subject if drift.check == "visits" else None,
            name=person.name if person else drift.subject if of_agent else None,
            name_en=person.name_en if person else drift.subject if of_agent else None,
            ours=drift.ours,
            other=drift.other,
        )

    def _cell(self, booth: OccupiedBooth) -> BoothCell:
        operator = self._people.operator(booth.agent_id)
        skills = operator.teams if operator else ()
        return BoothCell(
            booth=booth.booth_id,
            state=booth.state,
            agent=booth.agent_id,
            name=operator.name if operator else booth.agent_id,
            name_en=operator.name_en if operator else booth.agent_id,
            reason=booth.reason,
            since=booth.since,
            teams=(booth.team,) if booth.team else tuple(skills),
            reachable=booth.phone_reachable,
            contradiction=booth.contradiction,
        )

    def _exceptions(self, figures: FloorFigures) -> tuple[ExceptionLine, ...]:
        now, limits = self._clock.now(), self._limits
        found: list[Finding] = []
        for team in figures.teams:
            queue = QueueState(
                team.team, team.waiting, team.longest_since, team.service_rate, team.connect_rate
            )
            found.extend(queue_findings(queue, now, limits))
        for booth in figures.booths:
            seat = BoothState(
                booth.booth_id,
                booth.state,
                booth.since,
                booth.phone_reachable,
                booth.contradiction,
                booth.contradiction_since,
            )
            found.extend(booth_findings(seat, now, limits))
        seats = {b.booth_id: b for b in figures.booths}
        return tuple(
            self._line(finding, seats.get(BoothId(finding.subject)))
            for finding in order(tuple(found))[:MAX_EXCEPTIONS]
        )

    def _plan(self, plan: PlanSituation) -> PlanLine:
        answers = Counter(reserve.answer for reserve in plan.reserves)
        shown = sorted(plan.reserves, key=lambda r: _ANSWERS.index(r.answer))[:MAX_RESERVES]
        return PlanLine.model_validate(
            {
                "plan": plan.plan_id,
                "zh": plan.zh,
                "en": plan.en,
                "team": plan.team,
                "state": plan.state,
                "since": plan.since,
                "until": plan.until,
                "cause": plan.cause,
                "by": plan.by,
                "values": plan.values,
                "asked": len(plan.reserves),
                "came": answers["came"],
                "declined": answers["declined"],
                "reserves": [self._reserve(reserve) for reserve in shown],
            }
        )

    def _reserve(self, reserve: Reserve) -> ReserveLine:
        person = self._people.operator(reserve.agent_id)
        return ReserveLine.model_validate(
            {
                "name": person.name if person else reserve.agent_id,
                "name_en": person.name_en if person else reserve.agent_id,
                "answer": reserve.answer,
            }
        )

    def _line(self, finding: Finding, seat: OccupiedBooth | None) -> ExceptionLine:
        person = self._people.operator(seat.agent_id) if seat else None
        return ExceptionLine(
            kind=finding.kind,
            level=finding.level.value,
            team=None if seat else finding.subject,
            booth=seat.booth_id if seat else None,
            name=person.name if person else None,
            name_en=person.name_en if person else None,
            since=finding.since,
            value=finding.value,
        )
