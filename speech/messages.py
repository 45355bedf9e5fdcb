"""A message that a caller left, written down from its archived recording, once and whole."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kernel.language import Language
from speech.core.wire import Followed, Said
from speech.service import Hearing

MOST_SAID = 2000
"""More sentences than any message has; a worker that tells more of one is not believed."""


class BrokeOff(Exception):
    """The end of the recording was not reached; the text says why."""


class MessageScribe:
    """What was said is handed over when all of it is there: a message is short, and half of one
    tells nobody what it is about."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing

    def installed(self) -> frozenset[Language]:
        return self._hearing.installed()

    def ready(self) -> frozenset[Language]:
        return self._hearing.ready()

    async def write_down(
        self, language: Language, file: Path, from_s: float
    ) -> tuple[Said, ...] | None:
        """What the caller says from this second on, in order; None when nobody can now: the worker
        is away, or has enough to do.

        Raises:
            BrokeOff: the worker died amid it, or the file is no recording.
        """
        said: list[Said] = []
        over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def tell(told: Said | Followed) -> None:
            if isinstance(told, Said):
                said.append(told)
            elif not over.done():
                over.set_result(told.reason)

        if self._hearing.read(language, file, from_s, tell) is None:
            return None
        reason = await over
        if reason or len(said) > MOST_SAID:
            raise BrokeOff(reason or "too much is said")
        return tuple(said)
