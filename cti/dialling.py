"""Citizens who are being called back: each order ends in exactly one `DialBackEnded`.

What is open here was ordered by this run, or found ringing when it took over. It is closed by the
dialling channel's own word, by the citizen's call coming into the line or ending before it
(`CallTrack`), by the truth read back after a lost line, or, should a word be lost on a living line,
by a look at that truth some seconds after the ringing must have ended. Nothing is dialled twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace

from cti.core.dial_back import DialOut, DialTold, dial_result
from cti.core.read_back import ChannelRow, Truth, truth
from cti.ports import DialCitizen, HangUp, Log, Order
from kernel.clock import Clock
from kernel.errors import Conflict, HotlineError, NotFound, Unavailable
from kernel.ids import CallbackId, CallId
from kernel.telephony import DialBackEnded, DialResult

BEGIN_WITHIN_S = 5.0
LOOK_AFTER_S = 10.0


@dataclass(frozen=True, slots=True)
class _Dial:
    """`channel` is known as soon as it rings; `call_id` once the citizen picked up; `taken_back`
    once we ordered its end."""

    channel: str = ""
    call_id: CallId | None = None
    taken_back: bool = False


class Dialling:
    """The picture of what is dialled; the line's one task calls everything but the orders."""

    def __init__(
        self,
        *,
        order: Callable[[Order], Awaitable[None]],
        channels: Callable[[], Awaitable[Sequence[ChannelRow]]],
        up: Callable[[], bool],
        emit: Callable[[DialBackEnded], None],
        spawn: Callable[[Coroutine[None, None, None], str], None],
        clock: Clock,
        log: Log,
    ) -> None:
        self._order = order
        self._channels = channels
        self._up = up
        self._emit = emit
        self._spawn = spawn
        self._clock = clock
        self._log = log
        self._open: dict[CallbackId, _Dial] = {}
        self._here: dict[CallId, CallbackId] = {}
        self._began: dict[CallbackId, asyncio.Future[None]] = {}

    # --- orders ----------------------------------------------------------------------------

    async def dial(self, out: DialOut) -> None:
        """Returns when the citizen's telephone is being rung. Raises Conflict while this callback
        is open, Unavailable when nobody knows; then, too, the end is told."""
        if out.callback_id in self._open or out.callback_id in self._here.values():
            raise Conflict("正在回拨")
        self._open[out.callback_id] = _Dial()
        began = self._began[out.callback_id] = asyncio.get_running_loop().create_future()
        look_after_s = out.ring_s + LOOK_AFTER_S
        try:
            await self._order(DialCitizen(out))
            async with asyncio.timeout(BEGIN_WITHIN_S):
                await began
        except HotlineError as error:
            look_after_s = 0.0
            raise Unavailable(error.message) from error
        except TimeoutError as error:
            raise Unavailable("电话系统没有执行回拨") from error
        finally:
            self._began.pop(out.callback_id, None)
            self._spawn(self._look(out.callback_id, look_after_s), "look-after-dialling")

    async def cancel(self, callback_id: CallbackId) -> None:
        """Raises NotFound when the telephone does not ring (any more)."""
        dial = self._open.get(callback_id)
        if dial is None or not dial.channel or dial.call_id is not None:
            raise NotFound("没有在回拨")
        self._open[callback_id] = replace(dial, taken_back=True)
        await self._order(HangUp(dial.channel))

    # --- what is heard -----------------------------------------------------------------------

    def hear(self, told: DialTold) -> None:
        """The dialling channel's word."""
        if told.result is not None:
            self._begun(told.callback_id)
            dial = self._open.get(told.callback_id, _Dial())
            self.close(told.callback_id, dial_result(told, taken_back=dial.taken_back), None)
        elif told.callback_id in self._open:
            self._open[told.callback_id] = _Dial(told.channel)
            self._begun(told.callback_id)
        else:
            # Its end was told already: an order that reached the telephone late rings nobody.
            self._spawn(self._hang_up(told.channel), "late-dialling")

    def picked_up(self, callback_id: CallbackId, call_id: CallId) -> None:
        """The citizen's new call is there. Whether it is wanted is told later."""
        self._begun(callback_id)
        self._here[call_id] = callback_id
        if callback_id in self._open:
            self._open[callback_id] = replace(self._open[callback_id], call_id=call_id)

    def close(self, callback_id: CallbackId, result: DialResult, call_id: CallId | None) -> None:
        """Tell the end of an open dialling; nothing for one whose end was told."""
        if self._open.pop(callback_id, None) is not None:
            self._emit(DialBackEnded(callback_id, result, call_id, self._clock.now()))

    def over(self, call_id: CallId) -> None:
        """A caller's leg is gone."""
        self._here.pop(call_id, None)

    def lose(self) -> None:
        """The line is lost: whoever waits for a beginning waits in vain."""
        for future in self._began.values():
            if not future.done():
                future.set_exception(Unavailable("与电话系统的连接不可用"))
                # The waiter may be gone by now; the failure is then nobody's news.
                future.exception()

    def restore(self, found: Truth) -> None:
        """Close what is neither ringing nor picked up, and keep the rest, whoever began it."""
        here = {t.callback_id: t for t in found.tracks if t.callback_id is not None}
        for callback_id in list(self._open):
            track = here.get(callback_id)
            if track is not None and not track.greeted:
                self.close(callback_id, DialResult.ANSWERED, track.call_id)
            elif track is None and callback_id not in found.dialling:
                self.close(callback_id, DialResult.FAILED, None)
        self._here = {track.call_id: callback_id for callback_id, track in here.items()}
        for callback_id, track in here.items():
            if track.greeted:
                self._open[callback_id] = _Dial(call_id=track.call_id)
        for callback_id, channel in found.dialling.items():
            self._open[callback_id] = _Dial(channel)

    async def _hang_up(self, channel: str) -> None:
        try:
            await self._order(HangUp(channel))
        except HotlineError as error:
            self._log.info("order_without_effect", order="HangUp", why=error.message)

    def _begun(self, callback_id: CallbackId) -> None:
        future = self._began.get(callback_id)
        if future is not None and not future.done():
            future.set_result(None)

    async def _look(self, callback_id: CallbackId, after_s: float) -> None:
        """A word may be lost on a living line, too: then the truth tells."""
        while True:
            await asyncio.sleep(after_s)
            dial = self._open.get(callback_id)
            if dial is None or dial.call_id is not None or not self._up():
                return  # it ended, or its citizen's end tells it, or the next truth does
            try:
                found = truth(await self._channels(), ())
            except HotlineError:
                return
            here = any(t.callback_id == callback_id for t in found.tracks)
            if not here and callback_id not in found.dialling:
                self._log.warning("dialling_ended_unheard", callback_id=callback_id)
                self.close(callback_id, DialResult.FAILED, None)
                return
            after_s = LOOK_AFTER_S
