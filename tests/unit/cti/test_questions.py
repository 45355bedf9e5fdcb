"""Each question of the dialplan gets an answer, whatever happens behind it."""

from __future__ import annotations

import asyncio

import pytest

from cti import questions as module
from cti.core.reports import Begun
from cti.questions import Questions
from kernel import telephony as tel
from kernel.ids import CallId, TeamId
from kernel.language import Language
from tests.fakes.caller_dialogue import (
    GREETING,
    ScriptedAnnouncer,
    ScriptedDialogue,
    ScriptedSurvey,
)
from tests.fakes.clock import SetClock
from tests.fakes.log import KeptLog

CALL = CallId("gz1-1795492774-0")


class Desk:
    def __init__(self) -> None:
        self.dialogue = ScriptedDialogue()
        self.survey = ScriptedSurvey()
        self.announcer = ScriptedAnnouncer()
        self.log = KeptLog()
        self.begun: list[Begun] = []
        self.questions = Questions(
            dialogue=self.dialogue,
            announcer=self.announcer,
            survey=self.survey,
            clock=SetClock(),
            log=self.log,
            prompts_dir="/p",
            default_team=TeamId("general"),
            on_begun=self.begun.append,
        )


async def test_a_call_begins_with_a_clean_number_and_a_readable_name() -> None:
    desk = Desk()
    answer = await desk.questions.answer(
        "dialogue/begin", [CALL, "+8613800138000", "%E5%BC%A0%E4%B8%89", "12345"]
    )
    assert answer["CC_DO"] == "collect"
    entered = desk.dialogue.begun[0]
    assert (entered.ani.digits, entered.caller_name, entered.dnis) == (
        "13800138000",
        "张三",
        "12345",
    )
    assert desk.begun == [Begun(CALL, "+8613800138000", "张三", "12345")]


async def test_what_the_caller_did_reaches_the_dialogue() -> None:
    desk = Desk()
    answer = await desk.questions.answer("dialogue/next", [CALL, "digits", "3"])
    assert (answer["CC_DO"], answer["CC_TEAM"]) == ("queue", "labour")
    await desk.questions.answer("survey/next", [CALL, "silence"])
    assert desk.survey.scores == [""]


async def test_the_announcer_may_be_silent() -> None:
    desk = Desk()
    assert await desk.questions.answer("waiting/turn", [CALL]) == {"CC_PLAY": ""}
    desk.announcer.prompts = (GREETING,)
    assert await desk.questions.answer("waiting/turn", [CALL]) == {"CC_PLAY": "/p/zh/greeting"}


@pytest.mark.parametrize("path", ["dialogue/begin", "dialogue/next"])
async def test_a_faulty_dialogue_leads_to_the_default_team(path: str) -> None:
    desk = Desk()
    desk.dialogue.fault = RuntimeError("a bug")
    answer = await desk.questions.answer(path, [CALL, "silence", ""])
    assert (answer["CC_DO"], answer["CC_TEAM"]) == ("queue", "general")
    assert desk.log.events == ["question_failed"]


async def test_a_dialogue_that_hangs_leads_to_the_default_team(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "ANSWER_DEADLINE_S", 0.01)
    desk = Desk()

    async def never(call: tel.CallEntered) -> tel.Instruction:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(desk.dialogue, "begin", never)
    answer = await desk.questions.answer("dialogue/begin", [CALL, "", "", "12345"])
    assert answer["CC_DO"] == "queue"


async def test_a_faulty_survey_lets_the_caller_go() -> None:
    desk = Desk()
    desk.survey.first = tel.Play((tel.Prompt("../evil", Language.MANDARIN),))
    answer = await desk.questions.answer("survey/begin", [CALL])
    assert answer["CC_DO"] == "hangup"


async def test_a_faulty_announcement_is_silence() -> None:
    desk = Desk()
    desk.announcer.prompts = (tel.Prompt("../evil", Language.MANDARIN),)
    assert await desk.questions.answer("waiting/turn", [CALL]) == {}


@pytest.mark.parametrize("args", [[], [""], ["../../x"], ["gz1-1-1\n"]])
async def test_a_question_without_a_call_is_not_answered(args: list[str]) -> None:
    desk = Desk()
    assert await desk.questions.answer("dialogue/begin", args) == {}
    assert desk.dialogue.begun == []


@pytest.mark.parametrize("kind", ["", "shouted"])
async def test_an_unknown_kind_of_input_leads_to_a_person(kind: str) -> None:
    desk = Desk()
    answer = await desk.questions.answer("dialogue/next", [CALL, kind, ""])
    assert answer["CC_DO"] == "queue"
