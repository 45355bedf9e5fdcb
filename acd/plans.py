"""Peak-hour plans as others meet them: watched, started and ended, recorded.

Theory of operation: one task owns the book of plans. It wakes when the wallboard changed (told by
the distribution, at most three times a second), when a supervisor orders something, and at the next
moment at which a plan can start or end by time alone; nothing is polled from the database. A run
is written down with what it is going to change *before* it changes anything, so that a process
that dies in between finds in the record what it has to give back. When the database does not
answer within seconds the plan goes on without it: callers come first, and the record follows.
While the telephone line is down there are no figures to judge by: plans stay as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from acd.core import plans as pl
from acd.core.plan_levers import (
    NO_LIMIT,
    Held,
    LeverKey,
    LeverKind,
    Wants,
    lever_values,
    pull,
    target,
    wants,
)
from acd.core.plan_reserves import Answer, Seen, Summons, answered, summon
from acd.core.plan_runs import PlanRun, begin_run, due_marks, next_mark, values
from acd.core.plans import Book, EndCause, Ended, Figures, Plan, PlanState, Started, Summon
from acd.core.views import BoothRow, Wallboard
from acd.ports import Log, PlanStore
from acd.service import Distribution
from kernel.audit import AuditTrail
from kernel.clock import Clock
from kernel.errors import BadInput, HotlineError, Unavailable
from kernel.ids import AgentId, TeamId
from kernel.paging import DEFAULT_SIZE, Page
from kernel.policy import Action, Principal, demand

RECORD_WITHIN_S = 2.0
REASON_LIMIT = 200


@dataclass(frozen=True, slots=True)
class PlanView:
    """One plan `at` a moment. `values` are its triggers' present figures, in their order; `run`
    while it runs."""

    at: datetime
    plan: Plan
    state: PlanState
    values: tuple[float | None, ...]
    run: PlanRun | None


class Plans:
    """Start after the distribution, stop before it."""

    def __init__(
        self,
        *,
        plans: Sequence[Plan],
        distribution: Distribution,
        store: PlanStore,
        audit: AuditTrail,
        clock: Clock,
        log: Log,
    ) -> None:
        self._distribution = distribution
        self._store = store
        self._audit = audit
        self._clock = clock
        self._log = log
        self._book = Book(tuple(plans))
        self._runs: dict[str, PlanRun] = {}
        self._held: dict[LeverKey, Held] = {}
        self._wants = Wants()
        self._unsaved: dict[str, PlanRun] = {}
        self._figures: Mapping[TeamId, Figures] = {}
        self._booths: tuple[BoothRow, ...] = ()
        self._queue: asyncio.Queue[_Asked | None] = asyncio.Queue()
        self._look_pending = False
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None

    # --- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up what was running when the last run of the platform ended."""
        now = self._clock.now()
        longest = max((p.cool_down for p in self._book.plans), default=timedelta(0))
        for run in await self._store.recall(now - longest):
            self._adopt(run, now)
        self._read()
        await self._settle()
        self._unsubscribe = self._distribution.watch_wallboard(self._changed)
        self._task = asyncio.get_running_loop().create_task(self._own(), name="plans")

    async def stop(self) -> None:
        """Running plans go on running: the next run of the platform takes them up."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._write()

    def _adopt(self, run: PlanRun, now: datetime) -> None:
        known = any(p.plan_id == run.plan_id for p in self._book.plans)
        if run.ended_at is not None:
            if known:
                plan = self._book.plan(run.plan_id)
                cooling = pl.Resting(None, run.ended_at + plan.cool_down)
                self._book = self._book.put(run.plan_id, cooling)
            return
        for pulled in run.pulled:
            key = pulled.kind, pulled.team
            self._held[key] = Held(pulled.base, self._actual(key))
        if known:
            self._runs[run.plan_id] = run
            self._book = self._book.put(run.plan_id, pl.Running(run.started_at, run.cause))
        else:
            self._note(replace(run, ended_at=now, end_cause=EndCause.REMOVED))

    # --- orders of a supervisor ------------------------------------------------------------

    async def begin(self, by: Principal, plan_id: str, reason: str) -> None:
        """Start a plan by hand.

        Raises:
            NotAllowed: the person may not.
            NotFound, Conflict: there is no such plan, or it runs already.
            BadInput: the reason is missing or too long.
            Unavailable: the order could not be recorded; it was not carried out.
        """
        await self._order(by, plan_id, reason, "plan_started", begins=True)

    async def end(self, by: Principal, plan_id: str, reason: str) -> None:
        """End a running plan, whoever started it. Raises as `begin`; Conflict when it rests."""
        await self._order(by, plan_id, reason, "plan_ended", begins=False)

    async def _order(
        self, by: Principal, plan_id: str, reason: str, action: str, *, begins: bool
    ) -> None:
        demand(by, Action.RUN_PLANS)
        reason = reason.strip()
        if not reason:
            raise BadInput("请填写原因", "reason")
        if len(reason) > REASON_LIMIT:
            raise BadInput("内容过长", "reason")
        # Refused here already, so that the trail holds no order that could never be done.
        (pl.begin if begins else pl.end)(self._book, plan_id, self._clock.now())
        await self._audit.record(
            who=by.account, action=action, object_id=plan_id, detail={"reason": reason}
        )
        order = _Order(plan_id, by.account, reason, begins)
        await self._ask(lambda: self._obey(order))

    async def answer(self, agent_id: AgentId, *, come: bool) -> None:
        """An operator's answer to the plans that ask him or her to come; nothing happens when none
        does any more. Whoever comes makes himself or herself ready, which is not done here."""
        said = Answer.CAME if come else Answer.DECLINED

        async def note() -> None:
            now = self._clock.now()
            for plan_id, run in self._runs.items():
                self._summoned(plan_id, answered(run.summoned, agent_id, said, now))
            await self._write()

        await self._ask(note)

    async def _ask(self, job: Callable[[], Awaitable[None]]) -> None:
        """Let the owner do it, between two looks. Raises what the job raises."""
        if self._task is None or self._task.done():
            raise Unavailable("应急预案暂未启动，请稍候再试")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((job, done))
        await done

    # --- reads -----------------------------------------------------------------------------

    def board(self) -> tuple[PlanView, ...]:
        """Every plan now, in the order of the file."""
        now = self._clock.now()
        return tuple(self._view(plan, now) for plan in self._book.plans)

    def _view(self, plan: Plan, now: datetime) -> PlanView:
        figures = self._figures.get(plan.measured)
        found = values(figures, now)
        return PlanView(
            at=now,
            plan=plan,
            state=self._book.state(plan.plan_id),
            values=tuple(found.get(t.measure.value) for t in plan.triggers),
            run=self._runs.get(plan.plan_id),
        )

    def running(self) -> frozenset[str]:
        """Ids of the plans that are on."""
        return frozenset(plan.plan_id for plan in self._book.running())

    def said(self, team: TeamId) -> tuple[str, ...]:
        """The prompts that the running plans have for the team's waiting callers, by name."""
        return self._wants.said.get(team, ())

    def opens_message_box(self, team: TeamId) -> bool:
        """A running plan lets the team's waiting callers leave a message."""
        return team in self._wants.message

    def offers_callback(self, team: TeamId) -> bool:
        """A running plan offers the team's waiting callers to be called back."""
        return team in self._wants.callback

    async def history(self, cursor: str | None, size: int = DEFAULT_SIZE) -> Page[PlanRun]:
        """Every run that was recorded, newest first. Raises BadInput for a wrong cursor."""
        return await self._store.runs(cursor, size)

    # --- the owner -------------------------------------------------------------------------

    def _changed(self, board: Wallboard) -> None:
        """The latest board only: several changes before the task wakes are one look."""
        self._take(board)
        if not self._look_pending:
            self._look_pending = True
            self._queue.put_nowait(None)

    async def _own(self) -> None:
        while True:
            item = await self._next()
            self._look_pending = False
            try:
                if item is not None:
                    await _perform(*item)
                else:
                    await self._judge()
            except Exception:
                # A defect here must not end the watch over the next peak hour.
                self._log.exception("plans_look_failed")

    async def _next(self) -> _Asked | None:
        """What was asked for, or None when it is time to look."""
        now = self._clock.now()
        at = pl.next_look(self._book, self._figures, now)
        marks = [m for run in self._runs.values() if (m := next_mark(run, now)) is not None]
        wait = (min([at, *marks]) - now) / timedelta(seconds=1)
        try:
            async with asyncio.timeout(wait):
                return await self._queue.get()
        except TimeoutError:
            self._read()
            return None

    async def _obey(self, order: _Order) -> None:
        self._read()
        now = self._clock.now()
        effect: pl.Effect
        step = pl.begin if order.begins else pl.end
        self._book, effect = step(self._book, order.plan_id, now)
        await self._carry_out((effect,), now, order)

    def _read(self) -> None:
        self._take(self._distribution.wallboard())

    def _take(self, board: Wallboard) -> None:
        self._figures = figures_of(board) if board.line_up else {}
        self._booths = board.booths

    async def look(self) -> None:
        """Read the figures, judge every plan by them, and do what follows."""
        self._read()
        await self._judge()

    async def _judge(self) -> None:
        now = self._clock.now()
        self._book, effects = pl.judge(self._book, self._figures, now)
        await self._carry_out(effects, now, None)

    async def _carry_out(
        self, effects: Sequence[pl.Effect], now: datetime, order: _Order | None
    ) -> None:
        ended: list[PlanRun] = []
        for effect in effects:
            figures = self._figures.get(effect.plan.measured)
            match effect:
                case Started():
                    run = begin_run(effect.plan, effect.cause, figures, now)
                    if order is not None:
                        run = replace(run, actor=order.actor, reason=order.reason)
                    self._runs[effect.plan.plan_id] = run
                    self._note(run)
                    self._log.info("plan_started", plan=run.plan_id, cause=run.cause.value)
                case Ended():
                    run = self._runs.pop(effect.plan.plan_id)
                    run = replace(run, ended_at=now, end_cause=effect.cause)
                    if order is not None:
                        run = replace(run, end_actor=order.actor, end_reason=order.reason)
                    ended.append(run.mark("end", values(figures, now)))
                    self._log.info("plan_ended", plan=run.plan_id, cause=effect.cause.value)
        self._write_marks(now)
        self._summon(now)
        await self._settle(ended)
        for run in ended:
            self._note(run)
        await self._write()

    def _write_marks(self, now: datetime) -> None:
        for plan in self._book.running():
            run = self._runs[plan.plan_id]
            for name in due_marks(run, now):
                run = run.mark(name, values(self._figures.get(plan.measured), now))
                self._runs[plan.plan_id] = run
                self._note(run)

    def _summon(self, now: datetime) -> None:
        """Ask the reserves of the running plans, and see who came."""
        asking = [
            plan
            for plan in self._book.running()
            if any(isinstance(action, Summon) for action in plan.actions)
        ]
        if not asking:
            return
        seen = [
            Seen(row.agent_id, row.state, row.reason, row.teams, row.connected)
            for row in self._booths
        ]
        for plan in asking:
            before = self._runs[plan.plan_id].summoned
            self._summoned(plan.plan_id, summon(plan, before, seen, now))

    def _summoned(self, plan_id: str, after: tuple[Summons, ...]) -> None:
        run = self._runs[plan_id]
        if after != run.summoned:
            self._runs[plan_id] = replace(run, summoned=after)
            self._note(self._runs[plan_id])

    # --- levers ----------------------------------------------------------------------------

    async def _settle(self, ended: Sequence[PlanRun] = ()) -> None:
        """Bring the distribution to what the running plans want: written down first, then done.
        What is given back is given back in the name of the runs that `ended`.

        An order that is refused changes nothing here and is given again at the next look.
        """
        self._wants = wants(self._book.running())
        plan_of = self._wants.levers
        moves = []
        for key in sorted({*plan_of, *self._held}):
            actual, held = self._actual(key), self._held.get(key)
            after = pull(key[0], actual, held, plan_of.get(key))
            moves.append((key, held, after, target(actual, held, after)))
            if after is not None:
                self._write_base(key, after)
        await self._write()
        for key, held, after, to in moves:
            if to != self._actual(key) and not await self._set(key, to, ended):
                continue
            if after is not None:
                self._held[key] = after
            elif held is not None:
                del self._held[key]

    def _write_base(self, key: LeverKey, held: Held) -> None:
        for plan in self._book.running():
            wanted = lever_values(plan).get(key)
            if wanted is None:
                continue
            before = self._runs[plan.plan_id]
            after = before.hold(key, wanted, held)
            if after is not before:
                self._runs[plan.plan_id] = after
                self._note(after)

    def _actual(self, key: LeverKey) -> float:
        kind, team = key
        if kind is LeverKind.RING:
            return float(self._distribution.ring_of(team))
        limit = self._distribution.wrap_up_limit_of(team)
        return NO_LIMIT if limit is None else limit / timedelta(seconds=1)

    async def _set(self, key: LeverKey, to: float, ended: Sequence[PlanRun]) -> bool:
        kind, team = key
        wanting = [p.plan_id for p in self._book.running() if key in lever_values(p)]
        letting_go = [r.plan_id for r in ended if any((p.kind, p.team) == key for p in r.pulled)]
        actor = next(iter((*wanting, *letting_go)), "")
        order: Awaitable[None]
        if kind is LeverKind.RING:
            order = self._distribution.open_ring(team, int(to), cause="plan", actor=actor)
        else:
            limit = None if to == NO_LIMIT else timedelta(seconds=to)
            order = self._distribution.restrict_wrap_up(team, limit, cause="plan", actor=actor)
        try:
            await order
        except HotlineError as refusal:
            self._log.warning("plan_order_refused", lever=kind.value, team=team, why=str(refusal))
            self._note_refusal(key, refusal)
            return False
        return True

    def _note_refusal(self, key: LeverKey, refusal: HotlineError) -> None:
        for plan in self._book.running():
            if key in lever_values(plan):
                run = self._runs[plan.plan_id].note(refusal.message)
                if run is not self._runs[plan.plan_id]:
                    self._runs[plan.plan_id] = run
                    self._note(run)

    # --- the record ------------------------------------------------------------------------

    def _note(self, run: PlanRun) -> None:
        self._unsaved[run.run_id] = run

    async def _write(self) -> None:
        """What is not written yet, in the order of the runs; the rest waits for the next look."""
        try:
            async with asyncio.timeout(RECORD_WITHIN_S):
                for run in list(self._unsaved.values()):
                    await self._store.save(run)
                    del self._unsaved[run.run_id]
        except Exception as error:
            # Whatever the database's fault is, the plans go on and the record follows.
            self._log.warning("plan_run_unwritten", reason=str(error)[:200])


@dataclass(frozen=True, slots=True)
class _Order:
    """A supervisor's: start (`begins`) or end a plan."""

    plan_id: str
    actor: str
    reason: str
    begins: bool


_Asked = tuple[Callable[[], Awaitable[None]], asyncio.Future[None]]


async def _perform(job: Callable[[], Awaitable[None]], done: asyncio.Future[None]) -> None:
    """Do what was asked for and tell who asked. A defect is told, too, and then raised here."""
    try:
        await job()
    except HotlineError as refusal:
        if not done.done():
            done.set_exception(refusal)
    except Exception:
        if not done.done():
            done.set_exception(Unavailable("系统内部错误，请重试或联系值班长"))
        raise
    else:
        if not done.done():
            done.set_result(None)


def figures_of(board: Wallboard) -> dict[TeamId, Figures]:
    """Each team's, and the hall's."""
    return {
        row.team: Figures(
            waiting=row.waiting,
            longest_since=row.longest_since,
            service_level=row.projected_level,
            abandons=row.abandoned_lately,
        )
        for row in (*board.teams, board.total)
    }
