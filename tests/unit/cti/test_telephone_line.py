"""The telephone line over a switch in memory: order of facts, orders, loss and return."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from cti import service
from cti.core import reports as rp
from cti.core.answers import in_folder
from cti.core.read_back import ChannelRow
from cti.core.words import Context, Tell
from cti.ports import HangUp, JoinQueue, LeaveQueue, Redirect, SetVariable
from cti.questions import Questions
from cti.service import TelephoneLine
from kernel import telephony as tel
from kernel.errors import Conflict, NotFound, Unavailable
from kernel.ids import AgentId, CallId, Endpoint, OfferId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from tests.fakes.caller_dialogue import (
    ScriptedAnnouncer,
    ScriptedDialogue,
    ScriptedGreeter,
    ScriptedKeys,
    ScriptedSurvey,
)
from tests.fakes.clock import NOON, SetClock
from tests.fakes.log import KeptLog
from tests.fakes.switch import FakeDoor, FakeSpool, FakeSwitch

CALL, OTHER_CALL = CallId("gz1-1795492774-0"), CallId("gz1-1795492774-1")
CALLER, PHONE, COLLEAGUE = (
    "PJSIP/carrier-00000000",
    "PJSIP/desk001-00000001",
    "PJSIP/desk002-00000002",
)
DESK = Endpoint("desk001")
OFFER = OfferId(f"{CALL}.1")
RING = timedelta(seconds=15)


class Rig:
    def __init__(self) -> None:
        self.switch = FakeSwitch()
        self.spool = FakeSpool()
        self.log = KeptLog()
        self.facts: list[tel.TelephonyFact] = []
        clock = SetClock()
        self.line = TelephoneLine(
            switch=self.switch,
            door=FakeDoor(),
            questions=lambda line: Questions(
                dialogue=ScriptedDialogue(),
                announcer=ScriptedAnnouncer(),
                keys=ScriptedKeys(),
                greeter=ScriptedGreeter(),
                survey=ScriptedSurvey(),
                clock=clock,
                log=self.log,
                place=in_folder("/p"),
                default_team=TeamId("general"),
                callers=line,
            ),
            spool=self.spool,
            clock=clock,
            log=self.log,
        )
        self.line.subscribe(self.facts.append)

    @property
    def names(self) -> list[str]:
        return [type(f).__name__ for f in self.facts]

    @property
    def sent(self) -> list[object]:
        """Orders without the beat."""
        flat = [o for orders in self.switch.orders for o in orders]
        return [o for o in flat if not (isinstance(o, SetVariable) and o.name == "CC_BEAT")]

    async def hear(self, *reports: rp.Report) -> None:
        for report in reports:
            self.line.on_report(report)
        await settle()

    async def waiting(self) -> None:
        await self.hear(told(Tell.ENTERED, 1), told(Tell.WAITING, 2))

    async def talking(self) -> None:
        await self.waiting()
        delivery = asyncio.create_task(self.line.deliver(CALL, OFFER, DESK, RING))
        await settle()
        await self.hear(rp.LegDialled(CALLER, PHONE), rp.LegAnswered(CALLER, PHONE))
        await delivery

    async def consulting(self) -> None:
        await self.talking()
        await self.line.start_consult(CALL, OFFER, DESK, Endpoint("desk002"))
        await self.hear(told(Tell.HELD, 3), rp.LegDialled(PHONE, COLLEAGUE))


async def settle() -> None:
    """Let the line's task take out what was put in; it never waits for anything else."""
    for _ in range(20):
        await asyncio.sleep(0)


def told(tell: Tell, seq: int, call_id: CallId = CALL, **fields: object) -> rp.Told:
    base: dict[str, object] = {"team": TeamId("general"), "arrived_at": NOON}
    channel = CALLER if call_id == CALL else "PJSIP/carrier-00000009"
    return rp.Told(tell=tell, call_id=call_id, channel=channel, seq=seq, **(base | fields))  # type: ignore[arg-type]


def row(state: str, seq: int = 5, call_id: str = CALL, channel: str = CALLER) -> ChannelRow:
    variables = {"CC_ROLE": "caller", "CC_CALL_ID": call_id, "CC_STATE": state, "CC_SEQ": str(seq)}
    variables |= {"CC_TEAM": "general", "CC_ARRIVED": "1795492774123", "CC_OFFER": "1"}
    return ChannelRow(channel, "", True, variables)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    await made.line.start()
    await made.switch.connect()
    await settle()
    made.facts.clear()
    yield made
    await made.line.stop()


async def test_the_line_is_down_until_the_truth_was_read_back() -> None:
    rig = Rig()
    assert not rig.line.state.up
    await rig.line.start()
    with pytest.raises(Unavailable):
        await rig.line.hang_up(CALL)
    await rig.switch.connect()
    await rig.line.wait_up()
    assert rig.line.state.up and rig.names == ["LineRestored"]
    await rig.line.stop()


async def test_a_raising_sink_does_not_stop_the_others(rig: Rig) -> None:
    def faulty(fact: tel.TelephonyFact) -> None:
        raise RuntimeError("a bug of a listener")

    heard: list[str] = []
    rig.line.subscribe(faulty)
    rig.line.subscribe(lambda fact: heard.append(type(fact).__name__))
    await rig.waiting()
    assert rig.names == heard == ["CallEntered", "CallWaiting"]
    assert rig.log.events.count("sink_failed") == 2


async def test_a_delivery_is_one_redirect(rig: Rig) -> None:
    await rig.talking()
    assert rig.sent == [Redirect(CALLER, Context.DELIVER, "desk001*15*1")]
    assert rig.names == ["CallEntered", "CallWaiting", "OfferAnswered"]


async def test_a_call_is_not_delivered_twice_at_once(rig: Rig) -> None:
    await rig.waiting()
    first = asyncio.create_task(rig.line.deliver(CALL, OFFER, DESK, RING))
    await settle()
    with pytest.raises(Conflict):
        await rig.line.deliver(CALL, OfferId(f"{CALL}.2"), Endpoint("desk002"), RING)
    await rig.hear(rp.LegDialled(CALLER, PHONE))
    await first
    assert len(rig.sent) == 1


async def test_a_failed_order_leaves_the_caller_waiting(rig: Rig) -> None:
    await rig.waiting()
    rig.switch.fault = Unavailable("refused")
    with pytest.raises(Unavailable):
        await rig.line.deliver(CALL, OFFER, DESK, RING)
    rig.switch.fault = None
    again = asyncio.create_task(rig.line.deliver(CALL, OFFER, DESK, RING))
    await settle()
    await rig.hear(rp.LegDialled(CALLER, PHONE))
    await again


async def test_a_link_lost_during_a_delivery_fails_it_at_once(rig: Rig) -> None:
    await rig.waiting()
    delivery = asyncio.create_task(rig.line.deliver(CALL, OFFER, DESK, RING))
    await settle()
    rig.switch.lose()
    with pytest.raises(Unavailable):
        await delivery
    assert rig.names[-1] == "LineLost"


async def test_a_caller_who_hangs_up_ends_a_delivery_without_an_error(rig: Rig) -> None:
    await rig.waiting()
    delivery = asyncio.create_task(rig.line.deliver(CALL, OFFER, DESK, RING))
    await settle()
    await rig.hear(told(Tell.HUNGUP, 3))
    await delivery
    assert rig.names[-1] == "CallHungUp"


async def test_an_offer_of_another_call_is_refused(rig: Rig) -> None:
    await rig.waiting()
    with pytest.raises(ValueError):
        await rig.line.deliver(CALL, OfferId(f"{OTHER_CALL}.1"), DESK, RING)
    assert rig.sent == []


async def test_orders_for_a_caller_who_is_gone_are_not_found(rig: Rig) -> None:
    for order in (
        rig.line.deliver(CALL, OFFER, DESK, RING),
        rig.line.cancel_offer(CALL, OFFER),
        rig.line.requeue(CALL, TeamId("urban"), 0, None),
        rig.line.release(CALL),
        rig.line.hang_up(CALL),
        rig.line.start_consult(CALL, OFFER, DESK, DESK),
        rig.line.complete_consult(CALL),
        rig.line.cancel_consult(CALL),
    ):
        with pytest.raises(NotFound):
            await order


async def test_orders_that_do_not_fit_the_place_are_refused_and_change_nothing(rig: Rig) -> None:
    await rig.waiting()
    for order in (
        rig.line.cancel_offer(CALL, OFFER),
        rig.line.release(CALL),
        rig.line.start_consult(CALL, OFFER, DESK, DESK),
        rig.line.complete_consult(CALL),
        rig.line.cancel_consult(CALL),
    ):
        with pytest.raises(Conflict):
            await order
    assert rig.sent == []


async def test_a_transfer_carries_team_priority_and_wanted_agent(rig: Rig) -> None:
    await rig.talking()
    await rig.line.requeue(CALL, TeamId("urban"), 2, AgentId("op0042"))
    assert rig.sent[-1] == Redirect(CALLER, Context.REQUEUE, "urban*2*op0042")


async def test_leaving_a_consultation_ends_the_operators_side_too(rig: Rig) -> None:
    await rig.consulting()
    before = len(rig.sent)
    await rig.line.requeue(CALL, TeamId("urban"), 0, None)
    assert rig.sent[before:] == [
        SetVariable(CALLER, "SHARED(CC_CONSULT)", "closed"),
        Redirect(CALLER, Context.REQUEUE, "urban*0*"),
        HangUp(PHONE),
    ]


async def test_a_caller_who_leaves_a_consultation_ends_it_for_all(rig: Rig) -> None:
    await rig.consulting()
    await rig.hear(told(Tell.HUNGUP, 4))
    assert rig.sent[-2:] == [HangUp(PHONE), HangUp(COLLEAGUE)]
    assert rig.names[-2:] == ["TalkEnded", "CallHungUp"]


@pytest.mark.parametrize(
    ("outcome", "left_alone"),
    [("completed", PHONE), ("cancelled", COLLEAGUE), ("failed", COLLEAGUE)],
)
async def test_who_is_left_alone_after_a_consultation_is_hung_up(
    rig: Rig, outcome: str, left_alone: str
) -> None:
    # Completing in the milliseconds between the colleague's answer and Asterisk's bridge left the
    # operator alone in a bridge for ever: one in 25 on a loaded machine.
    await rig.consulting()
    before = len(rig.sent)
    await rig.hear(told(Tell.JOINED, 4, consult=outcome))
    assert rig.sent[before:] == [HangUp(left_alone)]


async def test_a_hang_up_of_ours_is_marked_as_ours(rig: Rig) -> None:
    await rig.waiting()
    await rig.line.hang_up(CALL)
    assert rig.sent == [SetVariable(CALLER, "CC_ENDED", "platform"), HangUp(CALLER)]


async def test_reports_that_come_while_the_truth_is_read_follow_it(rig: Rig) -> None:
    await rig.waiting()
    rig.switch.lose()
    rig.switch.rows = [row("waiting", seq=5)]
    connecting = asyncio.create_task(rig.switch.connect())
    await asyncio.sleep(0)
    rig.line.on_report(told(Tell.WAITING, 5))  # contained in the truth already
    rig.line.on_report(told(Tell.HUNGUP, 6))
    await connecting
    await settle()
    assert rig.names == ["CallEntered", "CallWaiting", "LineLost", "LineRestored", "CallHungUp"]


async def test_a_caller_who_vanished_is_closed_before_the_line_is_restored(rig: Rig) -> None:
    await rig.talking()
    rig.switch.lose()
    await rig.switch.connect()
    await settle()
    assert rig.names[-4:] == ["LineLost", "TalkEnded", "CallHungUp", "LineRestored"]
    hung_up = rig.facts[-2]
    assert isinstance(hung_up, tel.CallHungUp) and hung_up.ended_by is tel.EndedBy.CALLER
    # The dialplan's own word may still come from a buffer: the call has ended once already.
    await rig.hear(told(Tell.HUNGUP, 9))
    assert rig.names.count("CallHungUp") == 1


async def test_callers_of_a_dead_asterisk_are_closed_as_a_fault(rig: Rig) -> None:
    await rig.waiting()
    rig.switch.lose()
    rig.switch.life = "second"
    await rig.switch.connect()
    await settle()
    hung_up = next(f for f in rig.facts if isinstance(f, tel.CallHungUp))
    assert hung_up.ended_by is tel.EndedBy.FAULT


async def test_a_link_that_stays_down_is_told_once(rig: Rig) -> None:
    rig.switch.lose("first")
    rig.switch.lose("second")
    await settle()
    assert rig.names == ["LineLost"]
    assert rig.line.state.reason == "second"


async def test_callers_in_the_native_queues_are_fetched_oldest_first(rig: Rig) -> None:
    rig.switch.lose()
    late = row("fallback", call_id=OTHER_CALL, channel="PJSIP/carrier-00000009")
    late = ChannelRow(
        late.channel, "", True, dict(late.variables) | {"CC_ARRIVED": "1795492999000"}
    )
    # A booth rings for the first of them; the second is rung for by nobody.
    ringing = ChannelRow(PHONE, "", False, {"CC_ROLE": "operator", "CC_LEG_OF": CALL})
    rig.switch.rows = [late, row("fallback"), ringing]
    await rig.switch.connect()
    await settle()
    assert rig.sent == [
        Redirect(CALLER, Context.WAITING, "s"),
        Redirect("PJSIP/carrier-00000009", Context.WAITING, "s"),
    ]


async def test_phones_are_told_only_when_they_change(rig: Rig) -> None:
    come, go = rp.ContactMoved(DESK, True), rp.ContactMoved(DESK, False)
    await rig.hear(come, come, go, go, come)
    changes = [f.reachable for f in rig.facts if isinstance(f, tel.EndpointChanged)]
    assert changes == [True, False, True]
    assert rig.line.reachable(DESK)


async def test_a_phone_that_moved_is_not_lost_with_its_old_address(rig: Rig) -> None:
    # Two simulations in a row left every second desk unreachable: Asterisk had qualified the new
    # contact before it told that the old one was removed.
    old, new = "sip:desk001@127.0.0.1:34579", "sip:desk001@127.0.0.1:57644"
    await rig.hear(
        rp.ContactMoved(DESK, True, old),
        rp.ContactMoved(DESK, True, new),
        rp.ContactMoved(DESK, False, old),
    )
    assert rig.line.reachable(DESK)
    await rig.hear(rp.ContactMoved(DESK, False, new))
    assert not rig.line.reachable(DESK)


async def test_fallback_members_are_the_difference_and_come_back_after_a_loss(rig: Rig) -> None:
    team = TeamId("labour")
    await rig.line.set_fallback_members({team: frozenset({DESK})})
    assert rig.sent == [JoinQueue(team, DESK)]
    rig.switch.lose()
    rig.switch.members = {team: frozenset({Endpoint("desk009")})}
    await rig.switch.connect()
    await settle()
    assert rig.sent[1:] == [JoinQueue(team, DESK), LeaveQueue(team, Endpoint("desk009"))]


async def test_an_answered_call_is_told_with_its_recording(rig: Rig) -> None:
    await rig.talking()
    await rig.hear(told(Tell.HUNGUP, 3, recorded_at=NOON))
    closed = rig.facts[-1]
    assert isinstance(closed, tel.RecordingClosed)
    assert (closed.file_name, closed.started_at) == (f"{CALL}.raw", NOON)


async def test_the_empty_file_of_an_unanswered_call_is_discarded(rig: Rig) -> None:
    await rig.waiting()
    await rig.hear(told(Tell.HUNGUP, 3, recorded_at=NOON))
    assert rig.spool.discarded == [CALL]
    assert "RecordingClosed" not in rig.names


async def test_recordings_of_calls_that_ended_unseen_are_told_after_a_return(rig: Rig) -> None:
    rig.spool.sizes = {OTHER_CALL: 32000}
    rig.switch.lose()
    await rig.switch.connect()
    await settle()
    closed = rig.facts[-1]
    assert isinstance(closed, tel.RecordingClosed) and closed.call_id == OTHER_CALL
    assert closed.started_at.timestamp() == 1795492774


async def test_the_beat_goes_on_while_the_line_is_up(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BEAT_EVERY_S", 0)
    restarted = Rig()
    await restarted.line.start()
    await settle()
    assert restarted.switch.orders == []
    await restarted.switch.connect()
    await settle()
    assert any(
        isinstance(o, SetVariable) and (o.channel, o.name) == (None, "CC_BEAT")
        for orders in restarted.switch.orders
        for o in orders
    )
    await restarted.line.stop()


# --- a promise to call back -------------------------------------------------------------------

NUMBER = PhoneNumber("13800138000")


async def test_a_caller_who_was_promised_a_callback_is_not_delivered(rig: Rig) -> None:
    await rig.waiting()
    assert rig.line.let_go(CALL, NUMBER)
    with pytest.raises(Conflict):
        await rig.line.deliver(CALL, OFFER, DESK, RING)
    assert rig.sent == []
    await rig.hear(told(Tell.CALLBACK, 3, number="13800138000"), told(Tell.HUNGUP, 4))
    assert rig.names == ["CallEntered", "CallWaiting", "CallbackAsked", "CallHungUp"]
    asked = rig.facts[2]
    assert isinstance(asked, tel.CallbackAsked)
    assert (asked.number, asked.team, asked.first_arrival_at) == (NUMBER, "general", NOON)


async def test_a_caller_whose_turn_came_first_is_not_promised_anything(rig: Rig) -> None:
    await rig.waiting()
    delivery = asyncio.create_task(rig.line.deliver(CALL, OFFER, DESK, RING))
    await settle()
    assert not rig.line.let_go(CALL, NUMBER)
    await rig.hear(rp.LegDialled(CALLER, PHONE))
    await delivery


async def test_a_promise_whose_answer_was_lost_is_taken_back_by_the_next_question(
    rig: Rig,
) -> None:
    await rig.waiting()
    rig.line.let_go(CALL, NUMBER)
    rig.line.still_waits(CALL)
    delivery = asyncio.create_task(rig.line.deliver(CALL, OFFER, DESK, RING))
    await settle()
    await rig.hear(rp.LegDialled(CALLER, PHONE))
    await delivery
    assert "CallbackAsked" not in rig.names


@pytest.mark.parametrize("still_there", [True, False])
async def test_a_promise_told_into_a_cut_link_is_told_before_the_truth(
    rig: Rig, still_there: bool
) -> None:
    await rig.waiting()
    rig.line.let_go(CALL, NUMBER)
    rig.switch.lose()
    leaving = row("leaving")
    variables = {**leaving.variables, "CC_CALLBACK_NUMBER": NUMBER.digits}
    rig.switch.rows = [replace(leaving, variables=variables)] if still_there else []
    await rig.switch.connect()
    await settle()
    heard = rig.names[2:]
    gone = [] if still_there else ["CallHungUp"]
    assert heard == ["LineLost", "CallbackAsked", *gone, "LineRestored"]
    rig.switch.lose()
    await rig.switch.connect()
    await settle()
    assert rig.names.count("CallbackAsked") == 1


async def test_without_a_link_nothing_is_promised(rig: Rig) -> None:
    await rig.waiting()
    rig.switch.lose()
    await settle()
    assert not rig.line.let_go(CALL, NUMBER)


# --- a message ---------------------------------------------------------------------------------


async def test_a_message_ends_the_wait_and_is_the_calls_recording(rig: Rig) -> None:
    await rig.waiting()
    rig.line.message_begins(CALL)
    assert rig.line.let_go(CALL, NUMBER, 7)
    with pytest.raises(Conflict):
        await rig.line.deliver(CALL, OFFER, DESK, RING)
    rig.spool.sizes[CALL] = 64_000
    left = told(Tell.MESSAGE, 3, number=NUMBER.digits, message_s=7)
    await rig.hear(left, told(Tell.HUNGUP, 4, number=NUMBER.digits, message_s=7))
    await settle()
    assert rig.names[2:] == ["MessageLeft", "CallHungUp", "RecordingClosed"]
    message = rig.facts[2]
    assert isinstance(message, tel.MessageLeft)
    assert (message.number, message.spoken) == (NUMBER, timedelta(seconds=7))
    assert rig.spool.dropped == []


async def test_who_hangs_up_at_the_end_of_the_message_has_left_it(rig: Rig) -> None:
    await rig.waiting()
    rig.line.message_begins(CALL)
    await rig.hear(told(Tell.HUNGUP, 3, number=NUMBER.digits, message_s=9))
    assert rig.names[2:4] == ["MessageLeft", "CallHungUp"]


async def test_a_message_that_was_not_left_is_dropped(rig: Rig) -> None:
    await rig.waiting()
    rig.line.message_begins(CALL)
    await rig.hear(told(Tell.HUNGUP, 3))
    assert rig.names[2:] == ["CallHungUp"]
    assert rig.spool.dropped == [CALL] and rig.spool.discarded == [CALL]


# --- let go from the menu -----------------------------------------------------------------------

PLACE = tel.PlaceInLine(TeamId("labour"), Language.CANTONESE, 1, NOON + timedelta(seconds=3.0004))


async def test_a_caller_in_the_menu_is_promised_a_callback_with_the_place_of_the_choice(
    rig: Rig,
) -> None:
    await rig.hear(told(Tell.ENTERED, 1, team=None, arrived_at=None))
    assert not rig.line.let_go(CALL, NUMBER), "without a place there is nothing to keep"
    assert rig.line.let_go(CALL, NUMBER, None, PLACE)
    since = NOON + timedelta(seconds=3)
    asked = told(
        Tell.CALLBACK,
        2,
        team=PLACE.team,
        language=PLACE.language,
        priority=1,
        arrived_at=since,
        number=NUMBER.digits,
    )
    await rig.hear(asked, told(Tell.HUNGUP, 3))
    assert rig.names == ["CallEntered", "CallbackAsked", "CallHungUp"]
    fact = rig.facts[1]
    assert isinstance(fact, tel.CallbackAsked)
    assert (fact.team, fact.language, fact.priority) == ("labour", Language.CANTONESE, 1)
    assert fact.first_arrival_at == since
    assert rig.sent == [], "the channel's own stamp is right"


async def test_who_waits_is_not_let_go_as_from_the_menu(rig: Rig) -> None:
    await rig.waiting()
    assert not rig.line.let_go(CALL, NUMBER, None, PLACE)


async def test_who_hangs_up_at_the_end_of_a_message_in_the_menu_has_left_it(rig: Rig) -> None:
    await rig.hear(told(Tell.ENTERED, 1, team=None, arrived_at=None))
    rig.line.message_begins(CALL, PLACE)
    rig.spool.sizes[CALL] = 64_000
    await rig.hear(told(Tell.HUNGUP, 2, team=None, number=NUMBER.digits, message_s=9))
    await settle()
    assert rig.names == ["CallEntered", "MessageLeft", "CallHungUp", "RecordingClosed"]
    message = rig.facts[1]
    assert isinstance(message, tel.MessageLeft)
    assert (message.team, message.language) == ("labour", Language.CANTONESE)


async def test_a_promise_in_the_menu_that_nobody_heard_the_end_of_is_told(rig: Rig) -> None:
    await rig.hear(told(Tell.ENTERED, 1, team=None, arrived_at=None))
    rig.line.let_go(CALL, NUMBER, None, PLACE)
    rig.switch.lose()
    rig.switch.rows = []
    await rig.switch.connect()
    await settle()
    assert rig.names[1:] == ["LineLost", "CallbackAsked", "CallHungUp", "LineRestored"]


async def test_who_is_in_the_menu_and_was_promised_nothing_just_goes(rig: Rig) -> None:
    await rig.hear(told(Tell.ENTERED, 1, team=None, arrived_at=None))
    rig.line.message_begins(CALL, PLACE)
    await rig.hear(told(Tell.HUNGUP, 2, team=None))
    assert rig.names == ["CallEntered", "CallHungUp"]
