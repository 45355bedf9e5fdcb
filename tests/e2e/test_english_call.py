"""One whole call in English: the language key, a desk in English by keys alone, the survey."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from kernel.language import ScreenLanguage
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
NUMBER, BOOTH = "13800138801", "081"
SAID = "The caller asks how to renew a residence permit in Guangzhou."
CATEGORY = "Residence permit"
ENGLISH = ScreenLanguage.ENGLISH


async def speaks_english(records: Records) -> str:
    """An operator of general affairs who serves in English, too."""
    (found,) = records.rows(
        "SELECT account FROM accounts JOIN operators USING (agent_id)"
        " WHERE primary_team = 'general' AND json_extract(languages, '$.en') IS NOT NULL"
        " ORDER BY account LIMIT 1"
    )
    return str(found["account"])


async def sits_down_by_keys(operator: Operator) -> None:
    """No mouse: the booth is where the focus comes first in the call's column."""
    page = operator.page
    await page.locator("#booth").press("Control+a")
    await page.keyboard.insert_text(BOOTH)
    operator.booth = BOOTH
    await operator.primary("签入座席")
    await operator.phone_is_there()
    await operator.primary("就绪")
    await operator.word("就绪")


async def presses_for_english(citizen: Citizen, records: Records, sip_port: int) -> str:
    """9 for another language, 3 for English, 5 for general affairs; the call's id."""
    await citizen.dial("12345", sip_port)
    call_id = await records.call(NUMBER)
    await records.event(call_id, "MenuStepEntered")
    await citizen.press("9")
    await records.event(call_id, "MenuStepEntered", lambda e: e["step"] == "language")
    await citizen.press("3")
    await records.event(
        call_id, "MenuStepEntered", lambda e: (e["step"], e["language"]) == ("menu_own", "en")
    )
    await citizen.press("5")
    queued = await records.event(call_id, "CallQueued")
    assert (queued["team"], queued["language"]) == ("general", "en")
    return call_id


async def answers_by_keys(operator: Operator) -> str:
    """Type what was asked, take an article, file; returns the receipt."""
    page = operator.page
    await expect(page.locator("#description")).to_be_enabled()
    await page.keyboard.press("Alt+KeyC")
    await page.keyboard.insert_text(SAID)
    await page.keyboard.press("Alt+KeyK")
    await page.keyboard.insert_text("居住证")
    await expect(page.locator("#knowledge-hits button").first).to_be_visible()
    await page.keyboard.press("Alt+KeyA")
    await expect(page.locator("#answer")).not_to_have_value("")
    # What was typed has been taken for another matter already; the operator knows better.
    await expect(page.locator("#category")).to_have_value("Foreign residents")
    await page.locator("#category").press("Control+a")
    await page.keyboard.insert_text(CATEGORY)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Control+Enter")
    receipt = page.locator(".case-notice .said-ok")
    await expect(receipt).to_be_visible()
    return await receipt.inner_text()


async def test_an_english_call_is_english_from_the_menu_to_the_survey(
    hotline: HotlineProcess, records: Records, desks: Desks, voice: Path, tmp_path: Path
) -> None:
    operator = await desks.person(await speaks_english(records), "/desk", Operator)
    await operator.reads(ENGLISH)
    await sits_down_by_keys(operator)
    async with Citizen(tmp_path / "citizen", NUMBER, voice) as citizen:
        call_id = await presses_for_english(citizen, records, hotline.sip_port)
        await operator.word("来电", within_s=20)
        head = operator.page.locator(".citizen-head")
        await expect(head).to_contain_text("English")
        await expect(head).to_contain_text("General")
        await operator.primary("接听")
        await operator.word("通话中")
        await operator.hears()
        receipt = await answers_by_keys(operator)
        await operator.primary("挂断")
        survey = await records.event(call_id, "MenuStepEntered", lambda e: e["flow"] == "survey")
        assert survey["language"] == "en"
        await citizen.press("1")
        await records.event(call_id, "SolvedAnswered")
        await records.event(call_id, "MenuStepEntered", lambda e: e["step"] == "question")
        await citizen.press("1")
        await records.event(call_id, "SurveyAnswered")
        await citizen.until_ended()
    await operator.finish()
    await operator.word("就绪")
    assert receipt.startswith("Filed")
    heard = {e["language"] for e in records.events(call_id) if e["type"] == "MenuStepEntered"}
    assert heard == {"zh", "en"}
    _, (ear,) = sound.channels(citizen.heard)
    assert ear.audible_fraction > 0.3

    # The second time the greeting is English from the first word.
    supervisor = await desks.person("ad01", f"/calls/{call_id}", Person)
    await supervisor.reads(ENGLISH)
    await expect(supervisor.page.locator("table.sequence")).to_contain_text("Rated 1")
    assert operator.faults == [] and supervisor.faults == []
