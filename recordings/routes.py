"""Pages and sound of the recordings: the quality listener's list, the player, the audio itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from kernel.clock import CITY_ZONE_NAME
from kernel.errors import BadInput, NotFound
from kernel.ids import AgentId, CallId
from kernel.infra.web import WebKit
from kernel.language import ScreenLanguage
from kernel.paging import Page
from kernel.phone import mask
from kernel.policy import Action, Principal, allows
from recordings.core.names import is_call_id
from recordings.core.recording import Recording, Status
from recordings.core.search import FIELDS, Wanted, read
from recordings.core.wav import second_at
from recordings.ports import RecordingStore
from recordings.schemas import PeaksAnswer, PlayedRequest
from recordings.service import Listening

PAGE_SIZE = 50
_ZONE = ZoneInfo(CITY_ZONE_NAME)

TeamNames = Mapping[ScreenLanguage, Mapping[str, str]]
AgentName = Callable[[AgentId, ScreenLanguage], str]
"""The operator's name for the reader's screen; the work number where there is none."""

STATUS_NAMES = {
    Status.EXPECTED: "归档中",
    Status.ARCHIVED: "已归档",
    Status.FAILED: "待重试归档",
    Status.DAMAGED: "录音损坏",
    Status.MISSING: "录音缺失",
}
STATUS_KINDS = {
    Status.EXPECTED: "info",
    Status.ARCHIVED: "ok",
    Status.FAILED: "warn",
    Status.DAMAGED: "danger",
    Status.MISSING: "danger",
}
SCORE_NAMES = {1: "非常满意", 2: "满意", 3: "一般", 4: "不满意", 5: "非常不满意"}
"""As the survey's prompt says them."""


class AudioReader(Protocol):
    """The archive's files, by the name in their row."""

    def path(self, name: str) -> Any: ...

    def peaks(self, name: str) -> Any: ...
