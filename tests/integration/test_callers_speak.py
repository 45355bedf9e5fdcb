"""The whole hotline on the real Asterisk with a model for each language: callers say what they want
in Mandarin, Cantonese and English and reach their team; who makes music, whistles or speaks another
language is with a person soon, and never with the police.

All call at once, for a greeting lasts as long as it lasts; each test waits for its own.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import wave
from array import array
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from hotline.settings import ROOT
from hotline.speech import install
from ivr.core import audio
from kernel import events as ev
from kernel.language import Language
from kernel.phone import PhoneNumber
from tests.servers.sip_phone import Dialog, SipPhone
from tests.servers.whole_hotline import WholeHotline, until, whole_hotline
from tests.speech_model.kit import BUILT_WITHIN_S, said, tiny_model
from tests.speech_model.words import CHINESE, ENGLISH

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(BUILT_WITHIN_S),
]


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


@dataclass(frozen=True)
class Trouble:
    """What is heard of a caller again and again instead of a wish, `language` being expected.
    `nothing`: it is no speech and known for none: as if nothing were said."""

    name: str
    language: Language
    sound: Callable[[], bytes]
    nothing: bool = False

    def __str__(self) -> str:
        return self.name


def whistle(hz: float, rate: int = 8000) -> bytes:
    """A second, at `rate` samples, as the telephone takes it over."""
    made = array("h", [int(9000 * math.sin(math.tau * hz * n / rate)) for n in range(rate)])
    return audio.resample(made, rate).tobytes()


def with_pauses(tone: bytes, silence_s: float) -> bytes:
    return tone + bytes(int(16_000 * silence_s))


def noise(slope: float) -> bytes:
    """White (0) or pink (0.5), loud, for four seconds."""
    spectrum = np.fft.rfft(np.random.default_rng(7).standard_normal(32_000))
    spectrum[1:] /= np.arange(1, len(spectrum)) ** slope
    made = np.fft.irfft(spectrum)
    sound: bytes = (made * (1500 / made.std())).clip(-32768, 32767).astype("<i2").tobytes()
    return sound


def music() -> bytes:
    """The hotline's own: a caller who has put us on hold."""
    with wave.open(str(ROOT / "var" / "asterisk" / "moh" / "evening.wav"), "rb") as opened:
        return opened.readframes(opened.getnframes())


def foreign(language: str, sentence: str) -> Callable[[], bytes]:
    return lambda: with_pauses(said(sentence, language), 1.5)


TROUBLES = (
    Trouble("whistle_of_3_khz", Language.MANDARIN, lambda: whistle(3000), nothing=True),
    Trouble("whistle_of_10_khz", Language.MANDARIN, lambda: whistle(10_000, 48_000), nothing=True),
    Trouble("whistle_of_10_khz_folded_back", Language.ENGLISH, lambda: whistle(2000), nothing=True),
    Trouble("busy_tone", Language.CANTONESE, lambda: with_pauses(whistle(450)[:5600], 0.35), True),
    Trouble("fax", Language.ENGLISH, lambda: with_pauses(whistle(1100)[:8000], 3), nothing=True),
    Trouble("white_noise", Language.MANDARIN, lambda: noise(0), nothing=True),
    Trouble("pink_noise", Language.CANTONESE, lambda: noise(0.5)),
    Trouble("music", Language.MANDARIN, music),
    Trouble("music_to_english_ears", Language.ENGLISH, music),
    Trouble(
        "french",
        Language.MANDARIN,
        foreign("fr", "Bonjour, je voudrais parler à quelqu'un au sujet de mon passeport."),
    ),
    Trouble(
        "german",
        Language.ENGLISH,
        foreign("de", "Guten Tag, ich habe eine Frage zu meinem Aufenthalt in der Stadt."),
    ),
    Trouble(
        "russian",
        Language.CANTONESE,
        foreign("ru", "Здравствуйте, я хотел бы узнать, как продлить визу."),
    ),
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
    queued = await on.hotline.events.wait(ani, ev.CallQueued, within_s=90)
    citizen.hang_up()
    assert (queued.team, queued.language) == (wish.team, wish.language)


async def trouble_is_made(on: Stage, ani: str, trouble: Trouble) -> None:
    sound = await asyncio.to_thread(trouble.sound)
    citizen = await on.call(ani, trouble.language)
    citizen.say(sound, forever=True)
    queued = await on.hotline.events.wait(ani, ev.CallQueued, within_s=90)
    citizen.hang_up()
    there = on.hotline.events.of(ani)
    heard = [event for event in there if isinstance(event, ev.MenuWordsHeard)]
    assert sum(event.asked_back for event in heard) <= 1, heard
    assert not any(isinstance(event, ev.CallTransferredOut) for event in there)
    if trouble.nothing:
        assert (heard, queued.team) == ([], "general")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("hotline")
    async with whole_hotline(folder) as hotline:
        await asyncio.to_thread(_install, hotline, folder)
        hearing = hotline.services.hearing
        # The first model may be found before the second one is installed.
        await until(lambda: all(map(hearing.listens, Language)), "every language is heard", 60)
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
    } | {
        str(trouble): asyncio.ensure_future(trouble_is_made(stage, f"139000006{n:02}", trouble))
        for n, trouble in enumerate(TROUBLES)
    }
    yield begun
    for task in begun.values():
        task.cancel()
    await asyncio.gather(*begun.values(), return_exceptions=True)


@pytest.mark.parametrize("wish", WISHES, ids=str)
async def test_spoken_wish_reaches_its_team(calls: Calls, wish: Wish) -> None:
    await calls[str(wish)]


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
async def test_whoever_says_nothing_that_can_be_understood_is_with_a_person_soon(
    calls: Calls, trouble: Trouble
) -> None:
    await calls[str(trouble)]
