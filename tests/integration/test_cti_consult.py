"""Consultation on the real Asterisk: asked, refused, cancelled, handed over, abandoned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from kernel import telephony as tel
from kernel.errors import Conflict
from kernel.ids import CallId, Endpoint, OfferId, TeamId
from tests.servers.sip_phone import Dialog, SipPhone
from tests.servers.switchboard import COLLEAGUE_HZ, Switchboard, switchboard

pytestmark = pytest.mark.asterisk
DESK, COLLEAGUE = Endpoint("desk001"), Endpoint("desk002")


@dataclass
class Talk:
    board: Switchboard
    citizen: Dialog
    operator: Dialog
    colleague: SipPhone
    call_id: CallId

    @property
    def offer(self) -> OfferId:
        return OfferId(f"{self.call_id}.1")

    async def consult(self) -> Dialog:
        """The colleague's phone rings."""
        line = self.board.line
        await line.start_consult(self.call_id, self.offer, DESK, COLLEAGUE)
        ringing = await self.colleague.incoming()
        await self.phase(tel.ConsultPhase.RINGING)
        return ringing

    async def phase(self, phase: tel.ConsultPhase) -> tel.ConsultChanged:
        return await self.board.facts.wait(tel.ConsultChanged, lambda f: f.phase is phase)

    def phases(self) -> list[str]:
        changes = [f for f in self.board.facts.all if isinstance(f, tel.ConsultChanged)]
        return [f.phase.value for f in changes]


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    async with switchboard(tmp_path) as board:
        desk = await board.phone("desk001")
        colleague = await board.phone("desk002", COLLEAGUE_HZ)
        citizen, waiting = await board.waiting()
        call_id = waiting.call_id
        await board.line.deliver(call_id, OfferId(f"{call_id}.1"), DESK, timedelta(seconds=20))
        operator = await desk.incoming()
        operator.answer()
        await board.facts.wait(tel.OfferAnswered)
        yield Talk(board, citizen, operator, colleague, call_id)


async def test_a_consultation_is_completed_and_the_colleague_has_the_caller(talk: Talk) -> None:
    colleague = await talk.consult()
    with pytest.raises(Conflict):
        await talk.board.line.complete_consult(talk.call_id)
    colleague.answer()
    await talk.phase(tel.ConsultPhase.TALKING)
    await talk.board.line.complete_consult(talk.call_id)
    await talk.phase(tel.ConsultPhase.COMPLETED)
    await talk.operator.wait("ended")
    await talk.citizen.listen(20)
    await colleague.listen(20)
    colleague.hang_up()
    ended = await talk.board.facts.wait(tel.TalkEnded)
    assert (ended.offer_id, ended.endpoint) == (talk.offer, COLLEAGUE)
    assert talk.phases() == ["ringing", "talking", "completed"]
    await talk.citizen.wait("ended")
    assert talk.board.survey.begun == [talk.call_id]
    assert talk.board.errors() == []


async def test_a_cancelled_consultation_leads_back_to_the_caller(talk: Talk) -> None:
    colleague = await talk.consult()
    colleague.answer()
    await talk.phase(tel.ConsultPhase.TALKING)
    await talk.board.line.cancel_consult(talk.call_id)
    await talk.phase(tel.ConsultPhase.CANCELLED)
    await colleague.wait("ended")
    await talk.citizen.listen(20)
    await talk.operator.listen(20)
    talk.operator.hang_up()
    ended = await talk.board.facts.wait(tel.TalkEnded)
    assert ended.endpoint == DESK


async def test_a_consultation_is_cancelled_while_it_still_rings(talk: Talk) -> None:
    colleague = await talk.consult()
    await talk.board.line.cancel_consult(talk.call_id)
    await talk.phase(tel.ConsultPhase.CANCELLED)
    await colleague.wait("ended")
    await talk.operator.listen(20)
    assert talk.phases() == ["ringing", "cancelled"]


async def test_a_refused_consultation_fails_and_leads_back(talk: Talk) -> None:
    (await talk.consult()).reject(486)
    await talk.phase(tel.ConsultPhase.FAILED)
    await talk.citizen.listen(20)
    await talk.operator.listen(20)
    assert talk.phases() == ["ringing", "failed"]


async def test_consulting_a_phone_that_is_away_fails_and_leads_back(talk: Talk) -> None:
    line = talk.board.line
    await line.start_consult(talk.call_id, talk.offer, DESK, Endpoint("desk003"))
    failed = await talk.phase(tel.ConsultPhase.FAILED)
    assert failed.consulted == Endpoint("desk003")
    await talk.operator.listen(20)


async def test_a_colleague_who_hangs_up_leads_back_to_the_caller(talk: Talk) -> None:
    colleague = await talk.consult()
    colleague.answer()
    await talk.phase(tel.ConsultPhase.TALKING)
    colleague.hang_up()
    await talk.phase(tel.ConsultPhase.CANCELLED)
    await talk.operator.listen(20)


@pytest.mark.parametrize("answered", [False, True])
async def test_an_operator_who_hangs_up_in_a_consultation_loses_no_caller(
    talk: Talk, answered: bool
) -> None:
    colleague = await talk.consult()
    if answered:
        colleague.answer()
        await talk.phase(tel.ConsultPhase.TALKING)
    talk.operator.hang_up()
    first = await talk.board.facts.wait(tel.CallWaiting)
    again = await talk.board.facts.wait(tel.CallWaiting, count=2)
    await colleague.wait("ended")
    assert again.first_arrival_at == first.first_arrival_at
    assert again.priority == first.priority + talk.board.values.orphan_priority
    assert talk.board.facts.names(talk.call_id)[-2:] == ["TalkEnded", "CallWaiting"]
    assert not talk.citizen.ended.is_set()


async def test_a_caller_who_hangs_up_in_a_consultation_ends_all_of_it(talk: Talk) -> None:
    colleague = await talk.consult()
    colleague.answer()
    await talk.phase(tel.ConsultPhase.TALKING)
    talk.citizen.hang_up()
    await talk.operator.wait("ended")
    await colleague.wait("ended")
    await talk.board.facts.wait(tel.CallHungUp)
    names = talk.board.facts.names(talk.call_id)
    assert names.index("TalkEnded") < names.index("CallHungUp")


async def test_a_transfer_out_of_a_consultation_drops_both_operators(talk: Talk) -> None:
    colleague = await talk.consult()
    colleague.answer()
    await talk.phase(tel.ConsultPhase.TALKING)
    await talk.board.line.requeue(talk.call_id, TeamId("urban"), 0, None)
    again = await talk.board.facts.wait(tel.CallWaiting, count=2)
    await talk.operator.wait("ended")
    await colleague.wait("ended")
    assert (again.team, again.priority) == (TeamId("urban"), 0)


async def test_a_release_out_of_a_consultation_leads_to_the_survey(talk: Talk) -> None:
    await talk.consult()
    await talk.board.line.release(talk.call_id)
    await talk.operator.wait("ended")
    await talk.citizen.wait("ended")
    assert talk.board.survey.begun == [talk.call_id]
