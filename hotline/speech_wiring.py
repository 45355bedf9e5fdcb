"""The part of the composition root that makes the ears: models on the shelf, a worker for each."""

from __future__ import annotations

import os
import re
import uuid

from cti.adapters.recording_spool import SUFFIX
from hotline.asterisk import asterisk_version
from hotline.settings import Settings
from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.ids import IdSource
from kernel.infra.log import get
from speech.adapters.model_shelf import FolderShelf
from speech.adapters.worker_process import vosk_worker
from speech.core.files import Place
from speech.ports import Installed, WorkerStarter
from speech.service import Hearing
from speech.transcripts import Transcripts

KEYS_SINCE = {20: 14, 21: 9, 22: 4}
"""Releases of Asterisk, by branch, that surely pass a caller's keys on through AudioSocket. With an
older one a caller who is listened to could press no key."""


def build_hearing(settings: Settings, clock: Clock, place: Place) -> Hearing:
    """Makes everything, starts nothing. `place` tells where each prompt is."""
    version = asterisk_version(settings)
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
        hindrance="" if passes_keys(version) else _too_old(version),
        place=place,
    )


def build_transcripts(
    settings: Settings, hearing: Hearing, bus: EventBus, ids: IdSource, clock: Clock
) -> Transcripts:
    return Transcripts(
        hearing=hearing,
        teams=settings.transcribed,
        file_of=lambda call_id: settings.spool_dir / f"{call_id}{SUFFIX}",
        bus=bus,
        ids=ids,
        clock=clock,
        log=get("speech"),
    )


def passes_keys(version: str) -> bool:
    """Whether keys reach whoever listens, by the version's first two numbers."""
    numbers = [int(part) for part in re.findall(r"\d+", version)[:2]]
    branch, release = (*numbers, 0, 0)[:2]
    return branch > max(KEYS_SINCE) or release >= KEYS_SINCE.get(branch, release + 1)


def _too_old(version: str) -> str:
    return f"Asterisk {version} passes no keys on while it listens (22.4 does); callers use keys"
