"""The pages of the prompts on real folders and the real studio, over HTTP and in a browser."""

from __future__ import annotations

import math
from array import array
from pathlib import Path

import httpx
from fastapi import FastAPI

from hotline.web import MAX_BODY_BYTES, BodyLimit
from ivr.adapters.prompt_sounds import SoundFolders
from ivr.adapters.sound_files import write_sound
from ivr.adapters.studio import WorkerStudio
from ivr.core.catalogue import PromptCatalogue
from ivr.core.prompt_use import Use
from ivr.routes.prompts import build_router
from kernel.infra.i18n import Catalogue
from kernel.infra.web import COOKIE, LANGUAGE_COOKIE, WebKit, WebSession
from kernel.language import Language, ScreenLanguage
from kernel.policy import Principal, Role
from tests.fakes.take_store import PromptRoom

ROOT = Path(__file__).resolve().parents[2]
HTML = {"accept": "text/html"}
CSRF = {"csrf_token": "token"}
ROLES = {"ad28": Role.ADMINISTRATOR, "qa01": Role.QUALITY, "op0001": Role.OPERATOR}
TITLES = {"greeting": "欢迎语", "menu": "选单"}
ZH, YUE, EN = Language.MANDARIN, Language.CANTONESE, Language.ENGLISH
WORDS = PromptCatalogue(
    {
        "hello": {ZH: "广州12345热线，<您好>。", YUE: "广州12345热线，你好。", EN: "Hello."},
        "waiting_on": {ZH: "请稍候。", YUE: "请等一等。", EN: "Please hold."},
        "mute": {ZH: "没有声音的。", YUE: "冇声嘅。", EN: "Without a sound."},
    },
    {language: {} for language in Language},
)


def chirp(seconds: float = 1.5, frequency: float = 600) -> array[int]:
    """What stands for the synthetic voice, at 8 kHz."""
    return array(
        "h",
        [int(6000 * math.sin(math.tau * frequency * n / 8000)) for n in range(int(8000 * seconds))],
    )


class Site:
    def __init__(self, folder: Path, seconds: float = 1.5) -> None:
        for name in ("hello", "waiting_on"):
            for language in Language:
                write_sound(folder / "prompts" / language.value / name, chirp(seconds))
        self.folder = folder
        self.room = PromptRoom(
            WORDS,
            sounds=SoundFolders(folder / "prompts", folder / "takes"),
            studio=WorkerStudio(),
            uses={"hello": (Use("main", "greeting"), Use("main", "menu"))},
        )

        async def lookup(cookie: str) -> WebSession | None:
            if cookie not in ROLES:
                return None
            principal = Principal(cookie, cookie, frozenset({ROLES[cookie]}))
            return WebSession(principal, "token", ScreenLanguage.CHINESE)

        kit = WebKit(
            template_dirs=[ROOT / "frontend" / "templates", ROOT / "ivr" / "templates"],
            catalogue=Catalogue(ROOT / "frontend" / "locale" / "en.po"),
            lookup=lookup,
            assets_version="test",
        )
        self.app = FastAPI()
        self.app.add_middleware(BodyLimit, limit=MAX_BODY_BYTES)
        kit.install_error_answers(self.app)
        self.app.include_router(
            build_router(kit, self.room.prompts, lambda flow, step: TITLES.get(step))
        )

    def browser(self, account: str | None = "ad28", language: str = "zh") -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="http://hotline.test",
            cookies={} if account is None else {COOKIE: account, LANGUAGE_COOKIE: language},
            headers=HTML,
        )
