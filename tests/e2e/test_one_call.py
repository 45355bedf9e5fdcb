"""One call, end to end: a citizen's telephone, a real Asterisk, an operator's browser."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e import sound
from tests.e2e.baresip import Citizen
from tests.e2e.hotline_process import HotlineProcess
from tests.e2e.operator import Desks, Operator, Person
from tests.e2e.records import Records

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]
CITIZEN = "13800138321"
MASKED = "138****8321"
BOOTH = "018"
DESCRIPTION = "市民反映单位拖欠三个月工资，多次催要未果，请求协调处理。"
ORDER_OF_EVENTS = [
    "CallArrived",
    "MenuKeyPressed",
    "CallQueued",
    "CallOffered",
    "OfferEnded",
    "CallAnswered",
    "ArticleOpened",
    "CaseFiled",
    "WorkOrderDispatched",
    "TalkFinished",
    "SurveyAsked",
    "MenuKeyPressed",
    "SolvedAnswered",
    "MenuKeyPressed",
    "SurveyAnswered",
    "CallEnded",
    "RecordingArchived",
]
TIMELINE_WORDS = [
    "来电接入",
    "按键 3",
    "进入队列",
    "派给",
    "派话结果",
    "应答，等待",
    "查阅知识",
    "登记诉求",
    "派单",
    "通话结束",
    "按键 2",
    "问题是否解决：部分解决",
    "按键 1",
    "满意度评价",
    "呼叫结束",
    "录音归档",
]


async def sees_the_caller(operator: Operator) -> None:
    """The screen pop: who, for which team, and the way through the menu; before answering."""
    pop = operator.page.locator("#citizen")
    await expect(pop.locator(".citizen-number")).to_have_text(MASKED)
    await expect(pop.locator(".citizen-head")).to_contain_text("劳动社保")
    await expect(pop.locator(".menu-path kbd").first).to_have_text("3")
    await expect(pop.locator(".past")).to_contain_text("第一次来电")
    assert "13800138321" not in await operator.page.content()


async def searches(operator: Operator, words: str) -> None:
    """By keys: into the search, the words, Enter opens the first article."""
    page = operator.page
    await page.keyboard.press("Alt+KeyK")
    await page.keyboard.insert_text(words)
    await expect(page.locator("#knowledge-hits button").first).to_contain_text("工资")
    await page.keyboard.press("Enter")
    await expect(page.locator("#knowledge-reader h2")).to_contain_text("工资")


async def files_an_order(operator: Operator) -> str:
    """A work order to an authority; returns the case's number as the receipt says it."""
    page = operator.page
    await expect(page.locator("#description")).to_be_enabled()
    await page.keyboard.press("Alt+KeyC")
    await expect(page.locator("#description")).to_be_focused()
    await page.keyboard.insert_text(DESCRIPTION)
    await page.locator("#category").fill("拖欠工资")
    await page.keyboard.press("Enter")
    await page.locator("#district").select_option(label="天河区")
    await page.locator("#address").fill("天河路208号粤海天河城")
    await page.locator("[name=outcome][value=dispatched]").check()
    await expect(page.locator("#authority")).not_to_have_value("")
    for name, value in (
        ("employer", "某餐饮公司"),
        ("owed_period", "2026年8月至10月"),
        ("headcount", "3"),
    ):
        wanted = page.locator(f"#extra-{name}")
        if await wanted.count():
            await wanted.fill(value)
    await page.keyboard.press("Control+Enter")
    receipt = page.locator(".case-notice .said-ok")
    await expect(receipt).to_contain_text("已提交，编号")
    return (await receipt.inner_text()).split("编号")[1].split("，")[0].strip()


def check_recording(path: Path, talk_s: float, said: Path) -> None:
    """The caller's speech is on the left, the browser's beeps are on the right."""
    length_s, both = sound.channels(path)
    assert abs(length_s - talk_s) <= 1, f"{length_s} s of sound for {talk_s} s of talk"
    left, right = both
    _, (speech,) = sound.channels(said)
    # Speech fills most of the time; the fake microphone beeps briefly, again and again.
    assert left.audible_fraction > 0.6 * speech.audible_fraction
    assert 0 < right.audible_fraction < 0.3
    assert len(right.onsets_s) >= int(talk_s) - 1


def check_what_was_heard(citizen: Citizen, answered_after_s: float) -> None:
    """The greeting at once, and the operator's beeps in the conversation."""
    _, (heard,) = sound.channels(citizen.heard)
    assert heard.between(0, 3).audible_fraction > 0.3, "the greeting was not heard"
    talk = heard.between(answered_after_s + 1, answered_after_s + 6)
    assert talk.onsets_s, "the operator was not heard"


async def check_timeline(supervisor: Person, records: Records, call_id: str, folder: Path) -> None:
    """Every event is a line of the call's page, in order, from arrival to archived recording."""
    seen = [kind for kind in records.types(call_id) if kind in ORDER_OF_EVENTS]
    assert seen == ORDER_OF_EVENTS, seen
    page = await supervisor.another_page(f"/calls/{call_id}")
    lines = page.locator("table.sequence tbody tr")
    texts = await lines.locator(".event").all_inner_texts()
    left = iter(text for text in texts if not text.startswith("播放"))
    for word in TIMELINE_WORDS:
        assert any(word in text for text in left), f"{word} is missing, or late, in {texts}"
    moments = [
        await time.get_attribute("datetime") or "" for time in await lines.locator("time").all()
    ]
    assert moments == sorted(moments) and len(moments) > len(TIMELINE_WORDS)
    await page.screenshot(path=folder / "timeline.png", full_page=True)


async def check_case(
    desks: Desks, records: Records, number: str, call_id: str, folder: Path
) -> None:
    """The case names its order and its call, in the tables and on its page."""
    (case,) = records.rows("SELECT * FROM cases WHERE number = ?", number)
    assert case["description"] == DESCRIPTION and case["ani"] == CITIZEN
    (order,) = records.rows("SELECT * FROM work_orders WHERE case_number = ?", number)
    assert order["authority"] == case["authority"] and order["kind"] == "main"
    (link,) = records.rows("SELECT call_id FROM case_calls WHERE case_number = ?", number)
    assert link["call_id"] == call_id
    dispatcher = await desks.person("ad19", f"/cases/{number}", Person)
    body = dispatcher.page.locator("main")
    for text in (DESCRIPTION, "天河区", "天河路208号粤海天河城", order["number"], call_id):
        await expect(body).to_contain_text(text)
    await dispatcher.page.screenshot(path=folder / "case.png", full_page=True)
    assert dispatcher.faults == []


def _seconds(since: str, until: str) -> float:
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()


async def test_a_citizen_dials_and_an_operator_helps(
    hotline: HotlineProcess, records: Records, desks: Desks, voice: Path, tmp_path: Path
) -> None:
    operator = await desks.operator(records.operators("labour")[0], BOOTH)
    supervisor = await desks.person("ad01", "/wallboard", Person)
    team = supervisor.page.locator("tr[data-team=labour]")
    await expect(team.locator("[data-cell=staff]")).to_have_text("1/0")

    async with Citizen(tmp_path / "citizen", CITIZEN, voice) as citizen:
        await citizen.dial("12345", hotline.sip_port)
        call_id = await records.call(CITIZEN)
        await records.event(call_id, "MenuStepEntered", lambda e: e["step"] == "greeting_three")
        # The greeting is to be heard for a while before the key cuts it off.
        await citizen.hears_for(4)
        await citizen.press("3")

        await operator.word("来电")
        await sees_the_caller(operator)
        await operator.page.screenshot(path=tmp_path / "offer.png")
        await operator.primary("接听")
        await operator.word("通话中")
        await expect(team.locator("[data-cell=staff]")).to_have_text("0/1")
        await operator.hears()

        await searches(operator, "拖欠工资")
        number = await files_an_order(operator)
        await operator.page.screenshot(path=tmp_path / "filed.png")
        await supervisor.page.screenshot(path=tmp_path / "wallboard.png")

        await operator.primary("挂断")
        await operator.word("话后整理")
        await records.event(call_id, "MenuStepEntered", lambda e: e["flow"] == "survey")
        await citizen.press("2")
        solved = await records.event(call_id, "SolvedAnswered")
        await records.event(call_id, "MenuStepEntered", lambda e: e["step"] == "question")
        await citizen.press("1")
        survey = await records.event(call_id, "SurveyAnswered")
        await citizen.until_ended()

    await expect(operator.page.locator("[name=disposition][value=order_filed]")).to_be_checked()
    await operator.finish()
    await operator.word("就绪")
    archived = await records.event(call_id, "RecordingArchived")
    events = records.events(call_id)
    await check_timeline(supervisor, records, call_id, tmp_path)

    # What was said can be listened to.
    talk_s = next(e for e in events if e["type"] == "TalkFinished")["talk_s"]
    stored = records.rows("SELECT file_name FROM recordings WHERE call_id = ?", call_id)
    file = hotline.data_dir / "recordings" / stored[0]["file_name"]
    check_recording(file, talk_s, voice)
    assert abs(archived["duration_s"] - talk_s) <= 1
    waited = next(e for e in events if e["type"] == "CallAnswered")["occurred_at"]
    check_what_was_heard(citizen, _seconds(events[0]["occurred_at"], waited))
    assert (solved["solved"], survey["score"]) == ("partly", 1)

    # What was promised is a work order.
    await check_case(desks, records, number, call_id, tmp_path)

    # And the day's figures say so.
    for cell, text in (("entered", "1"), ("answered", "1"), ("abandoned", "0"), ("staff", "1/0")):
        await expect(team.locator(f"[data-cell={cell}]")).to_have_text(text)
    assert operator.faults == [] and supervisor.faults == []
