"""The part of the composition root that makes the ears: models on the shelf, a worker for each."""

from __future__ import annotations

import os
import uuid

from hotline.settings import Settings
from kernel.clock import Clock
from kernel.infra.log import get
from speech.adapters.model_shelf import FolderShelf
from speech.adapters.worker_process import vosk_worker
from speech.ports import Installed, WorkerStarter
from speech.service import Hearing


def build_hearing(settings: Settings, clock: Clock) -> Hearing:
    """Makes everything, starts nothing."""
    cores = os.cpu_count() or 1

    def starter(model: Installed, streams: int) -> WorkerStarter:
        return vosk_worker(model.folder, streams, cores)

    return Hearing(
        shelf=FolderShelf(settings.speech_dir),
        starter=starter,
        cores=cores,
        prompts_dir=settings.prompts_dir,
        # 122 random bits of the operating system: a secret that names one listening.
        new_key=lambda: str(uuid.uuid4()),
        clock=clock,
        log=get("speech"),
    )
