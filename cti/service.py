"""The telephone line: facts out, orders in. One task owns the picture of all present callers.

Theory of operation
-------------------
Reports come from two doors (the AMI link and FastAGI) into one queue; one task takes them out,
steps the caller's `CallTrack` and hands the facts to the sinks, synchronously and in order. An
order is checked against the picture, sent as one AMI action (or a few, in sequence), and never
repeated.

After each (re)connect nothing is believed: reports are held back, Asterisk's channels and contacts
are read, the picture is replaced, callers that vanished meanwhile are closed, `LineRestored` tells
the whole truth, and only then the held reports follow (those already contained in the truth are
recognised by their number and dropped).

A process that was paused (stopped, swapped out, frozen with its machine) wakes up with an old
picture and a full mailbox. A pulse notices: it is the first to run, and it treats the pause as a
lost line, so that expired timers and stale wishes conclude nothing before the truth is read back.

While the link is up, a beat is set every 2 s. The dialplan's waiting loops watch it; when it stands
still for 10 s they turn to the native fallback queues. See `docs/diagrams/one-call.md`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cti.core.call_track import PARTING, CallTrack, in_turn, parting_facts, restamp, step, strays
from cti.core.dial_back import DialTold, dial_out
from cti.core.phone_check import Look, look, unheard_answer
from cti.core.read_back import Truth, live_call, truth
from cti.core.reports import (
    Begun,
    ContactMoved,
    LegAnswered,
    LegDialled,
    PhoneUsed,
    Report,
    Told,
    begun_at,
    offer_number,
)
from cti.core.words import BEAT_VARIABLE, SEPARATOR, Context, Place, Tell, TruthVariable
from cti.dialling import Dialling
from cti.fallback_members import changes
from cti.phones import Phones
from cti.picture import Picture
from cti.ports import (
    HangUp,
    Log,
    Order,
    QuestionDoor,
    RecordingSpool,
    Redirect,
    SetVariable,
    Switch,
)
from cti.questions import Questions
from cti.recorded import Recorded
from kernel import telephony as tel
from kernel.clock import Clock
from kernel.errors import Conflict, HotlineError, NotFound, Unavailable
from kernel.ids import AgentId, CallbackId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber

BEAT_EVERY_S = 2.0
PULSE_EVERY_S = 0.5
PAUSE_S = 5.0
CONSULT_RING = timedelta(seconds=20)
_CLOSED = "closed"
_CONSULT_FLAG = "SHARED(CC_CONSULT)"
_PRESENT_TALK = (Place.TALKING, Place.CONSULTING)
_GONE = "来电已不在线"

Sink = Callable[[tel.TelephonyFact], None]
_Item = Report | tel.LineLost | tuple[Truth, str] | Look


@dataclass(frozen=True, slots=True)
class LineState:
    """Whether calls can be taken, and if not, why (a sentence for a person)."""

    up: bool
    reason: str


class TelephoneLine:
    """The port that the ACD and the composition root use. See `ARCHITECTURE.md`, cti."""

    def __init__(
        self,
        *,
        switch: Switch,
        door: QuestionDoor,
        questions: Callable[[TelephoneLine], Questions],
        spool: RecordingSpool,
        clock: Clock,
        log: Log,
    ) -> None:
        self._switch = switch
        self._door = door
        self._questions = questions(self)
        self._spool = spool
        self._clock = clock
        self._log = log
        self._sinks: list[Sink] = []
        self._recorded = Recorded(spool, self._emit, clock)
        self._dialling = Dialling(
            order=self._order,
            channels=switch.channels,
            up=lambda: self._state.up,
            emit=self._emit,
            spawn=self._spawn,
            clock=clock,
            log=log,
        )
        self._state = LineState(False, "正在连接电话系统")
        self._came_up = asyncio.Event()
        self._items: asyncio.Queue[_Item] = asyncio.Queue()
        self._held: list[Report] | None = None
        self._picture = Picture()
        self._tracks = self._picture.tracks
        self._phones = Phones(self._emit, clock.now)
        self._life = ""
        self._members: dict[TeamId, frozenset[Endpoint]] = {}
        self._began: dict[CallId, asyncio.Future[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._pulse_at = 0.0
        self._pulse: asyncio.TimerHandle | None = None

    # --- life ----------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the FastAGI door and begin connecting; does not wait for Asterisk.

        Raises OSError when the FastAGI port is taken.
        """
        await self._door.start(self._questions.answer)
        self._spawn(self._run(), "telephone-line")
        self._spawn(self._beat(), "telephone-beat")
        self._pulse_at = asyncio.get_running_loop().time()
        self._feel_pulse()
        await self._switch.start(self)

    async def stop(self) -> None:
        """Close both doors. Callers stay with Asterisk."""
        if self._pulse is not None:
            self._pulse.cancel()
        await self._switch.stop()
        await self._door.stop()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def wait_up(self) -> None:
        """Return when the line is up (its truth read back and told)."""
        await self._came_up.wait()

    @property
    def state(self) -> LineState:
        return self._state

    @property
    def live_calls(self) -> int:
        return len(self._tracks)

    async def callers(self) -> Mapping[CallId, str]:
        """Every present caller and the place (as in `LiveCall`), counted anew from the telephone
        system's own list of channels. Raises Unavailable."""
        found = truth(await self._switch.channels(), ())
        return {t.call_id: live_call(t).place for t in found.tracks}

    def subscribe(self, sink: Sink) -> None:
        """`sink` hears every fact from now on, synchronously, in the order they happened."""
        self._sinks.append(sink)

    def reachable(self, endpoint: Endpoint) -> bool:
        """Whether this phone is registered, as far as is known."""
        return self._phones.reachable(endpoint)

    # --- what comes in (SwitchListener) ----------------------------------------------------

    def on_report(self, report: Report) -> None:
        if self._held is not None and not isinstance(report, Begun):
            self._held.append(report)
        else:
            self._items.put_nowait(report)

    async def on_connected(self) -> None:
        self._held = []
        try:
            life = await self._switch.started_at()
            contacts = await self._switch.contacts()
            rows = await self._switch.channels()
            self._items.put_nowait((truth(rows, contacts), life))
            await self._order_members(await self._switch.queue_members())
        finally:
            held, self._held = self._held, None
            for report in held or ():
                self._items.put_nowait(report)

    def on_lost(self, reason: str) -> None:
        self._held = None
        self._items.put_nowait(tel.LineLost(reason, self._clock.now()))

    async def _run(self) -> None:
        while True:
            item = await self._items.get()
            try:
                self._handle(item)
            except Exception:
                self._log.exception("report_failed", report=type(item).__name__)

    def _handle(self, item: _Item) -> None:
        if isinstance(item, tuple):
            self._restore(*item)
        elif isinstance(item, tel.LineLost):
            self._lose(item)
        elif isinstance(item, ContactMoved | PhoneUsed):
            self._phones.hear(item)
        elif isinstance(item, Look):
            self._looked(item)
        elif isinstance(item, DialTold):
            self._dialling.hear(item)
        else:
            self._step(item)

    # --- the picture -----------------------------------------------------------------------

    def _step(self, report: Report) -> None:
        call_id = self._picture.call_of(report)
        if call_id is None:
            return
        before = self._tracks.get(call_id)
        if before is None and call_id in self._picture.ended:
            return
        after, facts = step(before, report, self._clock.now())
        self._picture.replace(call_id, before, after)
        for fact in facts:
            self._pass_on(fact)
        self._after_step(call_id, report, before, after)

    def _pass_on(self, fact: tel.TelephonyFact) -> None:
        """The end of a dialling is told by who knows whether it is still open."""
        if isinstance(fact, tel.DialBackEnded):
            self._dialling.close(fact.callback_id, fact.result, fact.call_id)
            return
        if isinstance(fact, tel.CallEntered) and fact.callback_id is not None:
            self._dialling.picked_up(fact.callback_id, fact.call_id)
        if isinstance(fact, tel.MessageLeft):
            self._recorded.message_left(fact.call_id)
        self._emit(fact)

    def _after_step(
        self, call_id: CallId, report: Report, before: CallTrack | None, after: CallTrack | None
    ) -> None:
        begun = isinstance(report, (LegDialled, LegAnswered)) or (
            isinstance(report, Told)
            and report.tell in (Tell.OFFER_FAILED, Tell.WAITING, Tell.HUNGUP)
        )
        if begun and (future := self._began.pop(call_id, None)) and not future.done():
            future.set_result(None)
        if after is not None and after.answered_at is not None:
            self._recorded.answered(call_id, after.answered_at)
        if after is not None and (stamp := restamp(after, report)):
            self._order_later(SetVariable(after.channel, TruthVariable.ARRIVED, stamp))
        if after is not None and isinstance(report, Told) and report.tell is Tell.FALLBACK:
            # One question was not answered in time; we are there, so the caller need not ring on.
            self._order_later(Redirect(after.channel, Context.WAITING, "s"))
        if after is None and isinstance(report, Told):
            self._close(call_id, report.recorded_at)
        for leg in strays(report, before, after):
            self._order_later(HangUp(leg.channel))

    def _close(self, call_id: CallId, recorded_at: datetime | None) -> None:
        self._picture.note_ended(call_id)
        self._dialling.over(call_id)
        if (closing := self._recorded.over(call_id, recorded_at)) is not None:
            self._spawn(closing, "recording")

    def _emit(self, fact: tel.TelephonyFact) -> None:
        for sink in self._sinks:
            try:
                sink(fact)
            except Exception:
                self._log.exception("sink_failed", fact=type(fact).__name__)

    # --- lost and restored -------------------------------------------------------------------

    def _lose(self, lost: tel.LineLost) -> None:
        was_up = self._state.up
        self._state = LineState(False, lost.reason)
        self._came_up.clear()
        for future in self._began.values():
            if not future.done():
                future.cancel()
        self._began.clear()
        self._dialling.lose()
        if was_up:
            self._log.error("line_lost", reason=lost.reason)
            self._emit(lost)

    def _restore(self, found: Truth, life: str) -> None:
        now = self._clock.now()
        present = {t.call_id for t in found.tracks}
        for call_id in [c for c in self._tracks if c not in present]:
            self._vanished(call_id, self._life not in ("", life), now)
        answered = {c: t.answered_at for c, t in self._tracks.items() if t.answered_at}
        told = {c for c, t in self._tracks.items() if t.place is Place.LEAVING}
        self._picture.clear()
        for track in found.tracks:
            if track.place is Place.LEAVING and track.call_id not in told:
                for fact in parting_facts(track, now):
                    self._pass_on(fact)
            known = replace(track, answered_at=answered.get(track.call_id, track.answered_at))
            self._picture.replace(track.call_id, None, known)
        self._life = life
        self._phones.restore(found)
        self._state = LineState(True, "")
        calls = tuple(live_call(t) for t in self._tracks.values())
        self._log.info("line_restored", calls=len(calls), phones=len(found.reachable))
        self._dialling.restore(found)
        dialling = frozenset(found.dialling)
        self._emit(tel.LineRestored(calls, found.reachable, now, dialling, found.phones))
        self._came_up.set()
        self._take_all_back()
        self._spawn(self._collect_left_over(), "left-over-recordings")

    def _vanished(self, call_id: CallId, restarted: bool, now: datetime) -> None:
        """Close a caller who left while nobody listened; the cause is not known then (0)."""
        track = self._tracks[call_id]
        if track.place in _PRESENT_TALK and track.offer_id and track.endpoint:
            self._emit(tel.TalkEnded(call_id, track.offer_id, track.endpoint, now))
        if track.greeted and track.callback_id is not None:
            self._dialling.close(track.callback_id, tel.DialResult.FAILED, call_id)
        for fact in parting_facts(track, now) if track.place in PARTING else ():
            self._emit(fact)
        ended_by = tel.EndedBy.FAULT if restarted else tel.EndedBy.CALLER
        self._emit(tel.CallHungUp(call_id, ended_by, 0, now))
        self._picture.note_ended(call_id)

    def _looked(self, found: Look) -> None:
        """Correct the picture, by the facts that ought to have come."""
        now = self._clock.now()
        if found.gone and found.call_id is not None and found.call_id not in self._picture.ended:
            self._found_gone(found.call_id, now)
        if found.talk is not None:
            self._found_talking(found.talk, now)
        if found.alone is not None:
            self._order_later(Redirect(found.alone, Context.WAITING, "s"))
        for channel in found.drop:
            self._log.warning("leg_of_nobody_dropped", channel=channel)
            self._order_later(HangUp(channel))
        if found.as_of == self._phones.changes(found.endpoint):
            self._phones.hear(PhoneUsed(found.endpoint, found.use))

    def _found_gone(self, call_id: CallId, now: datetime) -> None:
        if (before := self._tracks.get(call_id)) is None:
            self._picture.note_ended(call_id)
            self._emit(tel.CallHungUp(call_id, tel.EndedBy.CALLER, 0, now))
            return
        self._vanished(call_id, False, now)
        self._picture.replace(call_id, before, None)
        self._spawn(self._collect_left_over(), "left-over-recordings")

    def _found_talking(self, talk: CallTrack, now: datetime) -> None:
        """An answer that was not heard, unless the call has moved on since the look."""
        known = self._tracks.get(talk.call_id)
        fact = unheard_answer(talk, known, now)
        if fact is not None and talk.call_id not in self._picture.ended:
            self._picture.replace(talk.call_id, known, replace(talk, answered_at=now))
            self._recorded.answered(talk.call_id, now)
            self._emit(fact)

    def _take_all_back(self) -> None:
        """Everybody out of the native queues, oldest first, also whom a phone rings for there."""
        waiting = [t for t in self._tracks.values() if t.place is Place.FALLBACK]
        for track in sorted(waiting, key=in_turn):
            self._order_later(Redirect(track.channel, Context.WAITING, "s"))

    async def _collect_left_over(self) -> None:
        """Recordings of calls that ended while this process was away."""
        for call_id in await self._spool.left_over():
            if call_id not in self._tracks and call_id not in self._picture.ended:
                self._close(call_id, begun_at(call_id))

    def let_go(
        self,
        call_id: CallId,
        number: PhoneNumber,
        spoken_s: int | None = None,
        place: tel.PlaceInLine | None = None,
    ) -> bool:
        """From now on this caller, who waits or would have entered the line at `place`, is not
        delivered any more. False, and nothing changes, when the caller's turn has come or the line
        is down: the caller then waits (on)."""
        return self._state.up and self._picture.promise(call_id, number, spoken_s, place)

    def message_begins(self, call_id: CallId, place: tel.PlaceInLine | None = None) -> None:
        """The caller speaks; one who waits still does: a delivery takes the caller out of it."""
        self._recorded.speaking(call_id)
        self._picture.put(call_id, place)

    def still_waits(self, call_id: CallId) -> None:
        """A caller who was to be let go asks from the waiting loop: our answer was lost."""
        self._picture.take_back_promise(call_id)

    # --- orders ------------------------------------------------------------------------------

    async def deliver(
        self, call_id: CallId, offer: OfferId, endpoint: Endpoint, ring_timeout: timedelta
    ) -> None:
        """Ring `endpoint` for a waiting caller; returns when the offer has begun or already failed.

        Raises NotFound if the caller is gone, Conflict if not waiting, Unavailable if the link is
        down or the order did not arrive (the caller then still waits).
        """
        track = self._present(call_id)
        if track.place is not Place.WAITING or not track.promised.anonymous:
            raise Conflict("来电已不在等待")
        number = offer_number(offer, call_id)
        ring_s = max(1, round(ring_timeout.total_seconds()))
        exten = SEPARATOR.join((endpoint, str(ring_s), str(number)))
        offered = replace(track, place=Place.OFFERED, offer_id=offer, endpoint=endpoint)
        self._picture.replace(call_id, track, offered)
        began = self._began[call_id] = asyncio.get_running_loop().create_future()
        try:
            await self._order(Redirect(track.channel, Context.DELIVER, exten))
            async with asyncio.timeout(5):
                await began
        except (HotlineError, TimeoutError, asyncio.CancelledError) as error:
            self._began.pop(call_id, None)
            if self._tracks.get(call_id) == offered:
                self._picture.replace(call_id, offered, track)
            if isinstance(error, HotlineError):
                raise
            raise Unavailable("电话系统没有执行派话") from error

    async def cancel_offer(self, call_id: CallId, offer: OfferId) -> None:
        """Take an offer back; the caller waits again. Raises Conflict if it is not ringing."""
        track = self._present(call_id)
        if track.place is not Place.OFFERED or track.offer_id != offer:
            raise Conflict("该次派话已结束")
        await self._order(Redirect(track.channel, Context.WAITING, "s"))

    async def requeue(
        self, call_id: CallId, team: TeamId, priority: int, wanted_agent: AgentId | None
    ) -> None:
        """Out of a conversation (or offer) back into the line; the first arrival is kept."""
        track = self._present(call_id)
        exten = SEPARATOR.join((team, str(priority), wanted_agent or ""))
        await self._order(*self._leave(track, Redirect(track.channel, Context.REQUEUE, exten)))

    async def release(self, call_id: CallId) -> None:
        """Drop the operator's leg; the caller goes on to the survey. Raises Conflict."""
        track = self._present(call_id)
        if track.place not in _PRESENT_TALK or track.operator is None:
            raise Conflict("当前没有通话")
        if track.place is Place.CONSULTING:
            await self._order(*self._leave(track, Redirect(track.channel, Context.TALKED, "s")))
        else:
            await self._order(HangUp(track.operator.channel))

    async def hang_up(self, call_id: CallId) -> None:
        """End the call. Raises NotFound if it already has ended."""
        track = self._present(call_id)
        mark = SetVariable(track.channel, "CC_ENDED", "platform")
        await self._order(mark, *self._leave(track, HangUp(track.channel)))

    async def start_consult(
        self, call_id: CallId, offer: OfferId, endpoint: Endpoint, consulted: Endpoint
    ) -> None:
        """The caller hears music, the operator's phone rings `consulted`. Raises Conflict."""
        track = self._present(call_id)
        if track.place is not Place.TALKING or track.operator is None or track.offer_id != offer:
            raise Conflict("当前没有通话")
        if track.operator.endpoint != endpoint:
            raise Conflict("通话已不在该座席")
        exten = SEPARATOR.join((consulted, str(round(CONSULT_RING.total_seconds()))))
        other = (track.operator.channel, Context.CONSULT.value, exten)
        self._picture.replace(call_id, track, replace(track, asked=consulted))
        await self._order(Redirect(track.channel, Context.HOLD, "s", other))

    async def complete_consult(self, call_id: CallId) -> None:
        """Connect the caller with the consulted operator. Raises Conflict before they talk."""
        track = self._present(call_id)
        if track.place is not Place.CONSULTING or not track.consult_talking:
            raise Conflict("被咨询的座席尚未接听")
        await self._order(Redirect(track.channel, Context.JOIN, "consulted"))

    async def cancel_consult(self, call_id: CallId) -> None:
        """Back to the caller. Raises Conflict if there is no consultation."""
        track = self._present(call_id)
        if track.place is not Place.CONSULTING:
            raise Conflict("当前没有咨询")
        await self._order(Redirect(track.channel, Context.JOIN, "operator"))

    async def check_phone(
        self, endpoint: Endpoint, call_id: CallId | None, *, free: bool = False
    ) -> None:
        """Look what is really at a phone and tell it where the picture was another."""
        self._require_up()
        as_of = self._phones.changes(endpoint)
        rows = await self._switch.channels()
        # Behind every report that Asterisk made before it listed the channels.
        self._items.put_nowait(look(rows, endpoint, call_id, free=free, as_of=as_of))

    async def dial_back(
        self,
        callback_id: CallbackId,
        number: PhoneNumber,
        team: TeamId,
        language: Language,
        priority: int,
        arrived_at: datetime,
        ring_timeout: timedelta,
    ) -> None:
        """Call a citizen back. Raises BadInput, Conflict and Unavailable as the port says; after
        Unavailable, too, exactly one `DialBackEnded` follows."""
        await self._dialling.dial(
            dial_out(callback_id, number, team, language, priority, arrived_at, ring_timeout)
        )

    async def cancel_dial_back(self, callback_id: CallbackId) -> None:
        """Stop ringing a citizen; its end is told. Raises NotFound if it does not ring any more."""
        await self._dialling.cancel(callback_id)

    async def set_fallback_members(self, members: Mapping[TeamId, frozenset[Endpoint]]) -> None:
        """Which phones the native queues ring while the platform is dead; kept over reconnects."""
        before, self._members = self._members, dict(members)
        if self._state.up:
            await self._order_members(before)

    def _leave(self, track: CallTrack, order: Order) -> list[Order]:
        """`order` and, in a consultation, what ends the operator's side of it."""
        if track.place is not Place.CONSULTING or track.operator is None:
            return [order]
        closed = SetVariable(track.channel, _CONSULT_FLAG, _CLOSED)
        return [closed, order, HangUp(track.operator.channel)]

    def _present(self, call_id: CallId) -> CallTrack:
        self._require_up()
        track = self._tracks.get(call_id)
        if track is None or not track.channel:
            raise NotFound(_GONE)
        return track

    def _require_up(self) -> None:
        if not self._state.up:
            raise Unavailable("与电话系统的连接不可用")

    async def _order(self, *orders: Order) -> None:
        self._require_up()
        await self._switch.order(*orders)

    def _order_later(self, order: Order) -> None:
        self._spawn(self._try(order), "order")

    async def _try(self, order: Order) -> None:
        try:
            await self._switch.order(order)
        except HotlineError as error:
            self._log.info("order_without_effect", order=type(order).__name__, why=error.message)

    async def _order_members(self, present: Mapping[TeamId, frozenset[Endpoint]]) -> None:
        for order in changes(present, self._members):
            await self._try(order)

    # --- tasks -------------------------------------------------------------------------------

    async def _beat(self) -> None:
        while True:
            if self._state.up:
                value = str(int(self._clock.now().timestamp() * 1000))
                await self._try(SetVariable(None, BEAT_VARIABLE, value))
            await asyncio.sleep(BEAT_EVERY_S)

    def _feel_pulse(self) -> None:
        """Of all that is due after a pause this was due first, so nothing was concluded yet."""
        loop = asyncio.get_running_loop()
        paused_s, self._pulse_at = loop.time() - self._pulse_at, loop.time()
        if paused_s > PAUSE_S:
            self._log.error("process_was_paused", paused_s=round(paused_s, 1))
            self._lose(tel.LineLost("程序曾停顿，正在重新核对", self._clock.now()))
            self._switch.cut()
        self._pulse = loop.call_later(PULSE_EVERY_S, self._feel_pulse)

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
