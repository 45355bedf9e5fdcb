"""Pictures of the screens, taken from a hotline of its own while real calls run through it.

A hotline with the demo city starts on free ports and `hotline simulate` brings it to life; then
people sit down at Chromium, 1366 x 768. Everything is photographed in Chinese and English, light
and dark, for people to look at; the README's pictures are also put where it shows them.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from hotline.simulate.telephones import Citizen, Telephones
from hotline.simulate.voices import CITIZEN, mulaw_voice
from kernel.language import ScreenLanguage
from tests.e2e.hotline_process import ROOT, HotlineProcess
from tests.e2e.operator import Desks, Operator, Person, ready_without_phone, send_home
from tests.e2e.pages import VIEWS
from tests.e2e.records import Records
from tests.servers.browser import CHROMIUM_FLAGS, chromium_path

README = ROOT / "docs" / "screenshots"
ALBUM = ROOT / "var" / "screenshots"
LARGEST = 300_000
BUSY_CITIZENS, BUSY_OPERATORS = 26, 12
BUSY_WITHIN_S = 300.0
BOOTH, COLLEAGUES_BOOTH, STUCK_BOOTH = "018", "028", "417"
PLAN = "labour_spring"
CATEGORY = {ScreenLanguage.CHINESE: "拖欠工资", ScreenLanguage.ENGLISH: "Wage arrears"}
DESCRIPTION = (
    "市民反映在天河区一家餐饮公司工作，单位拖欠今年8月至10月工资，"
    "共三名员工，多次催要未果，要求协调尽快支付。"
)
ADDRESS = "天河路208号粤海天河城"
_BUSY = """() => {
  const numbers = (name) => [...document.querySelectorAll(`[data-cell=${name}]`)]
    .map((cell) => Number.parseInt(cell.textContent, 10) || 0);
  return numbers("answered").every((n) => n >= 4) && Math.max(...numbers("waiting")) >= 2;
}"""


@dataclass(slots=True)
class Album:
    """Keeps the pictures of one language, each of them light and dark."""

    folder: Path
    language: ScreenLanguage

    async def take(self, page: Page, name: str, *, whole: bool = False) -> None:
        """`whole`: also what lies below the window's edge."""
        for dark in (False, True):
            await page.emulate_media(color_scheme="dark" if dark else "light")
            path = self.folder / f"{name}.{self.language.value}{'.dark' if dark else ''}.png"
            await page.screenshot(path=path, animations="disabled")
            if whole:
                await page.screenshot(path=path.with_suffix(".whole.png"), full_page=True)
        await page.emulate_media(color_scheme="light")
        print(f"{name} ({self.language.value})", flush=True)


@dataclass(slots=True)
class Studio:
    """What every scene needs."""

    hotline: HotlineProcess
    desks: Desks
    records: Records
    telephones: Telephones
    voice: Path
    albums: list[Album] = field(default_factory=list)


# --- the busy city: the wallboard ----------------------------------------------------------------


@asynccontextmanager
async def busy_city(hotline: HotlineProcess) -> AsyncIterator[None]:
    """More citizens than operators, so that queues form; ended politely."""
    command = [sys.executable, "-m", "hotline.cli", "simulate", "--minutes", "60"]
    command += ["--citizens", str(BUSY_CITIZENS), "--operators", str(BUSY_OPERATORS)]
    with (hotline.folder / "simulate.log").open("wb") as log:
        city = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=hotline.env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        if city.returncode is None:
            city.terminate()
        await city.wait()


async def wallboard(studio: Studio) -> None:
    """Once every team has answered some calls and somebody waits."""
    supervisor = await studio.desks.person("ad01", "/wallboard", Person)
    page = supervisor.page
    await page.wait_for_function(_BUSY, timeout=BUSY_WITHIN_S * 1000)
    for album in studio.albums:
        await supervisor.reads(album.language)
        await page.wait_for_function(_BUSY, timeout=BUSY_WITHIN_S * 1000)
        await page.locator("#booths [data-state=talking]").first.click()
        await page.evaluate("scrollTo(0, 0)")
        await album.take(page, "wallboard-busy", whole=True)
        await page.set_viewport_size({"width": 390, "height": 844})
        await album.take(page, "wallboard-on-a-phone", whole=True)
        await page.set_viewport_size({"width": 1366, "height": 768})


# --- what a supervisor is needed for -------------------------------------------------------------


async def trouble(studio: Studio) -> None:
    """A plan that a supervisor has started, and an operator who is ready without a phone."""
    supervisor = await studio.desks.person("ad02", "/plans", Person)
    card = supervisor.page.locator(f"[data-plan={PLAN}]")
    await card.locator("[data-order=begin]").click()
    await card.locator(".plan-order input").fill("春节前欠薪来电激增")
    await supervisor.page.keyboard.press("Enter")
    await expect(card).to_have_attribute("data-state", "running")
    stuck = await studio.desks.person(studio.records.operators("urban")[-1], "/account", Person)
    cookie = await stuck.session_cookie()
    for album in studio.albums:
        await supervisor.reads(album.language)
        await expect(card).to_have_attribute("data-state", "running")
        await album.take(supervisor.page, "plans-running", whole=True)
        await supervisor.open("/wallboard")
        async with ready_without_phone(studio.hotline, cookie, STUCK_BOOTH):
            await stuck_operator(supervisor, album)
        await send_home(studio.hotline, cookie)
        await supervisor.open("/plans")


async def stuck_operator(supervisor: Person, album: Album) -> None:
    """The wallboard's alarm, opened."""
    page = supervisor.page
    alarm = page.locator("#exceptions li.danger", has_text=STUCK_BOOTH)
    await alarm.get_by_role("button").click(timeout=20_000)
    await expect(page.locator("#force-free")).to_be_visible()
    await page.evaluate("scrollTo(0, 0)")
    await album.take(page, "wallboard-alarm", whole=True)


# --- one call: the operator's desk ---------------------------------------------------------------


def well_known_citizen(records: Records) -> str:
    """Who called today and has most cases that are not closed."""
    found = records.rows(
        "SELECT ani FROM cases WHERE ani IN (SELECT ani FROM calls)"
        " AND state NOT IN ('closed', 'answered') GROUP BY ani ORDER BY COUNT(*) DESC, ani"
    )
    return str(found[0]["ani"])


async def desk(studio: Studio, album: Album, account: str) -> None:
    """From the booth to the end of the wrap-up, with a citizen who has called before."""
    operator = await studio.desks.person(account, "/desk", Operator)
    await operator.reads(album.language)
    page = operator.page
    await page.locator("#booth").fill(BOOTH)
    await album.take(page, "desk-1-log-in")
    await operator.primary("签入座席")
    operator.booth = BOOTH
    await operator.phone_is_there()
    await album.take(page, "desk-2-not-ready")
    await operator.primary("就绪")
    await operator.word("就绪")
    number = well_known_citizen(studio.records)
    citizen = Citizen(number, "", "12345", key="3", listens_s=3, patience_s=240)
    call = asyncio.create_task(studio.telephones.call(citizen, studio.voice))
    await operator.word("来电", within_s=60)
    await album.take(page, "desk-3-offer")
    await operator.primary("接听")
    await operator.word("通话中")
    await writes_down(operator, album)
    await asks_a_colleague(studio, operator, album)
    await operator.primary("挂断")
    await operator.word("话后整理")
    await album.take(page, "desk-10-wrap-up")
    await operator.finish("order_filed")
    await call
    await studio.desks.leaves(operator)


async def asks_a_colleague(studio: Studio, operator: Operator, album: Album) -> None:
    """Another team's operator is consulted, and the caller stays with the first."""
    account = studio.records.operators("security")[-1]
    colleague = await studio.desks.person(account, "/desk", Operator)
    await colleague.reads(album.language)
    await colleague.sit_down(COLLEAGUES_BOOTH)
    await operator.page.keyboard.press("Alt+KeyZ")
    await operator.page.locator("#target-query").fill(COLLEAGUES_BOOTH)
    await expect(operator.page.locator(".targets li")).to_have_count(1)
    await operator.page.locator(".targets button").first.click()
    await colleague.word("来电")
    await colleague.primary("接听")
    await colleague.word("同事咨询")
    await operator.word("咨询中")
    await album.take(operator.page, "desk-7-consulting")
    await album.take(colleague.page, "desk-8-consulted")
    await operator.page.locator("#context button").click()
    await operator.word("通话中")
    await operator.page.keyboard.press("F8")
    await operator.word("保持中")
    await album.take(operator.page, "desk-9-on-hold")
    await operator.page.keyboard.press("F8")
    await operator.word("通话中")
    await studio.desks.leaves(colleague)


async def writes_down(operator: Operator, album: Album) -> None:
    """What the operator types while the citizen talks."""
    page = operator.page
    await expect(page.locator("#description")).to_be_enabled()
    await page.locator("#description").fill(DESCRIPTION)
    await expect(page.locator("#knowledge-hits button").first).to_be_visible()
    await page.locator("#category").fill(CATEGORY[album.language])
    await page.keyboard.press("Enter")
    await page.locator("[name=outcome][value=dispatched]").check()
    await page.locator("#district").select_option("tianhe")
    await page.locator("#address").fill(ADDRESS)
    await expect(page.locator("#authority")).not_to_have_value("")
    await page.locator("#knowledge-hits button").first.click()
    await expect(page.locator("#knowledge-reader h2")).to_be_visible()
    await page.locator("#requester_name").focus()
    await album.take(page, "desk-4-talk")
    await page.keyboard.press("Alt+KeyZ")
    await expect(page.locator(".targets li").first).to_be_visible()
    await album.take(page, "desk-5-transfer")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+Enter")
    await album.take(page, "desk-6-missing")


# --- the other pages -----------------------------------------------------------------------------


async def gives_notice(studio: Studio) -> None:
    """What every caller of one district hears from now on."""
    administrator = await studio.desks.person("ad29", "/ivr-notices", Person)
    page = administrator.page
    await page.locator("[name=zh]").fill("受台风影响，天河区部分路段积水，请市民减少外出。")
    await page.locator("[name=en]").fill("Typhoon: roads in Tianhe are flooded. Please stay in.")
    await page.locator("[name=district]").select_option("tianhe")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await page.locator("[name=ends]").fill(tomorrow.strftime("%Y-%m-%dT20:00"))
    await page.locator("[name=zh]").press("Tab")
    await page.get_by_role("button", name="发布通知").click()
    await expect(page.locator("tbody tr")).to_have_count(1)


async def gives_up(studio: Studio) -> None:
    """Nobody answers for this team any more: a citizen waits in vain, and is to be called back."""
    citizen = Citizen("13922210045", "", "12345", key="4", listens_s=3, patience_s=14)
    await studio.telephones.call(citizen, studio.voice)
    await studio.records.event(studio.records.call_of(citizen.number) or "", "CallbackTaskMade")


async def pages(studio: Studio, album: Album) -> None:
    """Every page, as the calls have left it."""
    people: dict[str, Person] = {}
    for view in VIEWS:
        if view.account not in people:
            people[view.account] = (
                await studio.desks.person(view.account, "/account", Person)
                if view.account
                else await studio.desks.stranger(Person, "stranger")
            )
            await people[view.account].reads(album.language)
        person = people[view.account]
        await person.open(view.path(studio.records))
        await person.page.locator(view.ready).first.wait_for()
        await person.page.wait_for_load_state("networkidle")
        await album.take(person.page, view.name, whole=True)
    for person in people.values():
        await studio.desks.leaves(person)


# --- all of it -----------------------------------------------------------------------------------


def publish(album: Album, name: str, target: str) -> None:
    """One of the README's pictures."""
    picture = README / f"{target}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(album.folder / f"{name}.{album.language.value}.png", picture)
    size = picture.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{picture} has {size} bytes, more than {LARGEST}")
    print(f"{picture.relative_to(ROOT)}: {size // 1000} kB", flush=True)


async def photograph(studio: Studio) -> None:
    async with busy_city(studio.hotline):
        await wallboard(studio)
        await trouble(studio)
    await asyncio.gather(gives_notice(studio), gives_up(studio))
    account = studio.records.operators("labour")[-1]
    for album in studio.albums:
        await desk(studio, album, account)
        await pages(studio, album)
    chinese = studio.albums[0]
    for name, target in (("desk-4-talk", "desk"), ("wallboard-busy", "wallboard")):
        publish(chinese, name, target)
    publish(chinese, "recording", "recording")


async def open_studio(folder: Path) -> None:
    hotline = HotlineProcess(folder)
    shutil.rmtree(ALBUM, ignore_errors=True)
    ALBUM.mkdir(parents=True)
    try:
        await asyncio.to_thread(hotline.start)
        records = Records(hotline.data_dir / "hotline.db")
        telephones = Telephones(folder, "127.0.0.1", hotline.sip_port)
        voice = await asyncio.to_thread(mulaw_voice, CITIZEN, folder / "citizen.ulaw", speed=165)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium_path(), args=[*CHROMIUM_FLAGS, "--lang=zh-CN"]
            )
            studio = Studio(
                hotline, Desks(hotline, records, browser, folder), records, telephones, voice
            )
            studio.albums = [Album(ALBUM, language) for language in ScreenLanguage]
            try:
                await photograph(studio)
            finally:
                await studio.desks.close()
                await telephones.stop()
                await browser.close()
    finally:
        if hotline.process is not None:
            await asyncio.to_thread(hotline.stop)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hotline-screenshots-") as folder:
        asyncio.run(open_studio(Path(folder)))


if __name__ == "__main__":
    main()
