"""The part of the composition root that makes the recordings: archive, shelf, and the words of
messages."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hotline.message_bridges import RecogniserScribe
from hotline.settings import Settings
from kernel.audit import AuditTrail
from kernel.bus import EventBus
from kernel.clock import CITY_ZONE_NAME, Clock
from kernel.ids import IdSource
from kernel.infra.database import Database
from kernel.infra.log import get
from recordings.adapters.files import WavArchive
from recordings.adapters.message_store import TableMessageStore
from recordings.adapters.store import TableListeningLog, TableRecordingStore
from recordings.messages import MessageWords, MessageWriter
from recordings.service import Archive, Library, Listening
from speech.messages import MessageScribe
from speech.service import Hearing


@dataclass(frozen=True, slots=True, kw_only=True)
class Recordings:
    archive: Archive
    library: Library
    writer: MessageWriter
    words: MessageWords


def build_recordings(
    settings: Settings,
    *,
    database: Database,
    hearing: Hearing,
    audit: AuditTrail,
    bus: EventBus,
    clock: Clock,
    ids: IdSource,
) -> Recordings:
    """Makes everything, starts nothing."""
    store, messages = TableRecordingStore(database), TableMessageStore(database)
    files = WavArchive(settings.spool_dir, settings.archive_dir, ZoneInfo(CITY_ZONE_NAME))
    listening = Listening(log=TableListeningLog(database, ids), audit=audit, clock=clock)
    log = get("recordings")
    writer = MessageWriter(
        store=messages,
        files=files,
        scribe=RecogniserScribe(MessageScribe(hearing)),
        wanted=settings.transcribed_messages,
        bus=bus,
        clock=clock,
        ids=ids,
        log=log,
    )
    return Recordings(
        archive=Archive(
            store=store, messages=messages, files=files, bus=bus, clock=clock, ids=ids, log=log
        ),
        library=Library(
            store=store, files=files, listening=listening, transcribed=settings.transcribed
        ),
        writer=writer,
        words=MessageWords(store=messages, recordings=store, writer=writer, listening=listening),
    )
