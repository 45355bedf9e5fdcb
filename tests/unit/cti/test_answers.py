"""Instructions become the variables that the dialplan obeys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cti.core.answers import CHUNK_BYTES, answer, in_folder, play
from kernel import telephony as tel
from kernel.ids import TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber

PLACE = in_folder("/p")
HELLO = tel.Prompt("greeting", Language.MANDARIN)
KEYS = tel.Prompt("menu/keys", Language.CANTONESE)


def test_each_instruction_sets_its_variables_and_what_to_do_last() -> None:
    cases: list[tuple[tel.Instruction | tel.WaitingAnswer, dict[str, str]]] = [
        (tel.Play((HELLO, KEYS)), {"CC_PLAY": "/p/zh/greeting&/p/yue/menu/keys", "CC_DO": "play"}),
        (
            tel.Collect((HELLO,), 3, timedelta(milliseconds=2500)),
            {
                "CC_PLAY": "/p/zh/greeting",
                "CC_MAX": "3",
                "CC_TIMEOUT": "2.5",
                "CC_FRESH": "",
                "CC_DO": "collect",
            },
        ),
        (
            tel.Listen((HELLO,), Language.MANDARIN, 1, timedelta(seconds=2)),
            {
                "CC_PLAY": "/p/zh/greeting",
                "CC_MAX": "1",
                "CC_TIMEOUT": "2.0",
                "CC_FRESH": "",
                "CC_DO": "collect",
            },
        ),
        (
            tel.Collect((), 1, timedelta(seconds=2), fresh=True),
            {
                "CC_PLAY": "",
                "CC_MAX": "1",
                "CC_TIMEOUT": "2.0",
                "CC_FRESH": "yes",
                "CC_DO": "collect",
            },
        ),
        (
            tel.EnterQueue(TeamId("labour"), Language.ENGLISH, -1),
            {
                "CC_PLAY": "",
                "CC_TEAM": "labour",
                "CC_LANGUAGE": "en",
                "CC_PRIORITY": "-1",
                "CC_DO": "queue",
            },
        ),
        (tel.TransferOut("110"), {"CC_PLAY": "", "CC_NUMBER": "110", "CC_DO": "out"}),
        (tel.Disconnect(), {"CC_PLAY": "", "CC_DO": "hangup"}),
        (tel.KeepWaiting((HELLO,)), {"CC_PLAY": "/p/zh/greeting", "CC_DO": "wait"}),
        (
            tel.TakeMessage(
                PhoneNumber("13800138000"),
                (HELLO,),
                timedelta(seconds=3),
                timedelta(seconds=5),
                timedelta(seconds=120),
            ),
            {
                "CC_PLAY": "/p/zh/greeting",
                "CC_NUMBER": "13800138000",
                "CC_SHORTEST": "3",
                "CC_SILENCE": "5",
                "CC_MAX": "120",
                "CC_DO": "message",
            },
        ),
        (tel.KeepMessage(PhoneNumber("13800138000")), {"CC_PLAY": "", "CC_DO": "taken"}),
        (
            tel.PromiseCallback(PhoneNumber("13800138000")),
            {"CC_PLAY": "", "CC_NUMBER": "13800138000", "CC_DO": "callback"},
        ),
    ]
    for instruction, expected in cases:
        variables = answer(instruction, PLACE)
        assert variables == expected
        assert list(variables)[-1] == "CC_DO"


def test_a_collect_is_kept_within_what_the_dialplan_can_do() -> None:
    variables = answer(tel.Collect((), 999, timedelta(0)), PLACE)
    assert (variables["CC_MAX"], variables["CC_TIMEOUT"]) == ("32", "0.1")


def test_many_prompts_go_on_in_further_variables() -> None:
    folder = "/var/hotline/" + "x" * 100
    variables = play([HELLO] * 20, in_folder(folder))
    assert set(variables) == {"CC_PLAY", "CC_PLAY2"}
    assert all(len(v) <= CHUNK_BYTES for v in variables.values())
    assert "".join(variables.values()) == "&".join([f"{folder}/zh/greeting"] * 20)


def test_more_prompts_than_fit_are_refused_rather_than_cut() -> None:
    with pytest.raises(ValueError):
        play([HELLO] * 60, in_folder("/var/hotline/" + "x" * 100))


@pytest.mark.parametrize("name", ["", "../x", "a&b", "a,b", "a b", "a${X}", "/etc/passwd", "a\nb"])
def test_a_prompt_name_that_would_be_dialplan_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        answer(tel.Play((tel.Prompt(name, Language.MANDARIN),)), PLACE)


@pytest.mark.parametrize("team", ["", "A", "x*y", "general&PJSIP/x", "a\n"])
def test_a_team_that_would_be_dialplan_is_refused(team: str) -> None:
    with pytest.raises(ValueError):
        answer(tel.EnterQueue(TeamId(team), Language.MANDARIN, 0), PLACE)


@pytest.mark.parametrize("number", ["", "1", "110&PJSIP/x", "0" * 30, "11a"])
def test_a_number_that_would_be_dialplan_is_refused(number: str) -> None:
    with pytest.raises(ValueError):
        answer(tel.TransferOut(number), PLACE)
