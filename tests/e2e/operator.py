"""People at their pages in Chromium: operators at the desk, and whoever signs in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from websockets.asyncio.client import connect

from hotline.pages import PO_FILE
from kernel.infra.i18n import Catalogue
from kernel.infra.web import LANGUAGE_COOKIE
from kernel.language import ScreenLanguage
from tests.e2e.hotline_process import HotlineProcess
from tests.e2e.records import Records

# The page's own connections, so that the test can ask the browser how much sound came in.
_REMEMBER_CONNECTIONS = """
window.connectionsMade = [];
window.RTCPeerConnection = class extends window.RTCPeerConnection {
  constructor(...given) { super(...given); window.connectionsMade.push(this); }
};
"""
_PACKETS_HEARD = """async () => {
  let packets = 0, energy = 0;
  for (const connection of window.connectionsMade) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type !== "inbound-rtp" || report.kind !== "audio") continue;
      packets += report.packetsReceived ?? 0;
      energy += report.totalAudioEnergy ?? 0;
    }
  }
  return [packets, energy];
}"""


@cache
def catalogue() -> Catalogue:
    """The texts of the screens, as the product has them."""
    return Catalogue(PO_FILE)


class Person:
    """One signed-in account in a browser of its own. `faults`: console errors, failed scripts.

    Texts are given in Chinese and looked for in the language that the person reads.
    """

    language = ScreenLanguage.CHINESE

    def __init__(self, context: BrowserContext, page: Page, base_url: str, account: str) -> None:
        self.context = context
        self.page = page
        self.account = account
        self.base_url = base_url
        self.faults: list[str] = []
        self.watch(page)

    def watch(self, page: Page) -> None:
        def said(message: ConsoleMessage) -> None:
            if message.type == "error":
                self.faults.append(f"{page.url}: {message.text}")

        page.on("console", said)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))

    async def reads(self, language: ScreenLanguage) -> None:
        """Switch the person's pages to this language, as the button in the header does."""
        self.language = language
        await self.context.add_cookies(
            [{"name": LANGUAGE_COOKIE, "value": language.value, "url": self.base_url}]
        )
        await self.page.reload()

    def text(self, chinese: str) -> str:
        """A text of the screens in the person's language."""
        return catalogue().text(self.language, chinese)

    async def open(self, path: str) -> None:
        response = await self.page.goto(f"{self.base_url}{path}")
        assert response is not None and response.ok, f"{path}: {response and response.status}"

    async def another_page(self, path: str) -> Page:
        """A second window of the same person."""
        page = await self.context.new_page()
        self.watch(page)
        response = await page.goto(f"{self.base_url}{path}")
        assert response is not None and response.ok, f"{path}: {response and response.status}"
        return page

    async def heard(self) -> tuple[int, float]:
        """RTP packets of sound that arrived in this page, and their sound energy."""
        packets, energy = await self.page.evaluate(_PACKETS_HEARD)
        return int(packets), float(energy)

    async def hears(self, packets: int = 250, within_s: float = 40) -> None:
        """Returns when so many packets came (50 are a second), and were not silence."""
        count, energy = 0, 0.0
        async with asyncio.timeout(within_s):
            while count < packets or energy < 0.001:
                count, energy = await self.heard()
                await asyncio.sleep(0.1)  # the interval between two looks at the condition

    async def session_cookie(self) -> str:
        cookies = await self.context.cookies()
        return "; ".join(f"{c.get('name')}={c.get('value')}" for c in cookies)


P = TypeVar("P", bound=Person)


class Operator(Person):
    """The desk, driven by keys as its people do."""

    booth = ""

    async def word(self, text: str, within_s: float = 20) -> None:
        """Wait for the word of the call column."""
        await expect(self.page.locator("#state-word")).to_have_text(
            self.text(text), timeout=within_s * 1000
        )

    async def primary(self, label: str, within_s: float = 20) -> None:
        """Wait until the primary action is this one, then press its key."""
        await expect(self.page.locator("#primary-label")).to_have_text(
            self.text(label), timeout=within_s * 1000
        )
        await expect(self.page.locator("#primary")).to_be_enabled(timeout=within_s * 1000)
        await self.page.keyboard.press("F2")

    async def sit_down(self, booth: str) -> None:
        """Log in at the booth with the browser's phone and become ready."""
        self.booth = booth
        await self.page.locator("#booth").fill(booth)
        await self.primary("签入座席")
        await self.phone_is_there()
        await self.primary("就绪")
        await self.word("就绪")

    async def phone_is_there(self, within_s: float = 40) -> None:
        """Wait until the browser's phone is registered."""
        await expect(self.page.locator("#phone-state")).to_have_text(
            self.text("耳麦话机在线"), timeout=within_s * 1000
        )

    async def finish(self, disposition: str | None = None) -> None:
        """End the wrap-up: with what is chosen already, or with this disposition."""
        await self.word("话后整理")
        if disposition is not None:
            await self.page.locator(f"[name=disposition][value={disposition}]").check()
        await self.primary("完成")


class Desks:
    """Opens browsers for people, and sends every operator home at the end."""

    def __init__(
        self, hotline: HotlineProcess, records: Records, browser: Browser, folder: Path
    ) -> None:
        self._hotline = hotline
        self._records = records
        self._browser = browser
        self._folder = folder
        self._people: list[Person] = []

    async def operator(self, account: str, booth: str) -> Operator:
        """Signed in by the page, at the booth, ready."""
        operator = await self.person(account, "/desk", Operator)
        await operator.sit_down(booth)
        return operator

    async def person(self, account: str, path: str, kind: type[P]) -> P:
        """Signed in through the page and led on to `path`."""
        person = await self.stranger(kind, account)
        page = person.page
        await page.goto(f"{self._hotline.base_url}/login?next={path}")
        await page.locator("[name=account]").fill(account)
        await page.locator("[name=password]").fill(self._hotline.password)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{self._hotline.base_url}{path}")
        return person

    async def stranger(self, kind: type[P], account: str = "") -> P:
        """A browser in which nobody has signed in."""
        context = await self._browser.new_context(
            locale="zh-CN", viewport={"width": 1366, "height": 768}
        )
        context.set_default_timeout(30_000)
        await context.add_init_script(_REMEMBER_CONNECTIONS)
        person = kind(context, await context.new_page(), self._hotline.base_url, account)
        self._people.append(person)
        return person

    async def lose(self, person: Person) -> None:
        """Close the browser under the person, as a crash does: no page says goodbye."""
        self._people.remove(person)
        await person.context.close()

    async def close(self) -> None:
        for person in list(self._people):
            if not person.page.is_closed():
                # What was on the screen last, for whoever looks for the reason of a failure.
                await person.page.screenshot(path=self._folder / f"last-{person.account}.png")
            await self.leaves(person)

    async def leaves(self, person: Person) -> None:
        """The day is over for one: an operator is logged out, the browser closed."""
        self._people.remove(person)
        if isinstance(person, Operator) and person.booth:
            await send_home(self._hotline, await person.session_cookie())
        await person.context.close()


@asynccontextmanager
async def ready_without_phone(
    hotline: HotlineProcess, cookie: str, booth: str
) -> AsyncIterator[None]:
    """At a booth whose desk phone is not connected, and ready all the same."""
    address = f"ws://127.0.0.1:{hotline.web_port}/desk/ws"
    headers = {"Cookie": cookie, "Origin": hotline.base_url}
    messages: list[dict[str, Any]] = [
        {"type": "hello", "tab_id": "stuck"},
        {"type": "log_in", "booth": booth, "phone": "desk"},
        {"type": "ready"},
    ]
    async with connect(address, additional_headers=headers) as socket:
        for number, message in enumerate(messages):
            await socket.send(json.dumps({"request_id": f"stuck-{number}", **message}))
        async for text in socket:
            if json.loads(text).get("status") == "ready":
                break
        yield


async def send_home(hotline: HotlineProcess, cookie: str) -> None:
    """Take the operator's place on the socket and leave every state until logged out."""
    address = f"ws://127.0.0.1:{hotline.web_port}/desk/ws"
    number = 0
    headers = {"Cookie": cookie, "Origin": hotline.base_url}
    async with asyncio.timeout(40), connect(address, additional_headers=headers) as socket:

        async def say(**message: Any) -> None:
            nonlocal number
            number += 1
            await socket.send(json.dumps({"request_id": f"home-{number}", **message}))

        await say(type="hello", tab_id="home")
        async for text in socket:
            message = json.loads(text)
            if message["type"] != "agent_state":
                continue
            if message["status"] == "logged_out":
                return
            match message["activity"]:
                case "talking":
                    await say(type="release")
                case "consulting":
                    await say(type="cancel_consult")
                case "offered":
                    await say(type="decline", offer_id=message["offer_id"])
                case "wrap_up":
                    await say(
                        type="wrap_up_done",
                        disposition="test",
                        next_status="not_ready",
                        reason="break",
                    )
                case "idle":
                    await say(type="log_out")


async def healthz(hotline: HotlineProcess) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"{hotline.base_url}/healthz", timeout=5)
