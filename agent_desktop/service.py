"""The operators' live sessions: one tab each, fed from the distribution, commanding it.

Everything runs on one event loop. State is per tab and is never a decision: the distribution knows
what each operator is doing, and a new tab is brought up to date from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import cycle

from pydantic import BaseModel

from agent_desktop import pops, protocol
from agent_desktop.core.call_story import CallStory
from agent_desktop.core.choices import NOT_READY_REASONS
from agent_desktop.core.named import Named
from agent_desktop.ports import (
    AgentSituation,
    CallerPast,
    CallerRecords,
    Floor,
    Log,
    MenuTitles,
    Outbox,
    People,
    PlanSituation,
    PlanSource,
)
from agent_desktop.protocol import (
    CLOSE_TAKEN,
    AgentState,
    CallUpdated,
    Choice,
    Consultation,
    Offer,
    Ok,
    PlansRunning,
    RunningPlan,
    SessionTaken,
    Time,
    Toast,
    Welcome,
)
from agent_desktop.stories import CallStories
from kernel.clock import Clock
from kernel.errors import BadInput, HotlineError, NotAllowed, NotFound
from kernel.events import AgentForced, Event
from kernel.ids import AgentId, BoothId, CallId, Endpoint, OfferId, TeamId
from kernel.policy import Action, Principal, allows

HEARTBEAT_S = 0.85
"""Twice within the two seconds after which a page must show a lost connection."""
BEAT_TURNS = 14
"""The tabs take turns: 506 of them at once would hold every offer up for 50 ms."""

_PHONE_PREFIX = {"browser": "booth", "desk": "desk"}


class Tab:
    """One connected browser window of one operator."""

    def __init__(
        self, principal: Principal, agent_id: AgentId, tab_id: str, out: Outbox, turn: int
    ) -> None:
        """`turn`: of `BEAT_TURNS`, in which this tab hears the time."""
        self.turn = turn
        self.agent_id = agent_id
        self.tab_id = tab_id
        self.full_number = allows(principal, Action.SEE_FULL_NUMBER)
        self.shown_call: CallId | None = None
        self.shown_offer: OfferId | None = None
        self.past: CallerPast | None = None
        self.past_failed = False
        self.past_of: str | None = None
        self.notice = ""
        self.plans = PlansRunning(plans=())
        self.unsubscribe: Callable[[], None] = _nothing
        self._out = out

    def send(self, message: BaseModel) -> None:
        self._out.send(message.model_dump_json())

    def send_text(self, text: str) -> None:
        self._out.send(text)

    def end(self, code: int) -> None:
        self.unsubscribe()
        self.unsubscribe = _nothing
        self._out.close(code)


def _nothing() -> None:
    return


class Desk:
    """All operators' tabs. `start` and `stop` frame its heartbeat."""

    def __init__(
        self,
        *,
        floor: Floor,
        people: People,
        menu: MenuTitles,
        records: CallerRecords,
        stories: CallStories,
        plans: PlanSource,
        dispositions: Sequence[Named],
        clock: Clock,
        log: Log,
    ) -> None:
        self._floor = floor
        self._people = people
        self._menu = menu
        self._records = records
        self._stories = stories
        self._plans = plans
        self._dispositions = tuple(dispositions)
        self._clock = clock
        self._log = log
        self._tabs: dict[AgentId, Tab] = {}
        self._turns = cycle(range(BEAT_TURNS))
        self._tasks: set[asyncio.Task[None]] = set()
        self._heartbeat: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._heartbeat = asyncio.get_running_loop().create_task(self._beat(), name="desk-beat")

    async def stop(self) -> None:
        tasks = [t for t in (self._heartbeat, *self._tasks) if t is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._heartbeat = None

    # --- connections -----------------------------------------------------------------------

    async def attach(self, principal: Principal, hello: protocol.Hello, out: Outbox) -> Tab:
        """Make this tab the operator's only one and bring it up to date.

        Raises NotAllowed for anybody who is not an operator.
        """
        agent_id = principal.agent_id
        operator = self._people.operator(agent_id) if agent_id else None
        if agent_id is None or operator is None:
            raise NotAllowed("只有话务员可以使用工作台")
        tab = Tab(principal, agent_id, hello.tab_id, out, next(self._turns))
        older = self._tabs.get(agent_id)
        self._tabs[agent_id] = tab
        if older is not None:
            older.send(SessionTaken())
            older.end(CLOSE_TAKEN)
        tab.send(Ok(request_id=hello.request_id))
        tab.send(
            Welcome(
                now=self._clock.now(),
                agent_id=agent_id,
                name=operator.name,
                name_en=operator.name_en,
                serves=operator.teams,
                teams=_choices(self._people.teams()),
                reasons=_choices(NOT_READY_REASONS),
                dispositions=_choices(self._dispositions),
            )
        )
        if self._floor.situation(agent_id).status != "logged_out":
            await self._floor.connection_back(agent_id)
        if self._tabs.get(agent_id) is tab:
            tab.unsubscribe = self._floor.watch(agent_id, lambda s: self._show(tab, s))
            self._show(tab, self._floor.situation(agent_id))
        return tab

    async def detach(self, tab: Tab) -> None:
        """The socket is gone. The call goes on; the distribution starts its grace."""
        tab.unsubscribe()
        if self._tabs.get(tab.agent_id) is not tab:
            return
        del self._tabs[tab.agent_id]
        if self._floor.situation(tab.agent_id).status != "logged_out":
            self._log.info("desk_connection_lost", agent_id=tab.agent_id)
            await self._floor.connection_lost(tab.agent_id)

    # --- commands --------------------------------------------------------------------------

    async def handle(self, tab: Tab, command: protocol.ClientMessage) -> None:
        """Perform `command` and answer it with one `ok` or `error`."""
        try:
            await self._perform(tab.agent_id, command)
        except HotlineError as error:
            tab.send(
                protocol.Error(
                    request_id=command.request_id, code=error.code, message=error.message
                )
            )
        else:
            tab.send(Ok(request_id=command.request_id))

    async def _perform(self, me: AgentId, command: protocol.ClientMessage) -> None:
        match command:
            case protocol.Hello():
                raise BadInput("连接已建立，请勿重复握手")
            case protocol.LogIn(booth=booth, phone=phone):
                await self._log_in(me, BoothId(booth), phone)
            case protocol.LogOut():
                await self._floor.log_out(me)
            case protocol.Ready():
                await self._floor.ready(me)
            case protocol.NotReady(reason=reason):
                await self._floor.not_ready(me, _reason(reason))
            case protocol.WrapUpDone():
                await self._finish(me, command)
            case protocol.AnswerSummons(come=come):
                if come:
                    await self._floor.ready(me)
                await self._plans.answer(me, come=come)
            case _:
                await self._perform_on_call(me, command)

    async def _log_in(self, me: AgentId, booth: BoothId, phone: str) -> None:
        if booth not in self._people.booths():
            raise NotFound("没有这个座席")
        await self._floor.log_in(me, booth, Endpoint(f"{_PHONE_PREFIX[phone]}{booth}"))

    async def _perform_on_call(self, me: AgentId, command: protocol.ClientMessage) -> None:
        match command:
            case protocol.Decline(offer_id=offer_id):
                await self._floor.decline(me, OfferId(offer_id))
            case protocol.Release():
                await self._floor.release(me)
            case protocol.TransferTeam(team=team):
                await self._floor.transfer_to_team(me, TeamId(team))
            case protocol.TransferAgent(agent=agent):
                await self._floor.transfer_to_agent(me, AgentId(agent))
            case protocol.Consult(agent=agent):
                await self._floor.consult(me, AgentId(agent))
            case protocol.CompleteConsult():
                await self._floor.complete_consult(me)
            case protocol.ExtendWrapUp():
                await self._floor.extend_wrap_up(me)
            case protocol.CancelConsult():
                await self._floor.cancel_consult(me)
            case _:
                raise BadInput("不支持的操作")

    async def _finish(self, me: AgentId, command: protocol.WrapUpDone) -> None:
        """What comes afterwards is said before the wrap-up ends, so that no call slips in between,
        and nobody is logged out who has thought better of it."""
        known = {d.code for d in self._dispositions}
        before = self._floor.situation(me)
        if before.wrap_up_mode == "optional":
            known.add("")
        if command.disposition not in known:
            raise BadInput("请选择通话结果", "disposition")
        # What was ordered is not chosen: the choice on the screen is older.
        if not before.next_forced:
            await self._choose_next(me, before, command)
        await self._floor.finish_wrap_up(me, command.disposition)

    async def _choose_next(
        self, me: AgentId, before: AgentSituation, command: protocol.WrapUpDone
    ) -> None:
        match command.next_status:
            case "not_ready":
                await self._floor.not_ready(me, _reason(command.reason))
            case "logged_out":
                await self._floor.log_out(me)
            case "ready":
                if (before.next_status or before.status) != "ready":
                    await self._floor.ready(me)

    # --- news ------------------------------------------------------------------------------

    async def hear(self, event: Event) -> None:
        """Subscriber of the bus: grow the call's story, and refresh the screen that shows it; tell
        an operator what a supervisor ordered."""
        if isinstance(event, AgentForced):
            self._tell_forced(event)
            return
        if not self._stories.hear(event):
            return
        for tab in self._tabs.values():
            if tab.shown_call is not None and tab.shown_call == event.call_id:
                story = self._stories.story(tab.shown_call)
                if story is not None and story.ani not in ("", tab.past_of):
                    self._read_past(tab, tab.shown_call)
                self._send_pop(tab, self._floor.situation(tab.agent_id))

    def _tell_forced(self, event: AgentForced) -> None:
        tab = self._tabs.get(event.agent_id)
        if tab is not None:
            tab.send(
                protocol.Forced.model_validate(
                    {"state": event.state, "reason": event.reason, "at_once": event.at_once}
                )
            )

    def _show(self, tab: Tab, situation: AgentSituation) -> None:
        tab.send(self._state(situation))
        if situation.notice not in ("", tab.notice):
            tab.send(Toast(kind="warn", message=situation.notice))
        tab.notice = situation.notice
        fresh = situation.call_id != tab.shown_call
        offered_now = situation.activity == "offered" and situation.offer_id != tab.shown_offer
        tab.shown_call = situation.call_id
        tab.shown_offer = situation.offer_id
        if situation.call_id is None:
            tab.past, tab.past_failed = None, False
            return
        if fresh:
            tab.past, tab.past_failed = None, False
            self._read_past(tab, situation.call_id)
        if offered_now and situation.offer_id is not None:
            tab.send(
                Offer(
                    offer_id=situation.offer_id,
                    call_id=situation.call_id,
                    deadline=situation.deadline,
                    pop=self._pop(tab, situation, situation.call_id),
                )
            )
        elif fresh:
            self._send_pop(tab, situation)

    def _send_pop(self, tab: Tab, situation: AgentSituation) -> None:
        if situation.call_id is not None:
            pop = self._pop(tab, situation, situation.call_id)
            tab.send(CallUpdated(call_id=situation.call_id, pop=pop))

    def _pop(self, tab: Tab, situation: AgentSituation, call_id: CallId) -> protocol.ScreenPop:
        return pops.build(
            call_id,
            self._stories.story(call_id),
            tab.past,
            situation=situation,
            failed=tab.past_failed,
            full_number=tab.full_number,
            menu=self._menu,
            people=self._people,
            now=self._clock.now(),
        )

    def _read_past(self, tab: Tab, call_id: CallId) -> None:
        story = self._stories.story(call_id)
        if story is not None:
            # Now, not when the task begins: the events until then would each read it once more.
            tab.past_of = story.ani
        task = asyncio.get_running_loop().create_task(self._past(tab, call_id), name="desk-past")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _past(self, tab: Tab, call_id: CallId) -> None:
        """Read the caller's past and send the pop again, unless the screen has moved on."""
        past: CallerPast | None = CallerPast()
        try:
            story = self._stories.story(call_id) or await self._recorded_story(call_id)
            tab.past_of = story.ani if story is not None else ""
            if tab.past_of:
                past = await self._records.past(tab.past_of, except_call=call_id)
        except HotlineError as error:
            self._log.warning("caller_past_unread", call_id=call_id, reason=error.message)
            past = None
        if tab.shown_call != call_id:
            return
        tab.past, tab.past_failed = past, past is None
        self._send_pop(tab, self._floor.situation(tab.agent_id))

    async def _recorded_story(self, call_id: CallId) -> CallStory | None:
        """After a restart nothing is in memory; the call's record is on disk."""
        for event in await self._records.events(call_id):
            self._stories.hear(event)
        return self._stories.story(call_id)

    def _state(self, situation: AgentSituation) -> AgentState:
        consultation = situation.consultation
        other = self._people.operator(consultation.agent_id) if consultation else None
        return AgentState.model_validate(
            {
                "status": situation.status,
                "reason": situation.reason,
                "status_since": situation.status_since,
                "next_status": situation.next_status,
                "next_reason": situation.next_reason,
                "next_forced": situation.next_forced,
                "activity": situation.activity,
                "activity_since": situation.activity_since,
                "deadline": situation.deadline,
                "booth": situation.booth_id,
                "phone": _phone_kind(situation.endpoint),
                "phone_reachable": situation.phone_reachable,
                "call_id": situation.call_id,
                "offer_id": situation.offer_id,
                "team": situation.team,
                "on_hold": situation.on_hold,
                "moving": situation.moving,
                "wrap_up_mode": situation.wrap_up_mode,
                "wrap_up_extended": situation.wrap_up_extended,
                "disposition": situation.disposition,
                "consultation": consultation
                and Consultation.model_validate(
                    {
                        "agent_id": consultation.agent_id,
                        "name": other.name if other else consultation.agent_id,
                        "name_en": other.name_en if other else consultation.agent_id,
                        "phase": consultation.phase,
                        "asked": consultation.asked,
                    }
                ),
                "line_up": situation.line_up,
            }
        )

    def _show_plans(self, tab: Tab, running: Sequence[PlanSituation]) -> None:
        """Told with the heartbeat, when the list is another one: plans come and go in minutes."""
        if not running and not tab.plans.plans:
            return
        operator = self._people.operator(tab.agent_id)
        serves = frozenset(operator.teams) if operator else frozenset()
        shown = PlansRunning(
            plans=tuple(
                RunningPlan(
                    zh=plan.zh,
                    en=plan.en,
                    wrap_up_s=plan.wrap_up_s,
                    asks=plan.asks(tab.agent_id),
                )
                for plan in running
                if not serves.isdisjoint(plan.teams)
            )
        )
        if shown != tab.plans:
            tab.plans = shown
            tab.send(shown)

    async def _beat(self) -> None:
        turn = 0
        while True:
            text = Time(now=self._clock.now()).model_dump_json()
            running = [p for p in self._plans.plans() if p.state == "running"]
            for tab in list(self._tabs.values()):
                if tab.turn == turn:
                    tab.send_text(text)
                    self._show_plans(tab, running)
            turn = (turn + 1) % BEAT_TURNS
            await asyncio.sleep(HEARTBEAT_S / BEAT_TURNS)


def _choices(named: Sequence[Named]) -> tuple[Choice, ...]:
    return tuple(Choice(code=n.code, zh=n.zh, en=n.en) for n in named)


def _reason(code: str | None) -> str:
    if code is None or code not in {r.code for r in NOT_READY_REASONS}:
        raise BadInput("请选择未就绪的原因", "reason")
    return code


def _phone_kind(endpoint: Endpoint | None) -> str | None:
    if endpoint is None:
        return None
    return "browser" if endpoint.startswith(_PHONE_PREFIX["browser"]) else "desk"
