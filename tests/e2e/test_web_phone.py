"""Telephones in browsers: at both ends of a call, and gone in the midst of it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e import sound
from tests.e2e.conversations import hang_up_and_finish, ring, talk
from tests.e2e.hotline_process import HotlineProcess
from tests.e2e.operator import Desks, Operator, Person
from tests.e2e.records import Records
from tests.servers.browser import CHROMIUM_FLAGS
from tests.servers.sip_phone import SipPhone

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]
SECURITY = "4"
NUMBER, MASKED = "13922210045", "139****0045"
NOTED = "市民反映派出所办理居住证超过承诺时限，要求答复。"


async def dials(citizen: Person, records: Records) -> str:
    """From the citizen's page to the line of a team, by the page's own keys; the call's id."""
    page = citizen.page
    await page.goto(f"{citizen.base_url}/phone")
    await expect(page.locator("#phone-word")).to_have_text("可以拨打")
    await page.locator("#from-number").select_option(NUMBER)
    known = records.call_of(NUMBER)
    await page.locator("#dial").click()
    await expect(page.locator("#phone-word")).to_have_text("通话中")
    call_id = await records.another_call(NUMBER, known)
    await records.event(call_id, "MenuStepEntered")
    await page.keyboard.press(SECURITY)
    await records.event(call_id, "CallQueued")
    return call_id


async def energy_of_a_second(person: Person) -> float:
    """Sound that reaches the page while 60 packets of 20 ms do."""
    packets, before = await person.heard()
    now, after = packets, before
    async with asyncio.timeout(30):
        while now < packets + 60:
            await asyncio.sleep(0.1)  # the interval between two looks at the condition
            now, after = await person.heard()
    return after - before


async def hears_within(
    person: Person, enough: Callable[[float], bool], seconds: float = 30
) -> None:
    """Returns when a second sounded so."""
    async with asyncio.timeout(seconds):
        while not enough(await energy_of_a_second(person)):
            pass


async def test_two_browsers_hear_each_other_over_the_hotline(
    hotline: HotlineProcess, records: Records, desks: Desks
) -> None:
    operator = await desks.operator(records.operators("security")[2], "071")
    citizen = await desks.stranger(Person, "citizen")
    call_id = await dials(citizen, records)
    await operator.word("来电", within_s=20)
    await expect(operator.page.locator(".citizen-number")).to_have_text(MASKED)
    await talk(operator)
    before, _ = await citizen.heard()
    await citizen.hears(before + 100)
    await hears_within(operator, lambda energy: energy > 0.001)

    await citizen.page.locator("#phone-mute").click()
    await hears_within(operator, lambda energy: energy <= 1e-6)
    await citizen.page.locator("#phone-mute").click()
    await hears_within(operator, lambda energy: energy > 0.001)

    await citizen.page.locator("#hang-up").click()
    await operator.finish("answered")
    await operator.word("就绪")
    archived = await records.event(call_id, "RecordingArchived")
    _, (caller, answerer) = sound.channels(hotline.data_dir / "recordings" / archived["file_name"])
    assert caller.onsets_s and answerer.onsets_s, "both sides are on the recording"
    await expect(citizen.page.locator("#phone-word")).to_have_text("可以拨打")
    assert operator.faults == [] and citizen.faults == []


async def test_a_citizen_whose_browser_dies_leaves_no_operator_in_a_dead_call(
    records: Records, desks: Desks
) -> None:
    operator = await desks.operator(records.operators("security")[2], "071")
    citizen = await desks.stranger(Person, "citizen")
    call_id = await dials(citizen, records)
    await talk(operator)
    await desks.lose(citizen)
    # The operator hears nothing, ends it, and is free: nothing hangs on the citizen's goodbye.
    await hang_up_and_finish(operator)
    ended = await records.event(call_id, "CallEnded")
    assert ended["outcome"] == "answered"
    assert operator.faults == []


async def kill(browser: Browser) -> None:
    """As the kernel does when memory is short: the whole browser, without a word."""
    session = await browser.new_browser_cdp_session()
    found = await session.send("SystemInfo.getProcessInfo")
    gone = asyncio.Event()
    browser.on("disconnected", lambda _: gone.set())
    (pid,) = [process["id"] for process in found["processInfo"] if process["type"] == "browser"]
    os.kill(pid, signal.SIGKILL)
    await asyncio.wait_for(gone.wait(), 30)


async def test_an_operator_whose_browser_was_killed_finds_caller_and_text_in_a_new_one(
    hotline: HotlineProcess,
    records: Records,
    desks: Desks,
    chromium: Browser,
    chromium_path: Path,
    telephone: SipPhone,
    tmp_path: Path,
) -> None:
    account = records.operators("security")[2]
    doomed = await chromium.browser_type.launch(
        executable_path=chromium_path, args=list(CHROMIUM_FLAGS)
    )
    vanishing = await Desks(hotline, records, doomed, tmp_path).operator(account, "071")
    call, call_id = await ring(telephone, records, "13800138701", SECURITY)
    await talk(vanishing)
    await expect(vanishing.page.locator("#description")).to_be_enabled()
    await vanishing.page.keyboard.press("Alt+KeyC")
    await vanishing.page.keyboard.insert_text(NOTED)
    await expect(vanishing.page.locator(".case-submit")).to_contain_text("已保存")
    await kill(doomed)

    # Nobody else is there. The operator comes back in time, and the conversation is still there.
    operator = await desks.person(account, "/desk", Operator)
    operator.booth = "071"
    await operator.word("声音中断", within_s=15)
    await expect(operator.page.locator("#description")).to_have_value(NOTED)
    await operator.phone_is_there()
    await operator.primary("请同事接回市民")
    await operator.finish()
    await talk(operator)
    await expect(operator.page.locator("#description")).to_have_value(NOTED)
    await hang_up_and_finish(operator)
    call.hang_up()
    ended = await records.event(call_id, "CallEnded")
    assert ended["outcome"] == "answered"
    answered = [e["agent_id"] for e in records.events(call_id) if e["type"] == "CallAnswered"]
    assert answered == [account, account]
    queued = [e for e in records.events(call_id) if e["type"] == "CallQueued"]
    assert len({e["first_arrival_at"] for e in queued}) == 1, "the place in the line is kept"
    assert operator.faults == []
