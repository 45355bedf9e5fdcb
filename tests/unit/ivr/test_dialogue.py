"""The services: sessions of live calls, the events they publish, and calls they do not know."""

from __future__ import annotations

import pytest

from ivr.core.saying import Stage as Stage_
from ivr.enquiries import Enquiries
from ivr.ports import OrderProgress
from ivr.service import Dialogue, Survey
from kernel.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallQueued,
    CallTransferredOut,
    MenuKeyPressed,
    MenuStepEntered,
    SolvedAnswered,
    SurveyAnswered,
    SurveyAsked,
)
from kernel.ids import AgentId, BoothId, CallId, EventId, OfferId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber, clean
from kernel.telephony import (
    CallEntered,
    CallerInput,
    Collect,
    Disconnect,
    EnterQueue,
    InputKind,
    Prompt,
    TransferOut,
)
from tests.fakes.bus import CollectingBus
from tests.fakes.caller_memory import DictCallerMemory
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds
from tests.fakes.ivr_world import DictOrderBook, SetSurroundings
from tests.fakes.line_book import DictLineBook, OldLine
from tests.fakes.log import KeptLog
from tests.fakes.notice_store import NoticeRoom
from tests.unit.ivr.shipped import main_flow, survey_flow

CALL = CallId("gz-1795521600-1")
MOBILE = clean("13800138000")


class Stage:
    """A dialogue and a survey with everything around them held in memory."""

    def __init__(self) -> None:
        self.bus = CollectingBus()
        self.memory = DictCallerMemory()
        self.log = KeptLog()
        self.lines = DictLineBook({"12333": OldLine("人社咨询热线", TeamId("labour"))})
        self.surroundings = SetSurroundings()
        self.orders = DictOrderBook()
        self.notices = NoticeRoom()
        clock, ids = SetClock(), CountedIds()
        self.dialogue = Dialogue(
            flow=main_flow(),
            lines=self.lines,
            memory=self.memory,
            surroundings=self.surroundings,
            enquiries=Enquiries(self.orders, self.log, deadline_s=0.02),
            notices=self.notices.notices,
            bus=self.bus,
            clock=clock,
            ids=ids,
            log=self.log,
        )
        self.survey = Survey(flow=survey_flow(), bus=self.bus, clock=clock, ids=ids, log=self.log)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def entered(dnis: str = "12345", ani: PhoneNumber = MOBILE, name: str = "") -> CallEntered:
    return CallEntered(CALL, ani, name, dnis, NOON)


def keys(digits: str) -> CallerInput:
    return CallerInput(InputKind.DIGITS if digits else InputKind.SILENCE, digits, NOON)


async def test_call_is_announced_once_with_its_line(stage: Stage) -> None:
    await stage.dialogue.begin(entered("12333"))
    await stage.dialogue.begin(entered("12333"))
    (arrived,) = stage.bus.of(CallArrived)
    assert (arrived.ani, arrived.dnis) == ("13800138000", "12333")
    assert (arrived.line_name, arrived.team) == ("人社咨询热线", "labour")


async def test_asking_twice_gives_the_same_instruction(stage: Stage) -> None:
    first = await stage.dialogue.begin(entered())
    assert await stage.dialogue.begin(entered()) == first


async def test_unknown_dialled_number_is_treated_as_12345(stage: Stage) -> None:
    instruction = await stage.dialogue.begin(entered("99999"))
    assert isinstance(instruction, Collect)
    (arrived,) = stage.bus.of(CallArrived)
    assert arrived.line_name is None
    assert arrived.team is None


async def test_path_through_the_menu_is_published_with_the_flow_version(stage: Stage) -> None:
    await stage.dialogue.begin(entered())
    instruction = await stage.dialogue.next(CALL, keys("3"))
    assert isinstance(instruction, EnterQueue)
    assert [e.step for e in stage.bus.of(MenuStepEntered)] == [
        "opening",
        "direct_opening",
        "greeting_three",
        "labour",
    ]
    assert {e.flow_version for e in stage.bus.of(MenuStepEntered)} == {main_flow().version}
    (pressed,) = stage.bus.of(MenuKeyPressed)
    assert (pressed.step, pressed.keys) == ("greeting_three", "3")


async def test_silence_is_published_as_no_keys(stage: Stage) -> None:
    await stage.dialogue.begin(entered())
    await stage.dialogue.next(CALL, keys(""))
    assert [e.keys for e in stage.bus.of(MenuKeyPressed)] == [""]


async def test_transfer_to_an_emergency_number_is_published(stage: Stage) -> None:
    await stage.dialogue.begin(entered())
    await stage.dialogue.next(CALL, keys("1"))
    instruction = await stage.dialogue.next(CALL, keys("10"))
    assert isinstance(instruction, TransferOut)
    assert [e.number for e in stage.bus.of(CallTransferredOut)] == ["110"]


async def test_chosen_language_is_remembered_for_the_number(stage: Stage) -> None:
    await stage.dialogue.begin(entered())
    await stage.dialogue.next(CALL, keys("9"))
    await stage.dialogue.next(CALL, keys("3"))
    assert stage.memory.known == {"13800138000": Language.ENGLISH}
    assert stage.dialogue.language(CALL) is Language.ENGLISH


async def test_remembered_number_is_greeted_in_its_language(stage: Stage) -> None:
    stage.memory.known["13800138000"] = Language.CANTONESE
    instruction = await stage.dialogue.begin(entered())
    assert instruction.prompts[0] == Prompt("welcome", Language.CANTONESE)


async def test_anonymous_caller_is_served_and_not_remembered(stage: Stage) -> None:
    await stage.dialogue.begin(entered(ani=clean("anonymous")))
    await stage.dialogue.next(CALL, keys("9"))
    await stage.dialogue.next(CALL, keys("2"))
    assert stage.memory.known == {}
    (arrived,) = stage.bus.of(CallArrived)
    assert arrived.ani == ""


async def test_call_unknown_after_a_restart_goes_to_a_person(stage: Stage) -> None:
    instruction = await stage.dialogue.next(CALL, keys("3"))
    assert isinstance(instruction, EnterQueue)
    assert (instruction.team, instruction.language) == ("general", Language.MANDARIN)
    assert stage.log.events == ["unknown_call_sent_to_a_person"]


async def test_call_finishes_on_the_version_it_began_with(stage: Stage) -> None:
    await stage.dialogue.begin(entered())
    stage.dialogue.switch(survey_flow())
    instruction = await stage.dialogue.next(CALL, keys("4"))
    assert isinstance(instruction, EnterQueue)
    assert instruction.team == "security"


async def test_ended_call_is_forgotten(stage: Stage) -> None:
    await stage.dialogue.begin(entered())
    assert stage.dialogue.live_calls() == 1
    await stage.dialogue.on_call_ended(ended())
    assert stage.dialogue.live_calls() == 0
    stage.dialogue.forget(CALL)


@pytest.mark.parametrize("digits", ["#" * 10_000, "3\x00", "abc", "３"])
async def test_strange_keys_neither_fail_nor_strand_the_caller(stage: Stage, digits: str) -> None:
    await stage.dialogue.begin(entered())
    await stage.dialogue.next(CALL, keys(digits))
    instruction = await stage.dialogue.next(CALL, keys(digits))
    assert isinstance(instruction, EnterQueue)
    assert all(len(e.keys) <= 16 for e in stage.bus.of(MenuKeyPressed))


async def test_progress_of_an_order_is_asked_and_said_in_one_answer(stage: Stage) -> None:
    stage.orders.orders["20261124000123", "8000"] = OrderProgress(Stage_.SENT, NOON)
    await stage.dialogue.begin(entered())
    for typed in ("6", "1", "20261124000123"):
        await stage.dialogue.next(CALL, keys(typed))
    told = await stage.dialogue.next(CALL, keys("8000"))
    assert Prompt("order_sent", Language.MANDARIN) in told.prompts
    assert "20261124000123" not in str(stage.bus.published)


@pytest.mark.parametrize("fate", ["silent", "broken"])
async def test_caller_whose_lookup_gets_no_answer_goes_on_to_a_person(
    stage: Stage, fate: str
) -> None:
    setattr(stage.orders, fate, True)
    await stage.dialogue.begin(entered())
    for typed in ("6", "1", "20261124000123"):
        await stage.dialogue.next(CALL, keys(typed))
    sorry = await stage.dialogue.next(CALL, keys("8000"))
    assert sorry.prompts == (Prompt("progress_failed", Language.MANDARIN),)
    person = await stage.dialogue.next(CALL, CallerInput(InputKind.PLAYED, "", NOON))
    assert isinstance(person, EnterQueue)


# --- survey -----------------------------------------------------------------------------------


def ended() -> CallEnded:
    return CallEnded(
        event_id=EventId("e3"),
        occurred_at=NOON,
        call_id=CALL,
        outcome="answered",
        ended_by="caller",
        cause=16,
    )


async def conversation(stage: Stage) -> None:
    await stage.survey.on_event(
        CallQueued(
            event_id=EventId("e1"),
            occurred_at=NOON,
            call_id=CALL,
            team=TeamId("labour"),
            language=Language.CANTONESE,
            priority=0,
            position=1,
            cause="entry",
            first_arrival_at=NOON,
        )
    )
    await stage.survey.on_event(
        CallAnswered(
            event_id=EventId("e2"),
            occurred_at=NOON,
            call_id=CALL,
            offer_id=OfferId(f"{CALL}.1"),
            agent_id=AgentId("op0001"),
            booth_id=BoothId("001"),
            team=TeamId("labour"),
            waited_s=3.0,
        )
    )


async def test_score_is_published_with_the_operator_who_answered(stage: Stage) -> None:
    await conversation(stage)
    question = await stage.survey.begin(CALL)
    assert question.prompts == (Prompt("survey_solved", Language.CANTONESE),)
    (asked,) = stage.bus.of(SurveyAsked)
    assert (asked.call_id, asked.agent_id, asked.team) == (CALL, "op0001", "labour")
    question = await stage.survey.next(CALL, keys("3"))
    assert question.prompts == (Prompt("survey_question", Language.CANTONESE),)
    (solved,) = stage.bus.of(SolvedAnswered)
    assert (solved.call_id, solved.agent_id, solved.solved) == (CALL, "op0001", "no")
    goodbye = await stage.survey.next(CALL, keys("2"))
    assert isinstance(goodbye, Disconnect)
    (answer,) = stage.bus.of(SurveyAnswered)
    assert (answer.call_id, answer.agent_id, answer.score) == (CALL, "op0001", 2)


async def test_silence_in_the_survey_publishes_no_score(stage: Stage) -> None:
    await conversation(stage)
    await stage.survey.begin(CALL)
    assert isinstance(await stage.survey.next(CALL, keys("")), Disconnect)
    assert stage.bus.of(SurveyAnswered) == []
    assert stage.bus.of(SolvedAnswered) == []
    assert len(stage.bus.of(SurveyAsked)) == 1, "asked, and not rated"


async def test_being_asked_again_after_the_score_counts_it_once(stage: Stage) -> None:
    await stage.survey.begin(CALL)
    await stage.survey.next(CALL, keys("1"))
    await stage.survey.next(CALL, keys("1"))
    assert isinstance(await stage.survey.next(CALL, keys("1")), Disconnect)
    assert len(stage.bus.of(SurveyAnswered)) == 1


async def test_survey_asked_twice_to_begin_gives_the_same_question(stage: Stage) -> None:
    assert await stage.survey.begin(CALL) == await stage.survey.begin(CALL)
    assert len(stage.bus.of(SurveyAsked)) == 1


async def test_survey_of_a_call_from_before_a_restart_asks_in_mandarin(stage: Stage) -> None:
    question = await stage.survey.begin(CALL)
    assert question.prompts[0].language is Language.MANDARIN


async def test_survey_lost_in_a_restart_ends_politely(stage: Stage) -> None:
    assert await stage.survey.next(CALL, keys("1")) == Disconnect(
        (Prompt("farewell", Language.MANDARIN),)
    )


async def test_ended_call_leaves_nothing_behind_in_the_survey(stage: Stage) -> None:
    await conversation(stage)
    await stage.survey.begin(CALL)
    await stage.survey.on_event(ended())
    question = await stage.survey.begin(CALL)
    assert question.prompts[0].language is Language.MANDARIN
