"""Pictures of the guard's page while the storm goes on, for people to look at."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import ViewportSize, async_playwright

from kernel.language import ScreenLanguage
from tests.e2e.hotline_process import HotlineProcess
from tests.e2e.operator import Desks, Person
from tests.e2e.records import Records
from tests.servers.browser import CHROMIUM_FLAGS, chromium_path

SUPERVISOR = "ad01"
WHOLE = ViewportSize(width=1366, height=2400)
"""Tall enough for all of it: what scrolls is measured by the window's height."""


async def photograph(hotline: HotlineProcess, album: Path, wave: str) -> None:
    """The whole page in each language, light and dark, as a supervisor sees it."""
    album.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=[*CHROMIUM_FLAGS, "--lang=zh-CN"]
        )
        records = Records(hotline.data_dir / "hotline.db")
        desks = Desks(hotline, records, browser, hotline.folder)
        try:
            supervisor = await desks.person(SUPERVISOR, "/screening", Person)
            await supervisor.page.set_viewport_size(WHOLE)
            for language in ScreenLanguage:
                await supervisor.reads(language)
                for scheme in ("light", "dark"):
                    await supervisor.page.emulate_media(color_scheme=scheme)
                    await supervisor.page.screenshot(
                        path=album / f"screening-{wave}.{language.value}.{scheme}.png",
                        animations="disabled",
                    )
        finally:
            await desks.close()
            await browser.close()
