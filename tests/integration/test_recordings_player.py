"""The player in a real browser: keys, seeking, the note of each playback, and accessibility."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from kernel.infra.database import Database
from recordings.core.transcript import Side
from recordings.ports import ListeningEntry
from tests.integration.recordings_site import CALL, Site
from tests.servers.pages import page_of, violations

pytestmark = pytest.mark.browser


@pytest.fixture
async def listener(
    sqlite_url: str, tmp_path: Path, chromium_path: Path
) -> AsyncIterator[tuple[Site, Page]]:
    database = Database(sqlite_url)
    site = Site(database, tmp_path)
    await site.call()
    async with page_of(site.app, "qa01", chromium_path) as page:
        yield site, page
    await database.close()


async def audio(page: Page, what: str) -> Any:
    return await page.evaluate(f"document.getElementById('audio').{what}")


async def listened(site: Site, act: str) -> ListeningEntry:
    """The first listening of this kind, once it is written down."""
    async with asyncio.timeout(20):
        while True:
            found = [e for e in await site.listenings.of_call(CALL, 10) if e.act == act]
            if found:
                return found[-1]
            await asyncio.sleep(0.02)


async def test_recording_is_played_by_the_keyboard_alone(listener: tuple[Site, Page]) -> None:
    site, page = listener
    await page.goto(f"/recordings/{CALL}")
    await expect(page.locator("#time")).to_have_text("0:00 / 0:40")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator("#time")).to_have_text("0:05 / 0:40")
    await page.keyboard.press(">")
    await page.keyboard.press("Space")
    await expect(page.locator("#play")).to_have_text("暂停")
    await page.wait_for_function("document.getElementById('audio').currentTime > 5.3")
    assert await audio(page, "playbackRate") == 1.25
    await page.keyboard.press("Space")
    await expect(page.locator("#play")).to_have_text("播放")
    assert (await listened(site, "played")).from_s == pytest.approx(5, abs=0.5)
    assert (await listened(site, "fetched")).account == "qa01"
    await page.keyboard.press("End")
    await expect(page.locator("#time")).to_have_text("0:40 / 0:40")


async def test_click_in_the_waveform_goes_there(listener: tuple[Site, Page]) -> None:
    _, page = listener
    await page.goto(f"/recordings/{CALL}")
    wave = page.locator("#wave")
    await expect(page.locator("#time")).to_have_text("0:00 / 0:40")
    box = await wave.bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 5)
    await expect(page.locator("#time")).to_have_text("0:20 / 0:40")
    await expect(wave).to_have_attribute("aria-valuenow", "20")


async def test_click_on_what_was_said_goes_there(listener: tuple[Site, Page]) -> None:
    site, page = listener
    await site.said("我要查询社保", 12)
    await site.said("请稍等", 30, side=Side.OPERATOR)
    await page.goto(f"/recordings/{CALL}")
    await expect(page.locator("#time")).to_have_text("0:00 / 0:40")
    await page.get_by_role("button", name="请稍等").click()
    await expect(page.locator("#time")).to_have_text("0:30 / 0:40")
    await page.get_by_role("button", name="我要查询社保").press("Enter")
    await expect(page.locator("#time")).to_have_text("0:12 / 0:40")


async def test_both_sides_are_drawn(listener: tuple[Site, Page]) -> None:
    _, page = listener
    await page.goto(f"/recordings/{CALL}")
    tall = """(half) => {
        const canvas = document.getElementById('wave-canvas');
        const pen = canvas.getContext('2d');
        const lane = canvas.height / 2;
        const column = pen.getImageData(canvas.width / 2, half * lane, 1, lane).data;
        let inked = 0;
        for (let i = 3; i < column.length; i += 4) if (column[i] > 0) inked++;
        return inked / lane;
    }"""
    await page.wait_for_function(f"({tall})(1) > 0.2")
    caller, operator = await page.evaluate(f"[({tall})(0), ({tall})(1)]")
    assert 0.1 < caller < operator


async def test_playback_that_cannot_be_noted_stops_and_says_so(
    listener: tuple[Site, Page],
) -> None:
    _, page = listener
    refusal = {"error": "unavailable", "message": "审计记录暂时无法写入", "field": None}
    await page.route("**/played", lambda route: route.fulfill(status=503, body=json.dumps(refusal)))
    await page.goto(f"/recordings/{CALL}")
    await page.get_by_role("button", name="播放", exact=True).click()
    await expect(page.locator("#player-error")).to_have_text("审计记录暂时无法写入")
    assert await audio(page, "paused") is True


@pytest.mark.parametrize("path", ["/recordings", f"/recordings/{CALL}", "/recordings?shortest=x"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(listener: tuple[Site, Page], path: str, scheme: Any) -> None:
    site, page = listener
    await site.said("我要查询社保")
    await site.said("请稍等", 30, side=Side.OPERATOR, sure=0.1)
    await page.emulate_media(color_scheme=scheme)
    await page.goto(path)
    assert await violations(page) == []
