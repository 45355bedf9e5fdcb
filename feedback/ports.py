"""What the feedback department needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from feedback.core.answers import Counted, Survey
from kernel.ids import CallId


class SurveyStore(Protocol):
    async def note(self, survey: Survey) -> Survey:
        """Keep what is known of a call's survey; what was known before stays as it is: the first
        answer to each question counts. Returns what is kept now."""

    async def link(self, call_id: CallId, case_number: str) -> None:
        """The case that was filed in a call; nothing happens for a call without a survey."""

    async def get(self, call_id: CallId) -> Survey | None: ...

    async def count(self, since: datetime, until: datetime) -> Sequence[Counted]:
        """Of callers asked from `since` up to, not including, `until`: one row for each team,
        operator and pair of answers."""


class Log(Protocol):
    """The part of a structured logger that the service uses."""

    def info(self, event: str, **fields: object) -> object: ...

    def warning(self, event: str, **fields: object) -> object: ...
