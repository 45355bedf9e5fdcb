"""What browsers do in the middle of a call: they are closed, reloaded, opened twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import Dialog, expect

from tests.e2e.baresip import Citizen
from tests.e2e.conversations import dial, hang_up_and_finish, talk
from tests.e2e.hotline_process import HotlineProcess
from tests.e2e.operator import Desks, Operator
from tests.e2e.records import Records

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]
NOTED = "市民反映小区旁工地深夜施工，噪声很大，已持续一周。"


async def note(operator: Operator, text: str) -> None:
    """Type into the form, and wait until the hotline has kept it."""
    description = operator.page.locator("#description")
    await expect(description).to_be_enabled()
    await operator.page.keyboard.press("Alt+KeyC")
    await operator.page.keyboard.insert_text(text)
    await expect(operator.page.locator(".case-submit")).to_contain_text("已保存")


async def test_a_browser_closed_for_good_in_a_call_costs_the_caller_nothing_but_a_moment(
    hotline: HotlineProcess, records: Records, desks: Desks, voice: Path, tmp_path: Path
) -> None:
    first, second = records.operators("urban")[:2]
    vanishing = await desks.operator(first, "021")
    async with Citizen(tmp_path / "citizen", "13800138401", voice) as citizen:
        call_id = await dial(hotline, records, citizen, "2")
        await talk(vanishing)
        await note(vanishing, NOTED)
        colleague = await desks.operator(second, "022")
        await desks.lose(vanishing)

        # Browser and phone are gone: after the time of a short loss the caller rings on.
        await talk_after_loss(colleague)
        handed = await records.event(call_id, "CallTransferred")
        assert (handed["kind"], handed["to_team"]) == ("left_alone", "urban")
        queued = [e for e in records.events(call_id) if e["type"] == "CallQueued"]
        assert len({e["first_arrival_at"] for e in queued}) == 1, "the place in the line is kept"
        # What the first operator had written lies before the second.
        await expect(colleague.page.locator("#description")).to_have_value(NOTED)
        await hang_up_and_finish(colleague)
        await citizen.until_ended()

    # One call, one recording over both conversations, and the first operator's text is not lost.
    archived = await records.event(call_id, "RecordingArchived")
    talks = [e["talk_s"] for e in records.events(call_id) if e["type"] == "TalkFinished"]
    assert len(talks) == 2 and abs(archived["duration_s"] - sum(talks)) <= 2
    assert records.types(call_id).count("CallEnded") == 1
    back = await desks.person(first, "/desk", Operator)
    back.booth = "021"
    (kept,) = records.rows(
        "SELECT fields FROM case_drafts WHERE call_id = ? AND agent_id = ?", call_id, first
    )
    assert json.loads(kept["fields"])["description"] == NOTED
    assert colleague.faults == [] and back.faults == []


async def talk_after_loss(colleague: Operator) -> None:
    """As `talk`; the offer comes after the twenty seconds of `config/acd.yaml`."""
    await colleague.word("来电", within_s=45)
    await talk(colleague)


async def test_a_page_reloaded_in_a_call_finds_the_text_and_hands_the_caller_back(
    hotline: HotlineProcess, records: Records, desks: Desks, voice: Path, tmp_path: Path
) -> None:
    operator = await desks.operator(records.operators("urban")[2], "023")
    colleague_account = records.operators("urban")[3]

    async def leave(dialog: Dialog) -> None:
        await dialog.accept()

    operator.page.on("dialog", leave)
    async with Citizen(tmp_path / "citizen", "13800138402", voice) as citizen:
        call_id = await dial(hotline, records, citizen, "2")
        await talk(operator)
        await note(operator, NOTED)
        colleague = await desks.operator(colleague_account, "024")
        await operator.page.reload()
        # The conversation is still this operator's; the sound went with the old page.
        await operator.word("声音中断", within_s=20)
        await expect(operator.page.locator("#description")).to_have_value(NOTED)
        await operator.primary("请同事接回市民")
        await talk(colleague)
        await operator.finish()
        await hang_up_and_finish(colleague)
        await citizen.until_ended()
    assert records.types(call_id).count("CallAnswered") == 2
    assert operator.faults == [] and colleague.faults == []


async def test_an_operator_in_two_windows_has_one_live_desk_and_one_phone(
    hotline: HotlineProcess, records: Records, desks: Desks, voice: Path, tmp_path: Path
) -> None:
    operator = await desks.operator(records.operators("urban")[4], "025")
    older = operator.page
    async with Citizen(tmp_path / "citizen", "13800138403", voice) as citizen:
        call_id = await dial(hotline, records, citizen, "2")
        await talk(operator)
        await note(operator, NOTED)

        newer = await operator.another_page("/desk")
        await expect(older.locator("#taken")).to_be_visible()
        await expect(newer.locator("#state-word")).to_have_text("通话中")
        await expect(newer.locator("#state-detail")).to_have_text("声音在另一个窗口")
        await expect(newer.locator("#description")).to_have_value(NOTED)
        # The sound goes on where it was, and nobody hears a second ring.
        before, _ = await operator.heard()
        await operator.hears(before + 100)

        await older.bring_to_front()
        await older.locator("#take-back").click()
        await expect(newer.locator("#taken")).to_be_visible()
        await expect(older.locator("#taken")).to_be_hidden()
        await operator.word("通话中")
        await newer.close()
        await hang_up_and_finish(operator)
        await citizen.until_ended()
    types = records.types(call_id)
    assert types.count("CallOffered") == types.count("CallAnswered") == 1

    # The phone has its place again: the next call rings here.
    await expect(older.locator("#phone-state")).to_have_text("耳麦话机在线")
    async with Citizen(tmp_path / "next", "13800138404", voice) as citizen:
        await dial(hotline, records, citizen, "2")
        await talk(operator)
        await hang_up_and_finish(operator)
        await citizen.until_ended()
    assert operator.faults == []
