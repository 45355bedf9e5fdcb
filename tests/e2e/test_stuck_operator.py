"""An operator whose state contradicts the phone: marked on the wallboard, freed by a supervisor."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.hotline_process import HotlineProcess
from tests.e2e.operator import Desks, Person, ready_without_phone, send_home
from tests.e2e.records import Records

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]
BOOTH = "041"


async def test_who_is_ready_without_a_phone_is_marked_and_freed_by_a_supervisor(
    hotline: HotlineProcess, records: Records, desks: Desks, tmp_path: Path
) -> None:
    operator = await desks.person(records.operators("consumer")[0], "/desk", Person)
    cookie = await operator.session_cookie()
    await operator.page.goto(f"{hotline.base_url}/account")
    boss = await desks.person("ad01", "/wallboard", Person)
    async with ready_without_phone(hotline, cookie, BOOTH):
        cell = boss.page.locator(f"[data-booth='{BOOTH}']")
        await expect(cell).to_have_attribute("data-alarm", "true")
        line = boss.page.locator("#exceptions li", has_text=f"{BOOTH} 席")
        await expect(line).to_contain_text("就绪，但话机离线", timeout=20_000)
        await line.get_by_role("button", name="查看").click()
        await expect(boss.page.locator("#booth-detail")).to_contain_text("就绪，但话机离线")
        await boss.page.screenshot(path=tmp_path / "stuck.png")
        release = boss.page.get_by_role("button", name="解除状态")
        await release.click()
        await expect(boss.page.locator("#force-message")).to_have_text("请填写原因")
        await boss.page.keyboard.insert_text("座机故障，报修")
        await release.press("Enter")
        await expect(line).to_have_count(0)
        await expect(release).to_be_hidden()
        await expect(cell).to_have_attribute("data-state", "not_ready")
    await send_home(hotline, cookie)
    assert boss.faults == []
