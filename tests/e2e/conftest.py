"""One running hotline and one Chromium for all end-to-end tests, on free ports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.e2e.baresip import speech
from tests.e2e.hotline_process import HotlineProcess
from tests.e2e.operator import Desks
from tests.e2e.records import Records
from tests.servers.browser import CHROMIUM_FLAGS
from tests.servers.sip_phone import SipPhone


@pytest.fixture(scope="session")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HotlineProcess]:
    """A whole hotline with the demo city, answering calls; stopped by Ctrl-C."""
    process = HotlineProcess(tmp_path_factory.mktemp("hotline"))
    try:
        process.start()
        yield process
    finally:
        if process.process is not None and process.process.poll() is None:
            process.stop()


@pytest.fixture(scope="session")
def records(hotline: HotlineProcess) -> Records:
    return Records(hotline.data_dir / "hotline.db")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(chromium_path: Path) -> AsyncIterator[Browser]:
    """The system's Chromium with a microphone that beeps."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path, args=list(CHROMIUM_FLAGS)
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def desks(
    hotline: HotlineProcess, records: Records, chromium: Browser, tmp_path: Path
) -> AsyncIterator[Desks]:
    """Operators in browsers; whoever sat down is logged out after the test."""
    made = Desks(hotline, records, chromium, tmp_path)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def telephone(hotline: HotlineProcess) -> AsyncIterator[SipPhone]:
    """A citizens' telephone for any number of calls at once, every step in the test's hand."""
    phone = await SipPhone.open("citizen", hotline.sip_port)
    yield phone
    phone.close()


@pytest.fixture(scope="session")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the citizens say."""
    return speech(
        tmp_path_factory.mktemp("voice") / "citizen.wav",
        "Hello, my employer has not paid my wages for three months, please help me.",
    )
