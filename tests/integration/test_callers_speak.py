"""The whole hotline on the real Asterisk with a model for each language: callers say what they want
in Mandarin, Cantonese and English and reach their team.

All call at once, for a greeting lasts as long as it lasts; each test waits for its own.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from hotline.speech import install
from kernel import events as ev
from kernel.language import Language
from kernel.phone import PhoneNumber
from speech.service import State
from tests.servers.sip_phone import Dialog, SipPhone
from tests.servers.whole_hotline import WholeHotline, until, whole_hotline
from tests.speech_model.kit import said, tiny_model
from tests.speech_model.words import CHINESE, ENGLISH

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True)
class Wish:
    """What is said, and the team that it leads to."""

    language: Language
    words: str
    team: str

    def __str__(self) -> str:
        return f"{self.language}-{self.words}"


CHINESE_WISHES = (
    ("社保", "labour"),
    ("户口", "security"),
    ("消费投诉", "consumer"),
    ("人工", "general"),
)
ENGLISH_WISHES = (
    ("social security", "labour"),
    ("complaint", "general"),
    ("operator", "general"),
    ("refund", "consumer"),
)
WISHES = (
    *(Wish(Language.MANDARIN, *wish) for wish in CHINESE_WISHES),
    *(Wish(Language.CANTONESE, *wish) for wish in CHINESE_WISHES),
    *(Wish(Language.ENGLISH, *wish) for wish in ENGLISH_WISHES),
)


class Stage:
    """The hotline, and telephones for whoever speaks."""

    def __init__(self, hotline: WholeHotline, phone: SipPhone) -> None:
        self.hotline = hotline
        self._phone = phone

    async def call(self, ani: str, language: Language) -> Dialog:
        """A caller whose language is known, and who is being listened to."""
        self.hotline.services.memory.remember(PhoneNumber(ani), language)
        citizen = await self._phone.call("12345", ani=ani)
        citizen.say()
        await citizen.wait("answered", within_s=20)
        await self.hotline.step(ani, "menu_own")
        # The phrase is played by whoever listens.
        await citizen.hears_sound()
        return citizen


async def wish_is_told(on: Stage, ani: str, wish: Wish) -> None:
    sound = await asyncio.to_thread(said, wish.words, wish.language)
    citizen = await on.call(ani, wish.language)
    citizen.say(sound)
    queued = await on.hotline.events.wait(ani, ev.CallQueued)
    citizen.hang_up()
    assert (queued.team, queued.language) == (wish.team, wish.language)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("hotline")
    async with whole_hotline(folder) as hotline:
        await asyncio.to_thread(_install, hotline, folder)
        hearing = hotline.services.hearing
        await until(lambda: hearing.health().state is State.READY, "the models are heard with", 60)
        assert all(hearing.listens(language) for language in Language), hearing.health()
        phone = await SipPhone.open("citizen", hotline.sip_port)
        yield Stage(hotline, phone)
        phone.close()


def _install(hotline: WholeHotline, folder: Path) -> None:
    """As they would be published and installed."""
    for known in (CHINESE, ENGLISH):
        model = folder / f"vosk-model-tiny-{known.name}"
        shutil.copytree(tiny_model(known), model)
        languages = list(known.voices) if len(known.voices) > 1 else []
        install(hotline.settings, str(model), "", languages, lambda _: None, lambda *_: None)


Calls = dict[str, asyncio.Task[None]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(stage: Stage) -> AsyncIterator[Calls]:
    """Every call, begun."""
    begun = {
        str(wish): asyncio.ensure_future(wish_is_told(stage, f"139000005{n:02}", wish))
        for n, wish in enumerate(WISHES)
    }
    yield begun
    for task in begun.values():
        task.cancel()
    await asyncio.gather(*begun.values(), return_exceptions=True)


@pytest.mark.parametrize("wish", WISHES, ids=str)
async def test_spoken_wish_reaches_its_team(calls: Calls, wish: Wish) -> None:
    await calls[str(wish)]
