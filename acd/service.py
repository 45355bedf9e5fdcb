"""The distribution as others meet it: one task owns the floor and feeds `step`.

Facts, commands, expired timers and failed orders stand in one queue and are stepped one after the
other; effects are performed in the order of the step. Nothing is polled: without an input the task
sleeps. Nothing on this path waits for a database or a socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from acd.boards import AgentBoard, Board
from acd.core import effects as fx
from acd.core import inputs as inp
from acd.core.books import Books
from acd.core.floor import Floor
from acd.core.inputs import Command, ForcedState, Input, TimerExpired, TimerKey
from acd.core.metrics import ClosedMinute
from acd.core.rules import Rules
from acd.core.self_audit import Drift, audit
from acd.core.step import step
from acd.core.views import AgentView, CallbackView, Wallboard, agent_view, callback_views
from acd.core.waits import WaitNews
from acd.orders import Orders
from acd.ports import CallControl, EventLog, Log, LoggedInput, Roster, Timers
from kernel import events as ev
from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.errors import HotlineError, NotFound, Unavailable
from kernel.ids import (
    AgentId,
    BoothId,
    CallbackId,
    CallId,
    Endpoint,
    EventId,
    IdSource,
    OfferId,
    TeamId,
)
from kernel.telephony import TelephonyFact

BREATH = 64
"""So many inputs are stepped before other tasks get their turn (a flood must not starve them)."""

Refusal = HotlineError | None


class Distribution:
    """Start before the first fact is posted, stop when the telephone has stopped."""

    def __init__(
        self,
        *,
        rules: Rules,
        roster: Roster,
        control: CallControl,
        timers: Timers,
        clock: Clock,
        bus: EventBus,
        ids: IdSource,
        event_log: EventLog,
        log: Log,
        code: str = "",
    ) -> None:
        """`code` names the version of what decides here; it is written down with the start."""
        self._rules = rules
        self._code = code
        self._roster = roster
        self._timers = timers
        self._clock = clock
        self._bus = bus
        self._ids = ids
        self._event_log = event_log
        self._log = log
        self._floor = Floor(rules)
        self._books = Books(rules)
        self._counted_since = clock.now()
        self._drifts: tuple[Drift, ...] = ()
        self._orders = Orders(control, self._put, log)
        self._agents = AgentBoard(self.agent_view, log)
        self._board = Board(self.wallboard, log)
        self._queue: asyncio.Queue[tuple[Input, asyncio.Future[None] | None]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._run = ""
        self._sequence = 0
        self._last_at: datetime | None = None
        timers.on_expiry(self._expired)

    async def start(self) -> None:
        """Recall what the log knows, then begin to step. Routing opens with `LineRestored`."""
        now = self._counted_since = self._now()
        memory = await self._event_log.recall(now)
        self._run = self._ids.new()
        self._close_minutes(
            self._books.restore(
                minutes=memory.minutes,
                closed_since=memory.closed_since,
                agents=memory.agents,
                events=memory.events,
                waits=memory.waits,
                now=now,
            )
        )
        self._step(memory.started(self._rules, now, self._code))
        self._books.resume(self._floor, now)
        self._task = asyncio.get_running_loop().create_task(self._own(), name="distribution")

    async def stop(self) -> None:
        """Step what is waiting, then end. Callers and conversations stay as they are."""
        if self._task is None:
            return
        await self._queue.join()
        self._timers.stop()
        self._board.stop()
        await self._orders.stop()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def settled(self) -> None:
        """Return when every input posted so far was stepped."""
        await self._queue.join()

    # --- inputs ----------------------------------------------------------------------------

    def post(self, fact: TelephonyFact) -> None:
        """Take a telephony fact; never blocks, never raises."""
        self._put(fact)

    async def on_transferred_out(self, event: ev.CallTransferredOut) -> None:
        """Subscriber: a caller left the menu for an emergency number."""
        if event.call_id is not None:
            self._put(inp.LeftForNumber(event.call_id))

    def _put(self, item: Input) -> None:
        self._queue.put_nowait((item, None))

    def _expired(self, timer: TimerKey) -> None:
        self._put(TimerExpired(timer))

    async def _command(self, command: Command) -> None:
        if self._task is None or self._task.done():
            raise Unavailable("话务分配暂未启动，请稍候再试")
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((command, answer))
        await answer

    async def log_in(self, agent_id: AgentId, booth_id: BoothId, endpoint: Endpoint) -> None:
        """Sit down at a free booth, not ready.

        Raises:
            NotFound: nobody in the roster has this id.
            Conflict: the booth is taken, or the operator sits elsewhere.
        """
        profile = self._roster.agent(agent_id)
        if profile is None:
            raise NotFound("没有这位话务员")
        await self._command(
            inp.LogIn(
                agent_id,
                booth_id,
                endpoint,
                tuple(sorted(profile.skills.items())),
                tuple(sorted(profile.languages)),
            )
        )

    async def log_out(self, agent_id: AgentId) -> None:
        """Now, or after the call and the write-up in hand; a phone that rings is declined.

        Raises Conflict when a supervisor has ordered what will be after the call.
        """
        await self._command(inp.LogOut(agent_id))

    async def ready(self, agent_id: AgentId) -> None:
        """Ready now, or after the call in hand."""
        await self._command(inp.ChooseReady(agent_id))

    async def not_ready(self, agent_id: AgentId, reason: str) -> None:
        """Not ready now, or after the call in hand. Raises BadInput for a reason not to choose."""
        await self._command(inp.ChooseNotReady(agent_id, reason))

    async def decline(self, agent_id: AgentId, offer_id: OfferId) -> None:
        """Refuse the offer: the caller keeps the place, the agent is not ready (declined)."""
        await self._command(inp.DeclineOffer(agent_id, offer_id))

    async def release(self, agent_id: AgentId) -> None:
        """Hang up the operator's part of the call (a consulted colleague: leave)."""
        await self._command(inp.ReleaseCall(agent_id))

    async def finish_wrap_up(self, agent_id: AgentId, disposition: str) -> None:
        """Raises BadInput without a disposition."""
        await self._command(inp.FinishWrapUp(agent_id, disposition))

    async def extend_wrap_up(self, agent_id: AgentId) -> None:
        """By the limit again, once. Raises Conflict the second time."""
        await self._command(inp.ExtendWrapUp(agent_id))

    async def transfer_to_team(self, agent_id: AgentId, team: TeamId) -> None:
        """The caller joins the team's line at the place of the first arrival."""
        await self._command(inp.TransferToTeam(agent_id, team))

    async def transfer_to_agent(self, agent_id: AgentId, target: AgentId) -> None:
        """The target is asked alone for a while, then anybody of the team."""
        await self._command(inp.TransferToAgent(agent_id, target))

    async def consult(self, agent_id: AgentId, target: AgentId) -> None:
        """Ask a free colleague while the caller waits. Raises Conflict if not free."""
        await self._command(inp.BeginConsult(agent_id, target))

    async def complete_consult(self, agent_id: AgentId) -> None:
        """Hand the caller to the colleague who answered."""
        await self._command(inp.EndConsultByTransfer(agent_id))

    async def cancel_consult(self, agent_id: AgentId) -> None:
        """Back to the caller."""
        await self._command(inp.AbortConsult(agent_id))

    async def connection_lost(self, agent_id: AgentId) -> None:
        """The agent's browser is gone; a conversation goes on."""
        await self._command(inp.ConnectionLost(agent_id))

    async def connection_back(self, agent_id: AgentId) -> None:
        """The agent's browser is back."""
        await self._command(inp.ConnectionBack(agent_id))

    async def open_ring(self, team: TeamId, ring: int, *, cause: str, actor: str) -> None:
        """Each call of the team is at least in `ring`; 1 leaves it to the clock again.

        `cause`: plan or supervisor, `actor` which. Raises NotFound or BadInput.
        """
        await self._command(inp.OpenRing(team, ring, cause, actor))

    async def force(
        self,
        agent_id: AgentId,
        state: ForcedState,
        reason: str,
        *,
        actor: str,
        cause: str = "supervisor",
    ) -> None:
        """Order a state for somebody else, now or after the call; the conversation goes on.

        Raises NotFound when not logged in, BadInput without a reason, Conflict for `ready` while
        nobody is at the desktop.
        """
        await self._command(inp.ForceState(agent_id, state, reason, cause, actor))

    async def free(
        self, agent_id: AgentId, reason: str, *, actor: str, cause: str = "supervisor"
    ) -> None:
        """End what an agent is stuck in; a caller goes back to the line at the old place.

        Raises NotFound when not logged in, BadInput without a reason, Conflict when state and
        phone do not contradict each other.
        """
        await self._command(inp.FreeAgent(agent_id, reason, cause, actor))

    async def restrict_wrap_up(
        self, team: TeamId, limit: timedelta | None, *, cause: str, actor: str
    ) -> None:
        """Shorten the team's wrap-ups, running ones too; None lifts it.

        Raises NotFound, or BadInput for a limit outside 5 s to 15 minutes.
        """
        await self._command(inp.RestrictWrapUp(team, limit, cause, actor))

    async def cancel_callback(self, callback_id: CallbackId, *, actor: str) -> None:
        """The citizen is not called back any more; a phone that rings is told to stop.

        Raises NotFound when it is over, Conflict when the citizen has answered.
        """
        await self._command(inp.CancelCallback(callback_id, actor))

    # --- reads, from memory ----------------------------------------------------------------

    @property
    def rules(self) -> Rules:
        """The settings of this run."""
        return self._rules

    def ring_of(self, team: TeamId) -> int:
        """The ring in which each call of the team is at least; 1 when the clock alone decides."""
        return self._floor.open_rings.get(team, 1)

    def wrap_up_limit_of(self, team: TeamId) -> timedelta | None:
        """The team's restriction, None where there is none."""
        return self._floor.wrap_up_limits.get(team)

    def agent_view(self, agent_id: AgentId) -> AgentView:
        """The agent now; `status` is `logged_out` for one who is not there."""
        return agent_view(self._floor, agent_id)

    def seated(self) -> dict[AgentId, Endpoint]:
        """Who is logged in, and at which phone."""
        return {a.agent_id: a.session.endpoint for a in self._floor.agents.values()}

    def calls_back(self) -> bool:
        """Whether citizens are rung at this hour: else a callback is not to be offered."""
        now = self._clock.now()
        return self._rules.callbacks.open_at(now) == now

    def callbacks(self) -> list[CallbackView]:
        """Who is to be called back, in the order of their turn within each team."""
        return callback_views(self._floor)

    def position(self, call_id: CallId) -> int | None:
        """Place in the line of the call's team, from 1, offered callers before included; None for
        a call that is not in line."""
        call = self._floor.calls.get(call_id)
        return self._floor.position(call) or None if call is not None else None

    def announce(self, call_id: CallId) -> WaitNews | None:
        """What to tell a waiting caller now: the place and, when it is sure enough, the expected
        wait. Written down as told; None for a call that is not in line."""
        now = self._now()
        told = self._books.announce(self._floor, call_id, now)
        if told is None:
            return None
        news, event = told
        self._publish(event, now)
        return news

    def wallboard(self) -> Wallboard:
        """The centre now."""
        now = self._now()
        self._close_minutes(self._books.metrics.advance(now))
        board, shown = self._books.show(self._floor, self._drifts, now)
        if shown is not None and self._run:
            self._event_log.append(self._run, now, shown)
        return board

    def audit(self) -> list[Drift]:
        """What does not add up at this moment. Costs a look at each logged-in agent."""
        return audit(self._floor, self._books.metrics, self._counted_since, self._now())

    def known_callers(self) -> frozenset[CallId]:
        """Everybody whom we believe to be on the telephone, menu included."""
        return frozenset(self._floor.calls) | frozenset(self._floor.menu)

    def show_drifts(self, drifts: Iterable[Drift]) -> None:
        """Put on the wallboard what does not add up; nothing is the good case."""
        found = tuple(drifts)
        if found != self._drifts:
            self._drifts = found
            self._board.changed()

    def watch_agent(
        self, agent_id: AgentId, callback: Callable[[AgentView], None]
    ) -> Callable[[], None]:
        """Called synchronously after each change; returns the unsubscriber."""
        return self._agents.watch(agent_id, callback)

    def watch_wallboard(self, callback: Callable[[Wallboard], None]) -> Callable[[], None]:
        """Called after changes, at most three times a second; returns the unsubscriber."""
        return self._board.watch(callback)

    @property
    def healthy(self) -> str | None:
        """None when calls are distributed, else the reason why not."""
        if self._task is None or self._task.done():
            return "not running"
        return None if self._floor.line_up else f"line down: {self._floor.line_reason}"

    # --- the owner -------------------------------------------------------------------------

    async def _own(self) -> None:
        stepped = 0
        while True:
            item, answer = await self._queue.get()
            given = self._orders.given
            try:
                refusal = self._step(item)
            except Exception:
                # A defect in one step must not end the distribution of all other calls.
                self._log.exception("step_crashed", input=type(item).__name__)
                refusal = Unavailable("系统内部错误，请重试或联系值班长")
            finally:
                self._queue.task_done()
            if answer is not None and not answer.done():
                if refusal is None:
                    answer.set_result(None)
                else:
                    answer.set_exception(refusal)
            stepped += 1
            if self._orders.given != given or stepped % BREATH == 0:
                # An order leaves before the next input is stepped: a phone is waiting to ring.
                await asyncio.sleep(0)

    def _step(self, item: Input) -> Refusal:
        now = self._now()
        try:
            _, effects = step(self._floor, item, now)
        except HotlineError as refusal:
            return refusal
        except Exception as error:
            # What was done until then stays done, and a replay will do it too.
            self._log_step(now, item, crash=type(error).__name__)
            raise
        self._log_step(now, item, effects)
        changed: dict[AgentId, None] = {}
        # Orders first: their tasks run before those of everybody who hears the news.
        for effect in effects:
            if isinstance(effect, fx.Order):
                self._orders.give(effect)
        for effect in effects:
            if not isinstance(effect, fx.Order):
                self._perform(effect, now, changed)
        if effects:
            self._agents.tell(changed)
            self._board.changed()
        return None

    def _log_step(
        self, now: datetime, item: Input, effects: tuple[fx.Effect, ...] = (), crash: str = ""
    ) -> None:
        self._sequence += 1
        entry = LoggedInput(self._run, self._sequence, now, item, effects, crash)
        self._event_log.append(self._run, now, entry)

    def _now(self) -> datetime:
        """Never before the last input, whatever the clock does."""
        now = self._clock.now()
        if self._last_at is not None and now < self._last_at:
            now = self._last_at
        self._last_at = now
        return now

    def _perform(self, effect: fx.Note, now: datetime, changed: dict[AgentId, None]) -> None:
        match effect:
            case fx.Publish():
                self._publish(effect.event, now)
            case fx.Show():
                changed[effect.agent_id] = None
            case fx.StartTimer():
                self._timers.start(effect.timer, effect.at)
            case fx.CancelTimer():
                self._timers.cancel(effect.timer)
            case fx.Remark():
                self._log.info(effect.what, call_id=effect.call_id, agent_id=effect.agent_id)
            case fx.CheckPhone():
                self._orders.check(effect)
            case _:
                assert_never(effect)

    def _publish(self, event: ev.Event, now: datetime) -> None:
        if isinstance(event, ev.CallArrived) and event.call_id is not None:
            event = replace(event, event_id=ev.arrival_id(event.call_id))
        else:
            event = replace(event, event_id=EventId(self._ids.new()))
        minutes, scored = self._books.hear(event, self._floor)
        self._close_minutes(minutes)
        self._event_log.append(self._run, now, event)
        self._bus.publish(event)
        if scored is not None:
            self._publish(scored, now)

    def _close_minutes(self, minutes: list[ClosedMinute]) -> None:
        for minute in minutes:
            self._event_log.append(self._run, self._last_at or self._clock.now(), minute)
