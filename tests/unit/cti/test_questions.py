"""Each question of the dialplan gets an answer, whatever happens behind it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from cti import questions as module
from cti.core import reports as rp
from cti.core.answers import in_folder
from cti.core.reports import Begun
from cti.questions import Questions
from kernel import telephony as tel
from kernel.ids import CallId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber
from tests.fakes.caller_dialogue import (
    GREETING,
    ScriptedAnnouncer,
    ScriptedDialogue,
    ScriptedGreeter,
    ScriptedKeys,
    ScriptedSurvey,
)
from tests.fakes.clock import NOON, SetClock
from tests.fakes.log import KeptLog

CALL = CallId("gz1-1795492774-0")
WAITING = [CALL, "labour", "yue", "13800138000", "1795492774123"]


@dataclass(frozen=True)
class NamedEar:
    key: str = "8b1c9e0e-9d1f-4a2b-8c3d-0123456789ab"
    port: int = 40001


class HandEars:
    """Fills `Ears`: opens when it may, and has heard what the test says."""

    def __init__(self) -> None:
        self.ear: NamedEar | None = NamedEar()
        self.opened: list[tuple[CallId, tel.Listen]] = []
        self.closed: list[CallId] = []
        self.said = tel.CallerInput(tel.InputKind.HEARD, "", NOON, "社保", 0.9)

    def open(self, call_id: CallId, listen: tel.Listen) -> NamedEar | None:
        self.opened.append((call_id, listen))
        return self.ear

    def close(self, call_id: CallId) -> None:
        self.closed.append(call_id)

    async def heard(self, call_id: CallId) -> tel.CallerInput:
        return self.said


class Desk:
    def __init__(self) -> None:
        self.ears = HandEars()
        self.dialogue = ScriptedDialogue()
        self.survey = ScriptedSurvey()
        self.announcer = ScriptedAnnouncer()
        self.log = KeptLog()
        self.keys = ScriptedKeys()
        self.greeter = ScriptedGreeter()
        self.begun: list[rp.Report] = []
        self.promised: list[tuple[CallId, PhoneNumber]] = []
        self.lets_go = True
        self.spoken: list[int | None] = []
        self.speaking: list[CallId] = []
        self.places: list[tel.PlaceInLine | None] = []
        self.questions = Questions(
            dialogue=self.dialogue,
            announcer=self.announcer,
            keys=self.keys,
            greeter=self.greeter,
            survey=self.survey,
            ears=self.ears,
            clock=SetClock(),
            log=self.log,
            place=in_folder("/p"),
            default_team=TeamId("general"),
            callers=self,
        )

    def on_report(self, report: rp.Report) -> None:
        self.begun.append(report)

    def let_go(
        self,
        call_id: CallId,
        number: PhoneNumber,
        spoken_s: int | None = None,
        place: tel.PlaceInLine | None = None,
    ) -> bool:
        self.promised.append((call_id, number))
        self.places.append(place)
        self.spoken.append(spoken_s)
        return self.lets_go

    def message_begins(self, call_id: CallId, place: tel.PlaceInLine | None = None) -> None:
        self.speaking.append(call_id)
        self.places.append(place)

    def still_waits(self, call_id: CallId) -> None:
        self.promised.clear()


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
    assert await desk.questions.answer("waiting/turn", WAITING) == {"CC_PLAY": ""}
    desk.announcer.prompts = (GREETING,)
    assert await desk.questions.answer("waiting/turn", WAITING) == {"CC_PLAY": "/p/zh/greeting"}


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
    assert await desk.questions.answer("waiting/turn", WAITING) == {}


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


async def test_a_key_comes_with_all_that_is_known_of_the_caller() -> None:
    desk = Desk()
    answer = await desk.questions.answer("waiting/key", [*WAITING, "1"])
    assert answer["CC_DO"] == "collect"
    ((caller, key),) = desk.keys.pressed
    assert (caller.call_id, caller.team, caller.language) == (CALL, "labour", Language.CANTONESE)
    assert (caller.ani.digits, key) == ("13800138000", "1")
    assert int(caller.first_arrival_at.timestamp() * 1000) == 1795492774123


async def test_a_promise_is_marked_before_it_is_told_to_the_dialplan() -> None:
    desk = Desk()
    await desk.questions.answer("waiting/key", [*WAITING, "1"])
    answer = await desk.questions.answer("waiting/next", [CALL, "digits", "1"])
    assert (answer["CC_DO"], answer["CC_NUMBER"]) == ("callback", "13800138000")
    assert desk.promised == [(CALL, PhoneNumber("13800138000"))]


async def test_a_caller_whose_turn_has_come_is_not_let_go() -> None:
    desk = Desk()
    desk.lets_go = False
    await desk.questions.answer("waiting/key", [*WAITING, "1"])
    answer = await desk.questions.answer("waiting/next", [CALL, "digits", "1"])
    assert answer == {"CC_PLAY": "", "CC_DO": "wait"}


async def test_a_question_from_the_loop_takes_a_lost_promise_back() -> None:
    desk = Desk()
    desk.promised.append((CALL, PhoneNumber("13800138000")))
    await desk.questions.answer("waiting/turn", WAITING)
    assert desk.promised == []


@pytest.mark.parametrize("args", [[*WAITING, "1"], [CALL], [CALL, "labour"]])
async def test_faulty_keys_leave_the_caller_waiting(args: list[str]) -> None:
    desk = Desk()
    desk.keys.fault = RuntimeError("a bug")
    answer = await desk.questions.answer("waiting/key", args)
    assert answer == {"CC_PLAY": "", "CC_DO": "wait"}


async def test_a_message_is_marked_with_what_was_spoken() -> None:
    desk = Desk()
    await desk.questions.answer("waiting/key", [*WAITING, "2"])
    assert desk.speaking == [CALL]
    answer = await desk.questions.answer("waiting/next", [CALL, "message", "7"])
    assert answer["CC_DO"] == "taken"
    assert (desk.promised, desk.spoken) == ([(CALL, PhoneNumber("13800138000"))], [7])
    desk.lets_go = False
    answer = await desk.questions.answer("waiting/next", [CALL, "message", "7"])
    assert answer["CC_DO"] == "wait"


LISTEN = tel.Listen((GREETING,), Language.MANDARIN, 2, timedelta(seconds=3))


async def test_a_caller_is_listened_to_and_what_was_heard_never_passes_through_the_dialplan() -> (
    None
):
    desk = Desk()
    desk.dialogue.first = LISTEN
    answer = await desk.questions.answer("dialogue/begin", [CALL, "13800138000", "", "12345"])
    assert dict(answer) == {
        "CC_EAR": NamedEar.key,
        "CC_EAR_PORT": "40001",
        # For a caller who pressed keys before.
        "CC_MAX": "2",
        "CC_TIMEOUT": "3.0",
        "CC_FRESH": "",
        "CC_DO": "listen",
    }
    assert list(answer)[-1] == "CC_DO"
    assert desk.ears.opened == [(CALL, LISTEN)]
    await desk.questions.answer("dialogue/next", [CALL, "listened", "9"])
    assert desk.dialogue.said == [(CALL, desk.ears.said)]


async def test_the_dialplan_is_told_how_many_of_the_keys_it_noted_a_listening_took() -> None:
    desk = Desk()
    heard = [
        (tel.InputKind.DIGITS, "42", "2"),
        (tel.InputKind.HEARD, "", None),
        (tel.InputKind.SILENCE, "", None),
    ]
    for kind, digits, taken in heard:
        desk.ears.said = tel.CallerInput(kind, digits, NOON)
        answer = await desk.questions.answer("dialogue/next", [CALL, "listened", ""])
        assert answer.get("CC_TAKEN") == taken
        assert list(answer)[-1] == "CC_DO"
    answer = await desk.questions.answer("dialogue/next", [CALL, "digits", "42"])
    assert "CC_TAKEN" not in answer


async def test_an_ear_to_which_nobody_comes_is_closed() -> None:
    """Keys were there before the listening began, and answered in its place."""
    desk = Desk()
    desk.dialogue.first = LISTEN
    await desk.questions.answer("dialogue/begin", [CALL, "13800138000", "", "12345"])
    assert desk.ears.closed == []
    await desk.questions.answer("dialogue/next", [CALL, "digits", "3"])
    assert desk.ears.closed == [CALL]
    assert [given.digits for _, given in desk.dialogue.said] == ["3"]


async def test_when_nobody_can_listen_keys_are_collected() -> None:
    desk = Desk()
    desk.dialogue.first = LISTEN
    desk.ears.ear = None
    answer = await desk.questions.answer("dialogue/begin", [CALL, "13800138000", "", "12345"])
    assert (answer["CC_DO"], answer["CC_MAX"], answer["CC_TIMEOUT"]) == ("collect", "2", "3.0")


@pytest.mark.parametrize("key", ["", "1", "8b1c9e0e-9d1f-4a2b-8c3d-0123456789ab,x", "x" * 36])
async def test_a_name_that_could_mean_something_in_the_dialplan_is_not_sent(key: str) -> None:
    desk = Desk()
    desk.dialogue.first = LISTEN
    desk.ears.ear = NamedEar(key)
    answer = await desk.questions.answer("dialogue/begin", [CALL, "13800138000", "", "12345"])
    assert (answer["CC_DO"], answer["CC_TEAM"]) == ("queue", "general")
    assert "CC_EAR" not in answer


# --- let go from the menu -----------------------------------------------------------------------

OWN = PhoneNumber("13800138000")
PLACE = tel.PlaceInLine(TeamId("labour"), Language.CANTONESE, 2, NOON)


async def test_a_caller_in_the_menu_is_let_go_with_the_place_that_waiting_would_have_given() -> (
    None
):
    desk = Desk()
    desk.dialogue.then = lambda said: tel.PromiseCallback(OWN, (), PLACE)
    answer = await desk.questions.answer("dialogue/next", [CALL, "digits", "1"])
    assert (desk.promised, desk.places) == ([(CALL, OWN)], [PLACE])
    assert answer == {
        "CC_PLAY": "",
        "CC_TEAM": "labour",
        "CC_LANGUAGE": "yue",
        "CC_PRIORITY": "2",
        "CC_ARRIVED": str(int(NOON.timestamp() * 1000)),
        "CC_NUMBER": "13800138000",
        "CC_DO": "callback",
    }


@pytest.mark.parametrize(
    "wish", [tel.PromiseCallback(OWN, (), PLACE), tel.KeepMessage(OWN, (), PLACE)]
)
async def test_whoever_cannot_be_let_go_from_the_menu_waits_in_the_line_of_his_choice(
    wish: tel.Instruction,
) -> None:
    desk = Desk()
    desk.lets_go = False
    desk.dialogue.then = lambda said: wish
    answer = await desk.questions.answer("dialogue/next", [CALL, "digits", "1"])
    assert (answer["CC_DO"], answer["CC_TEAM"], answer["CC_PRIORITY"]) == ("queue", "labour", "2")


async def test_a_message_in_the_menu_is_marked_when_it_begins() -> None:
    desk = Desk()
    short, long = timedelta(seconds=3), timedelta(seconds=60)
    spoken = tel.TakeMessage(OWN, (), short, short, long, PLACE)
    desk.dialogue.then = lambda said: spoken
    answer = await desk.questions.answer("dialogue/next", [CALL, "digits", "8"])
    assert (answer["CC_DO"], answer["CC_TEAM"]) == ("message", "labour")
    assert (desk.speaking, desk.places) == ([CALL], [PLACE])
