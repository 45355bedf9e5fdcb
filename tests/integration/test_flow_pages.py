"""The pages of the flows in a real browser: the picture, the call on paper, the editor, by keys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Dialog, Page, expect

from tests.servers.pages import page_of, violations
from tests.unit.ivr.shelf import BROKEN, OTHER, THIRD
from tests.unit.ivr.site import Site

pytestmark = pytest.mark.browser
FOCUSED = "document.activeElement.dataset.step"
SELECTED = "(body) => body.value.slice(body.selectionStart, body.selectionEnd)"


@pytest.fixture
async def seen(chromium_path: Path) -> AsyncIterator[tuple[Site, Page]]:
    site = await Site().open()
    async with page_of(site.app, "administrator", chromium_path) as page:
        yield site, page


async def width(page: Page) -> float:
    found: float = await page.evaluate(
        "document.querySelector('#graph svg').getBoundingClientRect().width"
    )
    return found


async def test_picture_is_walked_by_the_arrow_keys_and_leads_to_the_figures(
    seen: tuple[Site, Page],
) -> None:
    _, page = seen
    await page.goto("/ivr/main")
    await expect(page.locator("#graph-keys")).to_be_visible()
    # One stop for the Tab key, and it is where the flow begins.
    await expect(page.locator("#graph a[tabindex='0']")).to_have_count(1)
    await page.locator("#graph a[tabindex='0']").focus()
    assert await page.evaluate(FOCUSED) == "opening"
    await page.keyboard.press("ArrowRight")
    right = await page.evaluate(FOCUSED)
    assert right in ("line_opening", "direct_opening")
    await expect(page.locator(f"#graph path.lit[data-target={right}]").first).to_be_attached()
    await page.keyboard.press("ArrowLeft")
    assert await page.evaluate(FOCUSED) == "opening"
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    row = page.locator(f"tr#step-{right}")
    await expect(row).to_be_focused()
    await expect(row).to_be_in_viewport()


async def test_picture_is_made_larger_and_smaller_by_keys_and_buttons(
    seen: tuple[Site, Page],
) -> None:
    _, page = seen
    await page.goto("/ivr/main")
    await expect(page.locator("#graph-tools")).to_be_visible()
    natural = await width(page)
    await page.locator("#graph a[tabindex='0']").focus()
    await page.keyboard.press("-")
    await expect(page.locator("#zoom")).to_have_text("80%")
    assert await width(page) == pytest.approx(natural * 0.8, abs=1)
    await page.keyboard.press("0")
    await expect(page.locator("#zoom")).to_have_text("100%")
    await page.get_by_role("button", name="看全图").click()
    frame = await page.locator("#graph").bounding_box()
    assert frame is not None
    assert await width(page) <= frame["width"]


async def test_call_on_paper_is_keyed_as_fast_as_one_types(seen: tuple[Site, Page]) -> None:
    _, page = seen
    await page.goto("/ivr/main/try")
    await expect(page.locator("[data-keys]")).to_be_visible()
    before = await page.locator("#heard-list > li").count()
    # Without waiting for an answer: the second key belongs to the page that the first one brings.
    for key in ("9", "2", "3"):
        await page.keyboard.press(key)
    await expect(page.locator(".ending")).to_contain_text("劳动社保")
    await expect(page).to_have_url(re.compile(r"keys=9%2C2&.*key=3$"))
    assert await page.locator("#heard-list > li").count() > before
    await expect(page.locator("[data-again]")).to_be_focused()
    await page.keyboard.press("Backspace")
    await expect(page.locator(".ending")).to_have_count(0)
    await page.go_back()
    await expect(page.locator(".ending")).to_contain_text("劳动社保")


async def test_what_is_typed_in_a_field_is_no_key(seen: tuple[Site, Page]) -> None:
    _, page = seen
    await page.goto("/ivr/main/try")
    await page.locator("#field-line").fill("")
    await page.keyboard.type("12333")
    await expect(page.locator("#field-line")).to_have_value("12333")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("line=12333&"))
    await expect(page.locator("#field-line")).to_be_focused()


async def test_flaw_leads_to_its_line(seen: tuple[Site, Page]) -> None:
    site, page = seen
    await site.shelf.draft(BROKEN)
    await page.goto("/ivr/main/versions/2")
    await page.locator("a[data-line]").first.click()
    body = page.locator("#field-body")
    await expect(body).to_be_focused()
    assert await body.evaluate(SELECTED) == "    silence: nowhere"


async def test_second_editor_is_asked_before_his_text_is_left(seen: tuple[Site, Page]) -> None:
    site, page = seen
    await site.shelf.draft(OTHER)
    await page.goto("/ivr/main/versions/2")
    await site.shelf.flows.save_draft("main", THIRD, "", "ad02", (2, 1))
    await page.locator("#field-body").press("Control+End")
    await page.keyboard.type("# mine")
    await page.keyboard.press("Control+s")
    await expect(page.locator(".difference ins").last).to_have_text("# mine")
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    await page.get_by_role("link", name="打开别人保存的内容").click()
    await expect(page.locator("#field-body")).to_have_value(OTHER + "# mine")
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_conflict_and_difference_have_no_accessibility_violations(
    seen: tuple[Site, Page], scheme: str
) -> None:
    site, page = seen
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await site.shelf.draft(OTHER)
    await page.goto("/ivr/main?version=2")
    assert await violations(page) == []
    await page.goto("/ivr/main/versions/2")
    await site.shelf.flows.save_draft("main", BROKEN, "", "ad02", (2, 1))
    await page.keyboard.press("Control+s")
    await expect(page.locator(".difference").first).to_be_visible()
    assert await violations(page) == []
