"""The real Asterisk as a rig of the contract of `CallControl`, with a citizen at home."""

from __future__ import annotations

import asyncio

from acd.ports import CallControl
from cti.adapters.ami_link import AmiLink
from cti.core.reports import LegAnswered, Report, Told
from cti.core.words import Tell
from cti.ports import SetVariable
from kernel import telephony as tel
from kernel.ids import CallbackId, CallId, Endpoint, OfferId
from tests.integration.test_call_control_contract import RING, fact
from tests.servers.sip_phone import Dialog, SipPhone
from tests.servers.switchboard import COLLEAGUE_HZ, Switchboard

DESK = Endpoint("desk001")


class AsteriskRig:
    """`begin` before each promise, `end` after it; what one promise did is over then."""

    phone = DESK
    other_phone = Endpoint("desk002")
    dead_phone = Endpoint("desk003")

    def __init__(self, board: Switchboard, home: SipPhone) -> None:
        self.board = board
        self.home = home
        self.desks: dict[Endpoint, SipPhone] = {}
        self.talks: dict[Endpoint, Dialog] = {}
        self.callers: dict[CallId, Dialog] = {}
        self._began = 0
        self._hear = board.line.on_report
        self._losing: list[type[tel.TelephonyFact]] = []

    @property
    def control(self) -> CallControl:
        return self.board.line

    @property
    def facts(self) -> list[tel.TelephonyFact]:
        return self.board.facts.all[self._began :]

    @property
    def link(self) -> AmiLink:
        found = self.board.line._switch
        assert isinstance(found, AmiLink)
        return found

    async def register(self) -> None:
        self.desks[self.phone] = await self.board.phone(self.phone)
        self.desks[self.other_phone] = await self.board.phone(self.other_phone, COLLEAGUE_HZ)
        self.board.line.on_report = self._on_report  # type: ignore[method-assign]

    def _on_report(self, report: Report) -> None:
        for kind in self._losing:
            if _tells(report, kind):
                self._losing.remove(kind)
                return
        self._hear(report)

    def begin(self) -> None:
        self._began = len(self.board.facts.all)

    async def end(self) -> None:
        """Everybody hangs up; return when nobody is there and the link is up."""
        self._losing.clear()
        for phone in (self.home, *self.desks.values(), *self.board.citizens):
            for dialog in list(phone.dialogs.values()):
                _leave(dialog)
            while not phone.offers.empty():
                phone.offers.get_nowait()
        self.talks.clear()
        self.callers.clear()
        await self.mend()
        async with asyncio.timeout(40):
            while True:
                if not await self.link.channels() and not self.board.line.live_calls:
                    return
                await asyncio.sleep(0.02)

    # --- callers and operators -----------------------------------------------------------------

    async def caller_waits(self) -> CallId:
        citizen, waiting = await self.board.waiting()
        self.callers[waiting.call_id] = citizen
        return waiting.call_id

    async def caller_hangs_up(self, call_id: CallId) -> None:
        self.callers[call_id].hang_up()

    async def pick_up(self, phone: Endpoint) -> None:
        self.talks[phone] = await self._ringing(phone)
        self.talks[phone].answer()

    async def refuse(self, phone: Endpoint) -> None:
        (await self._ringing(phone)).reject(603)

    async def put_down(self, phone: Endpoint) -> None:
        self.talks[phone].hang_up()

    async def _ringing(self, phone: Endpoint) -> Dialog:
        while (dialog := await self.desks[phone].incoming()).ended.is_set():
            pass  # rang before, and was taken back
        return dialog

    # --- a citizen whom we call ----------------------------------------------------------------

    async def rings(self) -> Dialog:
        return await self.home.incoming()

    async def citizen_picks_up(self, callback_id: CallbackId) -> None:
        ringing = await self.rings()
        ringing.answer()
        await ringing.listen(5)
        ringing.press("1")

    async def citizen_is_busy(self, callback_id: CallbackId) -> None:
        (await self.rings()).reject(486, "Busy Here")

    async def citizen_hangs_up_at_the_greeting(self, callback_id: CallbackId) -> None:
        ringing = await self.rings()
        ringing.answer()
        await ringing.listen(5)
        ringing.hang_up()

    # --- trouble -------------------------------------------------------------------------------

    def lose_next(self, kind: type[tel.TelephonyFact]) -> None:
        self._losing.append(kind)

    async def leave_leg(self, phone: Endpoint) -> None:
        """The operator's leg of a conversation says that it belongs to a call that is over."""
        call_id = await self.caller_waits()
        await self.control.deliver(call_id, OfferId(f"{call_id}.1"), phone, RING)
        await self.pick_up(phone)
        await fact(self, tel.OfferAnswered)
        rows = await self.link.channels()
        [leg] = [r.channel for r in rows if r.channel.startswith(f"PJSIP/{phone}")]
        await self.link.order(SetVariable(leg, "CC_LEG_OF", "gz1-1795492774-78"))

    async def cut(self) -> None:
        before = len(self.facts)
        self.link.cut()
        await fact(self, tel.LineLost, before)

    async def mend(self) -> None:
        async with asyncio.timeout(30):
            await self.board.line.wait_up()


def _leave(dialog: Dialog) -> None:
    if dialog.ended.is_set():
        return
    if dialog.incoming and not dialog.answered.is_set():
        dialog.reject(480)
    else:
        dialog.hang_up()


def _tells(report: Report, kind: type[tel.TelephonyFact]) -> bool:
    """Whether the fact would come of this report."""
    if kind is tel.OfferAnswered:
        return isinstance(report, LegAnswered)
    assert kind is tel.CallHungUp
    return isinstance(report, Told) and report.tell is Tell.HUNGUP
