"""Broadcast notices: who hears which, once, before the wait; made, ended, kept over a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ivr.core.conditions import Around
from ivr.core.interpreter import begin, inform, step
from ivr.core.notices import AT_ONCE, Notice, heard_by
from ivr.core.walk import Journey, Visit, visit_flow
from kernel.errors import BadInput, InvalidTransition, NotFound, Unavailable
from kernel.ids import TeamId
from kernel.language import Language
from kernel.telephony import CallerInput, Collect, EnterQueue, InputKind, Prompt
from tests.fakes.clock import NOON
from tests.fakes.notice_store import NoticeRoom
from tests.unit.ivr.shipped import main_flow
from tests.unit.ivr.test_dialogue import CALL, Stage, entered, keys

HOUR = timedelta(hours=1)
LABOUR, URBAN = TeamId("labour"), TeamId("urban")


def notice(name: str = "n1", team: TeamId | None = None, district: str = "") -> Notice:
    return Notice(
        notice_id=name,
        texts=dict.fromkeys(Language, "台风蓝色预警。"),
        team=team,
        district=district,
        begins_at=NOON - HOUR,
        ends_at=NOON + HOUR,
        created_by="ad01",
        created_at=NOON - HOUR,
    )


def names(found: tuple[Notice, ...]) -> list[str]:
    return [n.notice_id for n in found]


# --- who hears which -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "heard"),
    [
        (NOON - HOUR - timedelta(seconds=1), False),
        (NOON - HOUR, True),
        (NOON + HOUR - timedelta(seconds=1), True),
        (NOON + HOUR, False),
    ],
)
def test_notice_is_heard_from_its_start_to_before_its_end(at: datetime, heard: bool) -> None:
    assert bool(heard_by([notice()], LABOUR, "", at)) is heard


def test_notice_that_was_ended_is_not_heard() -> None:
    assert not heard_by([replace(notice(), ended_by="ad01", ended_at=NOON)], LABOUR, "", NOON)


def test_notice_of_a_team_is_for_its_callers() -> None:
    found = [notice("all"), notice("labour", LABOUR), notice("urban", URBAN)]
    assert set(names(heard_by(found, LABOUR, "", NOON))) == {"all", "labour"}


@pytest.mark.parametrize(("known", "heard"), [("", True), ("tianhe", True), ("panyu", False)])
def test_caller_known_to_be_of_another_district_is_spared(known: str, heard: bool) -> None:
    assert bool(heard_by([notice(district="tianhe")], LABOUR, known, NOON)) is heard
    assert heard_by([notice()], LABOUR, known, NOON)


def test_newest_come_first_and_no_caller_hears_more_than_two() -> None:
    found = [replace(notice(str(n)), begins_at=NOON - n * HOUR) for n in range(5)]
    assert names(heard_by(found, LABOUR, "", NOON)) == ["0", "1"]
    assert AT_ONCE == 2


# --- in a flow -----------------------------------------------------------------------------------


def journey(*pressed: str, around: Around | None = None, line: TeamId | None = None) -> Journey:
    around = around or Around(notices=(notice(),))
    visit = Visit(started_at=NOON, around=around, line_team=line)
    return visit_flow(main_flow(), pressed, visit)


@pytest.mark.parametrize("skipping", ["", "5", "0", "#"])
def test_notice_is_heard_before_the_wait_and_any_key_skips_it(skipping: str) -> None:
    found = journey("3", skipping)
    told = found.turns[-2].instruction
    assert told == Collect(
        (Prompt("notices/n1", Language.MANDARIN),), 1, timedelta(milliseconds=100)
    )
    assert isinstance(found.ending, EnterQueue)
    assert found.ending.team == "labour"


def test_notice_is_heard_once_in_a_call_and_by_callers_of_old_lines_too() -> None:
    assert list(journey("9", "3", "2", "").heard).count("en/notices/n1") == 1
    assert "zh/notices/n1" in journey("", "", line=LABOUR).heard


def test_frightened_caller_hears_no_notice() -> None:
    found = journey("*", "0")
    assert isinstance(found.ending, EnterQueue)
    assert not any("notices" in heard for heard in found.heard)


def test_notice_of_another_district_is_not_heard_by_a_recognised_caller() -> None:
    around = Around(notices=(notice(district="tianhe"),))
    turn = begin(main_flow(), language=None, line_team=None, now=NOON, around=around)
    for district, told in (("panyu", EnterQueue), ("tianhe", Collect)):
        session = inform(turn.session, {"known_district": district})
        answer = step(main_flow(), session, CallerInput(InputKind.DIGITS, "3", NOON), NOON, around)
        assert isinstance(answer.instruction, told)


# --- the service ---------------------------------------------------------------------------------


async def made(room: NoticeRoom, **changes: object) -> Notice:
    wanted: dict[str, object] = {
        "texts": {Language.MANDARIN: "台风 蓝色预警。", Language.ENGLISH: "Typhoon warning."},
        "team": None,
        "district": "",
        "begins_at": None,
        "ends_at": NOON + HOUR,
        "who": "ad01",
    }
    return await room.notices.create(**{**wanted, **changes})  # type: ignore[arg-type]


async def test_notice_is_spoken_recorded_and_heard_at_once() -> None:
    room = NoticeRoom()
    kept = await made(room)
    assert room.notices.active(NOON) == (kept,)
    assert room.voice.said == {
        (kept.prompt, Language.MANDARIN): "台风 蓝色预警。",
        (kept.prompt, Language.CANTONESE): "台风 蓝色预警。",
        (kept.prompt, Language.ENGLISH): "Typhoon warning.",
    }
    assert room.audit.actions == ["notice_created"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"texts": {Language.MANDARIN: "有", Language.ENGLISH: " "}}, "en"),
        ({"texts": {Language.MANDARIN: "", Language.ENGLISH: "a"}}, "zh"),
        ({"texts": {Language.MANDARIN: "长" * 121, Language.ENGLISH: "a"}}, "zh"),
        ({"texts": {Language.MANDARIN: "短", Language.ENGLISH: "a" * 301}}, "en"),
        ({"ends_at": NOON}, "ends"),
        ({"begins_at": NOON - 2 * HOUR, "ends_at": NOON - HOUR}, "ends"),
        ({"ends_at": NOON + timedelta(days=15)}, "ends"),
    ],
)
async def test_wrong_notice_is_refused_and_nobody_hears_it(
    changes: dict[str, object], field: str
) -> None:
    room = NoticeRoom()
    with pytest.raises(BadInput) as caught:
        await made(room, **changes)
    assert caught.value.field == field
    assert room.notices.active(NOON) == ()
    assert room.audit.actions == []


async def test_notice_that_cannot_be_spoken_is_not_made() -> None:
    room = NoticeRoom()
    room.voice.dumb = True
    with pytest.raises(Unavailable):
        await made(room)
    assert room.notices.active(NOON) == ()
    assert await room.notices.listed() == []


async def test_notice_ends_by_a_click_once() -> None:
    room = NoticeRoom()
    kept = await made(room)
    ended = await room.notices.end(kept.notice_id, "ad02")
    assert (ended.ended_by, room.notices.active(NOON)) == ("ad02", ())
    with pytest.raises(InvalidTransition):
        await room.notices.end(kept.notice_id, "ad03")
    with pytest.raises(NotFound):
        await room.notices.end("none", "ad03")
    assert room.audit.actions == ["notice_created", "notice_ended"]


async def test_notices_that_are_not_over_are_heard_after_a_restart() -> None:
    before = NoticeRoom()
    kept = await made(before)
    gone = await made(before)
    await before.notices.end(gone.notice_id, "ad01")
    after = NoticeRoom(before.store)
    await after.notices.start()
    assert after.notices.active(NOON) == (kept,)
    assert len(after.voice.said) == 3


async def test_line_opens_without_a_voice_and_says_so() -> None:
    before = NoticeRoom()
    await made(before)
    after = NoticeRoom(before.store)
    after.voice.dumb = True
    await after.notices.start()
    assert after.notices.active(NOON) == ()
    assert after.log.events == ["notice_not_spoken"]


async def test_caller_hears_the_notice_that_was_made_a_moment_ago() -> None:
    stage = Stage()
    await stage.dialogue.begin(entered())
    kept = await made(stage.notices)
    told = await stage.dialogue.next(CALL, keys("3"))
    assert told.prompts == (Prompt(kept.prompt, Language.MANDARIN),)
    assert isinstance(await stage.dialogue.next(CALL, keys("")), EnterQueue)
