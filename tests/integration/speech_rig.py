"""The real Asterisk, the real worker and the tiny model, for a test to speak to."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cti.ports import Ear
from kernel.ids import CallId
from kernel.infra.clock import SystemClock
from kernel.language import Language
from kernel.telephony import CallerInput, Listen
from speech.adapters.worker_process import vosk_worker
from speech.ports import Installed, WorkerStarter
from speech.service import Hearing, StarterOf
from tests.fakes.log import KeptLog
from tests.fakes.speech_worker import ListShelf, model
from tests.speech_model.kit import tiny_model

STREAMS = 8


def tiny() -> Installed:
    """The tiny model as if it had been installed: it knows Mandarin and Cantonese."""
    folder = tiny_model()
    found = model("tiny", Language.MANDARIN, Language.CANTONESE)
    return replace(found, folder=folder)


def of_vosk(found: Installed, streams: int) -> WorkerStarter:
    return vosk_worker(found.folder, STREAMS, os.cpu_count() or 1)


@asynccontextmanager
async def hearing(
    prompts_dir: Path,
    log: KeptLog,
    found: Installed,
    starter: StarterOf = of_vosk,
) -> AsyncIterator[Hearing]:
    made = Hearing(
        shelf=ListShelf(found),
        starter=starter,
        cores=2,
        prompts_dir=prompts_dir,
        new_key=lambda: str(uuid.uuid4()),
        clock=SystemClock(),
        log=log,
    )
    await made.start()
    try:
        async with asyncio.timeout(60):
            await made.wait_ready()
        yield made
    finally:
        await made.stop()


@dataclass(frozen=True)
class ClosedEar:
    key: str
    port: int


class EarBox:
    """Fills `cti.ports.Ears` with whichever hearing is in it now; counts what it opened."""

    def __init__(self) -> None:
        self.inside: Hearing | None = None
        self.closed_port: int | None = None
        """Where nobody is, though the platform believes so."""
        self.opened = asyncio.Event()

    def open(self, call_id: CallId, listen: Listen) -> Ear | None:
        assert self.inside is not None
        self.opened.set()
        if self.closed_port is not None:
            return ClosedEar(str(uuid.uuid4()), self.closed_port)
        return self.inside.open(call_id, listen)

    def close(self, call_id: CallId) -> None:
        assert self.inside is not None
        self.inside.close(call_id)

    async def heard(self, call_id: CallId) -> CallerInput:
        assert self.inside is not None
        return await self.inside.heard(call_id)
