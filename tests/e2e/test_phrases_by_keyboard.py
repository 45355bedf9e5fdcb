"""An administrator without a mouse teaches the hotline a phrase, and takes it back."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.e2e import axe
from tests.e2e.operator import Desks, Person
from tests.e2e.records import Records

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]
PHRASE = "讨公道"
MOST_TABS = 120
STATES = "SELECT number, state, published_by FROM ivr_versions WHERE name = 'intents' ORDER BY 1"


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the control has the focus."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        if await page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


async def follow(page: Page, selector: str, to: str) -> None:
    """Tab to the control, press Enter, and be on the page that it leads to."""
    await tab_to(page, selector)
    await page.keyboard.press("Enter")
    await page.wait_for_url(to)


async def understood(page: Page) -> str:
    await tab_to(page, "#field-text")
    await page.keyboard.insert_text(f"我要{PHRASE}")
    await page.keyboard.press("Enter")
    verdict = page.locator(".understood .verdict")
    await expect(verdict).to_be_visible()
    return (await verdict.text_content() or "").strip()


async def test_a_phrase_is_added_tried_published_and_rolled_back_by_keys_alone(
    desks: Desks, records: Records
) -> None:
    (before,) = [row for row in records.rows(STATES) if row["state"] == "published"]
    person = await desks.person("ad28", "/ivr-intents", Person)
    page = person.page

    await follow(page, f"a[href='/ivr-intents/versions/{before['number']}']", "**/versions/*")
    await tab_to(page, "#g-labour > summary")
    await page.keyboard.press("Enter")
    await tab_to(page, "#add-labour\\.zh")
    await page.keyboard.insert_text(PHRASE)
    await page.keyboard.press("Enter")
    await expect(page.locator(f"input[value='labour.zh:{PHRASE}']")).to_be_attached()
    assert page.url.endswith("#add-labour.zh")
    await expect(page.locator("#add-labour\\.zh")).to_be_visible()
    number = int(page.url.removesuffix("#add-labour.zh").rsplit("/", 1)[1])
    assert number > before["number"]
    flaws = await axe.flaws(page)
    assert "劳动社保" in await understood(page)

    await follow(page, "a[href$='/difference']", "**/difference")
    await expect(page.locator("ins")).to_have_text([PHRASE])
    flaws += await axe.flaws(page)
    await follow(page, "form[action$='/publish'] button", "**/ivr-intents")
    assert "劳动社保" in await understood(page)
    published = {row["number"]: row for row in records.rows(STATES)}[number]
    assert (published["state"], published["published_by"]) == ("published", "ad28")

    await page.goto(f"{person.base_url}/ivr-intents")
    await tab_to(page, "form[action$='/rollback'] button")
    await page.keyboard.press("Enter")
    await expect(page.locator(".flow-now h2")).to_contain_text(f"第{before['number']}版")
    assert "没有听懂" in await understood(page)
    assert person.faults + flaws == []
