"""What the recordings need from others, and from their own adapters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from kernel.ids import AgentId, CallId, TeamId
from kernel.language import Language
from kernel.paging import Page
from recordings.core.measure import Peaks
from recordings.core.message import Due, Message
from recordings.core.recording import Recording, Status
from recordings.core.search import Wanted
from recordings.core.transcript import Utterance


class Log(Protocol):
    """The part of a structured logger that the services use."""

    def info(self, event: str, **fields: object) -> object: ...

    def warning(self, event: str, **fields: object) -> object: ...

    def error(self, event: str, **fields: object) -> object: ...


class NoAudio(Exception):
    """There is no usable audio; the message is a reason code: `absent` or `empty`."""


@dataclass(frozen=True, slots=True)
class Written:
    """An archived file, complete on disk. `source_sha256` is of the raw bytes it took in last."""

    file_name: str
    duration: timedelta
    size_bytes: int
    sha256: str
    source_sha256: str
    caller_level_dbfs: float | None
    operator_level_dbfs: float | None


class AudioFiles(Protocol):
    """Spool and archive. Every method blocks; the service calls them in a thread."""

    def waiting(self) -> Sequence[CallId]:
        """Calls that have a raw file in the spool."""

    def archive(
        self, call_id: CallId, started_at: datetime, before: Recording | None
    ) -> Written | None:
        """Turn the raw file of a call into its archived file.

        `before` is the row so far: if it is archived already, the raw file is a later part of the
        same call and is put behind it; None is returned if it is the very part that is archived
        (a crash came between the row and the removal of the raw file).

        Raises:
            NoAudio: there is no raw file, or nothing in it.
            OSError: the disk refuses; the raw file is untouched, and nothing half-written is left.
        """

    def discard_raw(self, call_id: CallId) -> None:
        """Remove the raw file, if there is one."""


class AudioReader(Protocol):
    """The archived files, by the name in their row. Every method blocks."""

    def path(self, name: str) -> Path:
        """Raises NotFound if the file is gone or would lie outside the archive."""

    def peaks(self, name: str) -> Peaks:
        """Raises NotFound if there is no drawing."""


class RecordingStore(Protocol):
    """The rows. Each method is one transaction, unless `together`; each write may be repeated
    without harm, but `add_connected`."""

    def together(self) -> AbstractAsyncContextManager[None]:
        """What this task writes until the end is one transaction: all of it is taken, or none."""

    async def arrived(
        self, call_id: CallId, at: datetime, *, ani: str, dnis: str, line_name: str | None
    ) -> None: ...

    async def joined_team(self, call_id: CallId, at: datetime, team: TeamId) -> None: ...

    async def answered(
        self, call_id: CallId, at: datetime, agent_id: AgentId, team: TeamId
    ) -> None:
        """The first answer counts for `answered_at`, the last for agent and team; each agent is
        found by a search."""

    async def add_connected(self, call_id: CallId, at: datetime, talked: timedelta) -> None: ...

    async def scored(self, call_id: CallId, at: datetime, score: int) -> None: ...

    async def spoken(self, call_id: CallId, at: datetime, said: Utterance) -> None:
        """Kept as long as the row, which is made if there is none. What the same side said at the
        same second is there already."""

    async def message_left(self, message: Message) -> None:
        """Kept as long as the row, which is made if there is none. A second one of the same call
        changes nothing."""

    async def ended(self, call_id: CallId, at: datetime) -> None:
        """Remembers the end; removes the row of a call that was neither answered nor recorded, and
        in which no message was left."""

    async def archived(self, call_id: CallId, started_at: datetime, written: Written,
                       at: datetime) -> None:  # fmt: skip
        """Makes the row if there is none."""

    async def faulty(self, call_id: CallId, at: datetime, status: Status, reason: str) -> None: ...

    async def remove(self, call_id: CallId) -> None: ...

    async def get(self, call_id: CallId) -> Recording | None: ...

    async def unfinished(self) -> Sequence[Recording]:
        """Rows still expected or failed, oldest first."""

    async def search(self, wanted: Wanted, cursor: str | None, size: int) -> Page[Recording]:
        """Newest first. Raises BadInput for a cursor that is not one."""

    async def agents_of(self, call_id: CallId) -> Sequence[AgentId]:
        """Everyone who talked in the call, in order."""

    async def transcript(self, call_id: CallId) -> Sequence[Utterance]:
        """What was said in the call, in order."""


class MessageStore(Protocol):
    """Messages that were left (`RecordingStore.message_left`), and their words: kept as long as
    the call's recording."""

    async def due(
        self, languages: Collection[Language], now: datetime, limit: int
    ) -> Sequence[Due]:
        """Waiting ones in these languages whose recording is archived and whose time has come, the
        oldest first."""

    async def next_at(self, languages: Collection[Language]) -> datetime | None:
        """When the first of all these may be tried, perhaps long ago; None when there is none."""

    async def keep(self, message: Message) -> None:
        """Its state, its attempts, and when it is tried again."""

    async def written(
        self, call_id: CallId, from_s: float, said: Sequence[Utterance], at: datetime
    ) -> bool:
        """Keep its words, all or none, in place of whatever the caller is known to have said from
        this second on. False, and nothing is kept, when the message does not wait any more or has
        gone with its recording."""

    async def message(self, call_id: CallId) -> Message | None: ...

    async def beginnings(self, calls: Collection[CallId]) -> Mapping[CallId, Utterance]:
        """What was said first in each of these messages, as far as words were understood."""


class ScribeBusy(Exception):
    """Nobody can write anything down now; the message is not to blame."""


class ScribeFailed(Exception):
    """It broke off amid this message; the text says why, and holds nothing that was said."""


class Scribe(Protocol):
    """Whoever writes down what is said in a recording."""

    def installed(self) -> frozenset[Language]:
        """What it could ever understand; from memory."""

    def ready(self) -> frozenset[Language]:
        """What it understands now; from memory."""

    async def write_down(self, language: Language, file: Path, from_s: float) -> list[Utterance]:
        """What the caller says in an archived file from this second on, in order.

        Raises:
            ScribeBusy: not now.
            ScribeFailed: it died amid it.
        """


class ListeningLog(Protocol):
    """Who listened to what: a table of its own, which a call's page shows."""

    async def note(
        self, *, account: str, call_id: CallId, at: datetime, from_s: float, act: str
    ) -> None:
        """`act`: fetched (the sound was handed over), played (a playback began), read (what was
        said was shown) or glanced (how it begins was shown in a list)."""

    async def of_call(self, call_id: CallId, limit: int) -> Sequence[ListeningEntry]:
        """Newest first."""


@dataclass(frozen=True, slots=True)
class ListeningEntry:
    account: str
    at: datetime
    from_s: float
    act: str
