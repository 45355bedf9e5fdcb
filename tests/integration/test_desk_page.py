"""The desk page in a real browser: what follows the call, and how a write-up ends in each mode."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from acd.core.rules import WrapUpMode
from tests.integration.desk_hall import DeskHall
from tests.servers.pages import page_of
from tests.unit.acd.hall import A

pytestmark = pytest.mark.browser
PHONE = "desk001"
# The browser's own clock goes on while it is looked at.
A_MINUTE, TWO_MINUTES = re.compile(r"^(1:00|0:[45]\d)$"), re.compile(r"^(2:00|1:[45]\d)$")
SECONDS = re.compile(r"^0:[01]\d$")


@pytest.fixture
async def desk(chromium_path: Path) -> AsyncIterator[tuple[DeskHall, Page]]:
    """An operator at booth 001 with the desk phone, ready."""
    hall = DeskHall()
    await hall.acd.start()
    hall.exchange.restore()
    hall.exchange.register(PHONE)
    await hall.desk.start()
    async with page_of(hall.app, A, chromium_path) as page:
        await page.goto("/desk")
        await page.locator("#booth").fill("001")
        await page.get_by_label("台面话机").check()
        await act(page, "签入座席")
        await act(page, "就绪")
        await word(page, "就绪")
        yield hall, page
    await hall.desk.stop()
    await hall.acd.stop()


async def word(page: Page, text: str) -> None:
    await expect(page.locator("#state-word")).to_have_text(text)


async def detail(page: Page, text: str) -> None:
    await expect(page.locator("#state-detail")).to_have_text(text)


async def act(page: Page, label: str) -> None:
    """Wait until the primary action is this one, then press its key."""
    await expect(page.locator("#primary-label")).to_have_text(label)
    await expect(page.locator("#primary")).to_be_enabled()
    await page.keyboard.press("F2")


async def talk(hall: DeskHall, page: Page, call_id: str) -> None:
    await hall.arrive(call_id)
    await word(page, "来电")
    hall.exchange.pick_up(PHONE)
    await word(page, "通话中")


async def write_up(hall: DeskHall, page: Page) -> None:
    hall.exchange.put_down(PHONE)
    await word(page, "话后整理")


async def test_what_follows_is_chosen_amid_the_call_and_shown(
    desk: tuple[DeskHall, Page],
) -> None:
    hall, page = desk
    await talk(hall, page, "c-1")
    choices = page.locator("fieldset:has([name=next])")
    await expect(choices.get_by_label("就绪")).to_be_checked()
    await choices.get_by_label("签退").check()
    await detail(page, "本次通话后签退")
    assert hall.view(A).next_status == "logged_out"
    await page.keyboard.press("F4")
    await expect(choices.get_by_label("就绪")).to_be_checked()
    await choices.get_by_label("置忙").check()
    await expect(page.locator("#toggle-ready-label")).to_have_text("话后就绪")
    await write_up(hall, page)
    await expect(choices.get_by_label("置忙")).to_be_checked()
    await hall.supervisor_orders(A, "logged_out", "下班")
    # A write-up does not hold up an order to leave.
    await word(page, "未签入")


async def test_a_supervisors_order_amid_the_call_leaves_nothing_to_choose(
    desk: tuple[DeskHall, Page],
) -> None:
    hall, page = desk
    await talk(hall, page, "c-1")
    await hall.supervisor_orders(A, "not_ready", "到培训室")
    await detail(page, "值班长已安排：本次通话后置忙")
    await expect(page.locator("#call-message")).to_contain_text("到培训室")
    await expect(page.locator("fieldset:has([name=next])")).to_be_hidden()
    await expect(page.locator("#toggle-ready")).to_be_disabled()


async def test_each_mode_of_writing_up_says_how_it_ends(desk: tuple[DeskHall, Page]) -> None:
    hall, page = desk
    timer, extend = page.locator("#state-timer"), page.get_by_role("button", name="延长整理时间")

    hall.write_up(WrapUpMode.TIME_BOXED)
    await talk(hall, page, "c-1")
    await write_up(hall, page)
    await expect(timer).to_have_text(A_MINUTE)
    await expect(extend).to_be_enabled()
    await extend.click()
    await expect(timer).to_have_text(TWO_MINUTES)
    await expect(extend).to_be_disabled()
    await detail(page, "时限已延长一次")
    await act(page, "完成")
    await expect(page.locator("#call-message")).to_have_text("请先选择通话结果")
    await page.locator("[name=disposition][value=answered]").check()
    await act(page, "完成")
    await word(page, "就绪")

    hall.write_up(WrapUpMode.MANDATORY)
    await talk(hall, page, "c-2")
    await write_up(hall, page)
    await expect(timer).to_have_text(SECONDS)
    await expect(extend).to_be_hidden()
    await detail(page, "填写通话结果后结束")
    await page.locator("[name=disposition][value=answered]").check()
    await act(page, "完成")
    await word(page, "就绪")

    hall.write_up(WrapUpMode.OPTIONAL)
    await talk(hall, page, "c-3")
    await write_up(hall, page)
    await detail(page, "可不填通话结果直接完成")
    await act(page, "完成")
    await word(page, "就绪")

    hall.write_up(WrapUpMode.FIXED)
    await talk(hall, page, "c-4")
    await write_up(hall, page)
    await detail(page, "时间到后自动结束")
    await page.locator("[name=disposition][value=silent]").check()
    await act(page, "记录结果")
    await expect(page.locator("#primary-label")).to_have_text("已记录")
    await expect(page.locator("#primary")).to_be_disabled()
    await expect(timer).to_have_text(A_MINUTE)
    await hall.pass_time(61)
    await word(page, "就绪")
