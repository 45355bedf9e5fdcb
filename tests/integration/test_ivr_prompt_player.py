"""The pages of the prompts in a real browser: keys, playing, sending a recording, accessibility."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from ivr.core.studio import LARGEST_BYTES
from kernel.infra.web import LANGUAGE_COOKIE
from kernel.language import Language
from kernel.telephony import Prompt
from tests.integration.prompts_site import Site
from tests.integration.studio_files import tone, wav_file
from tests.servers.pages import page_of, violations

pytestmark = pytest.mark.browser
PAGE = "/ivr-prompts/zh/hello"
SECONDS = 4.0
"""So long each sound lasts: what a button says while it plays is looked at meanwhile."""


@pytest.fixture
async def seen(tmp_path: Path, chromium_path: Path) -> AsyncIterator[tuple[Site, Page]]:
    site = Site(tmp_path, SECONDS)
    async with page_of(site.app, "ad28", chromium_path) as page:
        yield site, page


async def test_prompts_are_heard_and_opened_by_the_keyboard_alone(seen: tuple[Site, Page]) -> None:
    _, page = seen
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition("/api")[2]))
    await page.goto("/ivr-prompts")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    second = page.locator("button.play").nth(1)
    await expect(second).to_be_focused()
    await page.keyboard.press("Space")
    await expect(second).to_have_attribute("aria-pressed", "true")
    await expect(second).to_have_text("停止")
    await expect(page.locator("#playing")).to_have_text("正在播放：广州12345热线，你好。")
    # It ends by itself, and the button says so.
    await expect(second).to_have_attribute("aria-pressed", "false")
    assert "/ivr-prompts/yue/hello/audio" in asked
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("button.play").nth(0)).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{PAGE}")
    await page.keyboard.press("Space")
    await expect(page.locator("button.play").first).to_have_attribute("aria-pressed", "true")


async def test_typing_in_the_search_moves_nothing(seen: tuple[Site, Page]) -> None:
    _, page = seen
    await page.goto("/ivr-prompts")
    await page.locator("#field-q").fill("hold")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Space")
    await expect(page.locator("#field-q")).to_be_focused()
    await expect(page.locator("button.play[aria-pressed=true]")).to_have_count(0)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**q=hold*")
    await expect(page.locator("tr[data-line]")).to_have_count(1)


async def test_recording_is_sent_heard_used_and_taken_back(
    seen: tuple[Site, Page], tmp_path: Path
) -> None:
    site, page = seen
    hello = Prompt("hello", Language.MANDARIN)
    made = wav_file(tmp_path / "您好.wav", tone(SECONDS, rate=48000), 48000)
    await page.goto(PAGE)
    await page.locator("#sound").set_input_files(made)
    await page.get_by_role("button", name="上传并检查").click()
    await expect(page.get_by_role("heading", name="第1段录音")).to_be_visible()
    candidate = page.locator(".candidate button.play")
    await candidate.click()
    await expect(candidate).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="启用", exact=True).click()
    await expect(page.locator("#now")).to_contain_text("真人录音")
    assert site.room.prompts.place(hello).endswith("/takes/zh/hello-1")
    await page.get_by_role("button", name="撤下，恢复合成语音").click()
    await expect(page.locator("#now")).to_contain_text("合成语音")
    assert site.room.prompts.place(hello).endswith("/prompts/zh/hello")


async def test_file_that_is_too_large_is_not_even_sent(
    seen: tuple[Site, Page], tmp_path: Path
) -> None:
    _, page = seen
    large = tmp_path / "large.wav"
    with large.open("wb") as sparse:
        sparse.truncate(LARGEST_BYTES + 1)
    await page.goto(PAGE)
    await page.locator("#sound").set_input_files(large)
    await page.get_by_role("button", name="上传并检查").click()
    await expect(page.locator("#sound-error")).to_have_text("文件超过12 MB")
    await expect(page.locator("#sound")).to_be_focused()
    assert page.url.endswith(PAGE)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_have_no_accessibility_violations(
    seen: tuple[Site, Page], tmp_path: Path, language: str, scheme: Any
) -> None:
    site, page = seen
    await page.emulate_media(color_scheme=scheme)
    await page.goto("/ivr-prompts")
    await page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": page.url}])
    prompts = site.room.prompts
    made = wav_file(tmp_path / "made.wav", tone(SECONDS))
    for number in (1, 2):
        await prompts.upload(Language.MANDARIN, "hello", made, "ad28")
        if number == 1:
            await prompts.use(Language.MANDARIN, "hello", 1, None, "ad28")
    for path in ("/ivr-prompts", "/ivr-prompts?q=xyzzy", "/ivr-prompts/zh/mute", PAGE):
        await page.goto(path)
        assert await violations(page) == [], path
    made.write_bytes(b"\x7fELF" + bytes(3000))
    await page.locator("#sound").set_input_files(made)
    await page.locator("#send").click()
    await expect(page.locator(".flaws li")).to_have_count(1)
    assert await violations(page) == []
