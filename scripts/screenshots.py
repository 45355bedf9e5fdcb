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
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from hotline.pages import PO_FILE
from hotline.simulate.telephones import Citizen, Telephones
from hotline.simulate.voices import CITIZEN, mulaw_voice
from kernel.infra.i18n import Catalogue
from kernel.language import ScreenLanguage
from tests.e2e.hotline_process import ROOT, HotlineProcess
from tests.e2e.operator import Desks, Operator, Person
from tests.e2e.records import Records
from tests.servers.browser import CHROMIUM_FLAGS, chromium_path

README = ROOT / "docs" / "screenshots"
ALBUM = ROOT / "var" / "screenshots"
LARGEST = 300_000
BUSY_CITIZENS, BUSY_OPERATORS = 26, 12
BUSY_WITHIN_S = 300.0
PHONE_WITHIN_MS = 20_000
BOOTHS = {ScreenLanguage.CHINESE: "018", ScreenLanguage.ENGLISH: "019"}
SEARCHED = "拖欠工资"
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


@dataclass(frozen=True, slots=True)
class View:
    """One page as one person sees it."""

    name: str
    account: str
    path: str


@dataclass(slots=True)
class Album:
    """Keeps the pictures of one language, each of them light and dark."""

    folder: Path
    language: ScreenLanguage
    catalogue: Catalogue

    def word(self, chinese: str) -> str:
        """A text of the screens in the album's language."""
        return self.catalogue.text(self.language, chinese)

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


async def speaks(person: Person, language: ScreenLanguage) -> None:
    """Switch the person's pages to this language, as the button in the header does."""
    await person.context.add_cookies(
        [{"name": "hotline_lang", "value": language.value, "url": person.base_url}]
    )
    await person.page.reload()


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
        await speaks(supervisor, album.language)
        await page.wait_for_function(_BUSY, timeout=BUSY_WITHIN_S * 1000)
        await page.locator("#booths [data-state=talking]").first.click()
        await page.evaluate("scrollTo(0, 0)")
        await album.take(page, "wallboard", whole=True)
        await page.set_viewport_size({"width": 390, "height": 844})
        await album.take(page, "wallboard-on-a-phone", whole=True)
        await page.set_viewport_size({"width": 1366, "height": 768})


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
    await speaks(operator, album.language)
    page = operator.page
    booth = BOOTHS[album.language]  # who was photographed before still sits at the other
    await page.locator("#booth").fill(booth)
    await album.take(page, "desk-1-log-in")
    await operator.primary(album.word("签入座席"))
    operator.booth = booth
    await expect(page.locator("#phone-state")).to_have_text(
        album.word("耳麦话机在线"), timeout=PHONE_WITHIN_MS
    )
    await album.take(page, "desk-2-not-ready")
    await operator.primary(album.word("就绪"))
    await operator.word(album.word("就绪"))
    number = well_known_citizen(studio.records)
    citizen = Citizen(number, "", "12345", key="3", listens_s=3, patience_s=240)
    call = asyncio.create_task(studio.telephones.call(citizen, studio.voice))
    await operator.word(album.word("来电"), within_s=60)
    await album.take(page, "desk-3-offer")
    await operator.primary(album.word("接听"))
    await operator.word(album.word("通话中"))
    await writes_down(operator, album)
    await operator.primary(album.word("挂断"))
    await operator.word(album.word("话后整理"))
    await album.take(page, "desk-7-wrap-up")
    await operator.finish()
    await call


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


def views(records: Records) -> list[View]:
    """Pages that show what the calls have left behind."""
    listened = records.rows(
        "SELECT call_id FROM recordings WHERE status = 'archived' ORDER BY duration_ms DESC LIMIT 1"
    )[0]["call_id"]
    open_case = records.rows(
        "SELECT number FROM cases WHERE state = 'dispatched' ORDER BY filed_at DESC LIMIT 1"
    )[0]["number"]
    return [
        View("recordings", "ad11", "/recordings"),
        View("recording", "ad11", f"/recordings/{listened}"),
        View("cases", "ad19", "/cases"),
        View("case", "ad19", f"/cases/{open_case}"),
        View("plans", "ad01", "/plans"),
        View("calls", "ad01", "/calls"),
        View("callbacks", "ad01", "/callbacks"),
        View("call", "ad01", f"/calls/{listened}"),
        View("knowledge", "op0001", f"/knowledge?q={SEARCHED}"),
        View("flows", "ad28", "/ivr/main"),
        View("flow-trial", "ad28", "/ivr/main/try?keys=6,1,20261124000123&key=8000"),
        View("flow-editor", "ad28", "/ivr/main/versions/1"),
        View("directory", "ad28", "/directory"),
        View("operators", "ad28", "/directory/operators"),
        View("booths", "ad28", "/directory/booths"),
        View("authorities", "ad28", "/directory/authorities"),
        View("lines", "ad28", "/directory/lines"),
        View("audit", "ad28", "/audit"),
        View("account", "op0001", "/account"),
        View("phone", "op0001", "/phone"),
        View("nothing-found", "ad19", "/cases?q=没有这样的诉求"),
    ]


async def pages(studio: Studio, album: Album) -> None:
    stranger = await studio.desks.stranger(Person, "stranger")
    await stranger.open("/login")
    await speaks(stranger, album.language)
    await album.take(stranger.page, "login")
    people: dict[str, Person] = {}
    for view in views(studio.records):
        if view.account not in people:
            people[view.account] = await studio.desks.person(view.account, "/account", Person)
            await speaks(people[view.account], album.language)
        person = people[view.account]
        await person.open(view.path)
        await person.page.wait_for_load_state("networkidle")
        await album.take(person.page, view.name, whole=True)


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
    accounts = studio.records.operators("labour")
    for number, album in enumerate(studio.albums, start=1):
        await desk(studio, album, accounts[-number])
        await pages(studio, album)
    chinese = studio.albums[0]
    for name, target in (("desk-4-talk", "desk"), ("wallboard", "wallboard")):
        publish(chinese, name, target)
    publish(chinese, "recording", "recording")


async def open_studio(folder: Path) -> None:
    hotline = HotlineProcess(folder)
    catalogue = Catalogue(PO_FILE)
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
            studio.albums = [Album(ALBUM, language, catalogue) for language in ScreenLanguage]
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
