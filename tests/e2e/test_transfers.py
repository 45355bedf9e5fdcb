"""Handing a caller on in the browser, by keys: to a team, to a colleague, after a consultation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.e2e import sound
from tests.e2e.conversations import hang_up_and_finish, ring, talk
from tests.e2e.hotline_process import HotlineProcess
from tests.e2e.operator import Desks, Operator
from tests.e2e.records import Records
from tests.servers.sip_phone import Dialog, SipPhone

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]
GENERAL, SECURITY = "5", "4"


@dataclass(frozen=True, slots=True)
class Hall:
    """Three people at their desks, ready before and after each test."""

    first: Operator
    """Of the team of general affairs."""
    second: Operator
    third: Operator
    """Both of the team of public security."""

    async def rest(self, *people: Operator) -> None:
        for person in people:
            await person.page.keyboard.press("F4")
            await person.word("小休")

    async def ready(self, *people: Operator) -> None:
        for person in people:
            await person.primary("就绪")
            await person.word("就绪")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hall(
    hotline: HotlineProcess,
    records: Records,
    chromium: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Hall]:
    desks = Desks(hotline, records, chromium, tmp_path_factory.mktemp("transfers"))
    security = records.operators("security")
    yield Hall(
        await desks.operator(records.operators("general")[0], "051"),
        await desks.operator(security[0], "052"),
        await desks.operator(security[1], "053"),
    )
    await desks.close()


async def finds(operator: Operator, words: str, first: str) -> None:
    """Open the list of targets by its key and look for one; the first line is this one then."""
    page = operator.page
    await page.keyboard.press("Alt+KeyZ")
    await expect(page.locator("#target-query")).to_be_focused()
    await page.keyboard.insert_text(words)
    await expect(page.locator(".targets li").first).to_contain_text(first)


async def presses(operator: Operator, label: str) -> None:
    """From the search to the first line's button of this name, and press it."""
    for _ in range(3):
        await operator.page.keyboard.press("Tab")
        focused = operator.page.locator(":focus")
        if await focused.inner_text() == label:
            await operator.page.keyboard.press("Enter")
            return
    raise AssertionError(f"{label} was not reached by Tab")


async def hears(call: Dialog, what: Callable[[sound.Channel], bool], within_s: float = 30) -> None:
    """Returns when one and a half seconds sounded so at the citizen's ear."""
    async with asyncio.timeout(within_s):
        while not what(sound.alaw(await call.listen(75))):
            pass


def the_operator(heard: sound.Channel) -> bool:
    """The microphone of the test's browser beeps briefly about once a second."""
    return bool(heard.onsets_s) and heard.audible_fraction < 0.4


def music(heard: sound.Channel) -> bool:
    return heard.audible_fraction > 0.6


def silence(heard: sound.Channel) -> bool:
    return heard.audible_fraction == 0


async def test_who_is_sent_to_another_team_keeps_the_place_of_the_first_arrival(
    hall: Hall, records: Records, telephone: SipPhone
) -> None:
    await hall.rest(hall.second, hall.third)
    older, older_id = await ring(telephone, records, "13800138501", GENERAL)
    await talk(hall.first)
    younger, younger_id = await ring(telephone, records, "13800138502", SECURITY)

    await finds(hall.first, "公安", "公安户政")
    await presses(hall.first, "直接转")
    moved = await records.event(older_id, "CallTransferred")
    assert (moved["kind"], moved["to_team"], moved["to_agent"]) == ("blind", "security", None)
    await hall.first.word("话后整理")
    await records.event(older_id, "CallQueued", lambda e: e["cause"] == "transfer")
    entered, again = [e for e in records.events(older_id) if e["type"] == "CallQueued"]
    assert again["first_arrival_at"] == entered["first_arrival_at"]
    assert (again["team"], again["position"], again["cause"]) == ("security", 1, "transfer")

    # Longer in this line is the younger; longer with us is the older.
    await hall.second.primary("就绪")
    await talk(hall.second)
    await hears(older, the_operator)
    assert "CallOffered" not in records.types(younger_id)
    pop = hall.second.page.locator("#citizen")
    await expect(pop.locator(".citizen-facts")).to_contain_text("转接而来")
    younger.hang_up()
    await records.event(younger_id, "CallAbandoned")
    older.hang_up()
    await hall.second.finish("answered")
    await hall.first.finish()
    await hall.ready(hall.third)


async def test_a_caller_handed_to_a_colleague_rings_there_and_with_nobody_else(
    hall: Hall, records: Records, telephone: SipPhone
) -> None:
    call, call_id = await ring(telephone, records, "13800138503", GENERAL)
    await talk(hall.first)
    await finds(hall.first, "053", "053")
    await presses(hall.first, "直接转")
    await talk(hall.third)
    await hears(call, the_operator)
    await hall.first.finish()
    await hang_up_and_finish(hall.third)
    moved = await records.event(call_id, "CallTransferred")
    assert (moved["kind"], moved["to_agent"]) == ("blind", hall.third.account)
    offered = [e["agent_id"] for e in records.events(call_id) if e["type"] == "CallOffered"]
    assert offered == [hall.first.account, hall.third.account]
    call.hang_up()


async def test_a_consultation_is_heard_by_the_colleague_alone_and_ends_with_the_caller_there(
    hall: Hall, records: Records, telephone: SipPhone
) -> None:
    call, call_id = await ring(telephone, records, "13800138504", GENERAL)
    await talk(hall.first)
    await consults(hall)
    await hears(call, music)
    before, _ = await hall.first.heard()
    await hall.first.hears(before + 50)

    await hall.first.primary("转给同事")
    await hall.first.word("话后整理")
    await hall.second.word("通话中")
    await hears(call, the_operator)
    # Who takes over has the case form of the call before him or her.
    await expect(hall.second.page.locator("#description")).to_be_enabled()
    await hall.first.finish()
    await hang_up_and_finish(hall.second)
    asked = await records.event(call_id, "ConsultEnded")
    moved = await records.event(call_id, "CallTransferred")
    assert asked["outcome"] == "completed"
    assert (moved["kind"], moved["to_agent"]) == ("consult", hall.second.account)
    call.hang_up()


async def test_a_consultation_taken_back_leaves_the_caller_where_he_was(
    hall: Hall, records: Records, telephone: SipPhone
) -> None:
    call, call_id = await ring(telephone, records, "13800138505", GENERAL)
    await talk(hall.first)
    await consults(hall)
    await hears(call, music)
    # By keys alone: the list of targets was closed, and the focus stands where it was.
    await presses(hall.first, "取消咨询，回到市民")
    await hall.first.word("通话中")
    await hall.second.word("就绪")
    await hears(call, the_operator)
    before, _ = await hall.first.heard()
    await hall.first.hears(before + 50)
    ended = await records.event(call_id, "ConsultEnded")
    assert ended["outcome"] == "cancelled"
    await hang_up_and_finish(hall.first)
    assert "CallTransferred" not in records.types(call_id)
    call.hang_up()


async def consults(hall: Hall) -> None:
    """The first asks the second, who answers; they hear each other."""
    await finds(hall.first, "052", "052")
    await presses(hall.first, "先咨询")
    await hall.second.word("来电")
    await hall.second.primary("接听")
    await hall.second.word("同事咨询")
    await hall.first.word("咨询中")
    await hall.second.hears(50)


async def test_hold_plays_music_and_mute_is_silence_each_by_its_key(
    hall: Hall, records: Records, telephone: SipPhone
) -> None:
    call, call_id = await ring(telephone, records, "13800138506", GENERAL)
    await talk(hall.first)
    page = hall.first.page
    await hears(call, the_operator)

    await page.keyboard.press("F8")
    await hall.first.word("保持中")
    await expect(page.locator("#hold")).to_have_attribute("aria-pressed", "true")
    await hears(call, music)
    await page.keyboard.press("F8")
    await hall.first.word("通话中")
    await hears(call, the_operator)
    resumed = await records.event(call_id, "CallResumed")
    assert resumed["held_s"] > 0

    await page.keyboard.press("F9")
    await expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")
    await hears(call, silence)
    await page.keyboard.press("F9")
    await expect(page.locator("#mute")).to_have_attribute("aria-pressed", "false")
    await hears(call, the_operator)
    await hang_up_and_finish(hall.first)
    finished = await records.event(call_id, "TalkFinished")
    assert finished["held_s"] == pytest.approx(resumed["held_s"], abs=0.1)
    call.hang_up()
    for person in (hall.first, hall.second, hall.third):
        assert person.faults == []
