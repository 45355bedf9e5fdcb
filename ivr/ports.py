"""What the IVR needs from others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from ivr.core.conditions import Around
from ivr.core.funnel import Counts, Place
from ivr.core.history import History
from ivr.core.notices import Notice
from ivr.core.prompt_lines import Rendered
from ivr.core.saying import Stage
from ivr.core.screening.levels import LevelChange
from ivr.core.screening.listed import ListEntry
from ivr.core.studio import Bounds, Form, Measured
from ivr.core.takes import Take
from ivr.core.versions import Version
from ivr.core.waiting import QueueOffers
from kernel.ids import TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber


class LineEntry(Protocol):
    """A dialled number that the hotline took over: its name and the team that answers it."""

    @property
    def name(self) -> str: ...

    @property
    def team(self) -> TeamId: ...


class LineBook(Protocol):
    """The 76 old lines. Answers from memory: it is asked while a caller listens."""

    def line(self, dnis: str) -> LineEntry | None:
        """The line dialled as `dnis`; None for 12345 itself and for an unknown number."""


class CallerMemory(Protocol):
    """Remembers the language a number chose last. Answers from memory, stores in the background."""

    def language(self, ani: PhoneNumber) -> Language | None:
        """None for an unknown or anonymous number."""

    def remember(self, ani: PhoneNumber, language: Language) -> None:
        """Never blocks and never fails the call; an anonymous number is not remembered."""


class Surroundings(Protocol):
    """What conditions are judged by. Answers from memory: it is asked while a caller listens."""

    def around(self, now: datetime) -> Around: ...


class Ears(Protocol):
    """Whether somebody can listen to callers now. Answers from memory."""

    def listens(self, language: Language) -> bool:
        """A recogniser for `language` is ready; without one callers use keys."""


class KnownWords(Protocol):
    """What the installed recognisers can write down."""

    async def known(self, language: Language, words: frozenset[str]) -> frozenset[str] | None:
        """Those of `words` that the recogniser for `language` knows; None without one. Asked by
        pages only: a model's list of words is long."""


@dataclass(frozen=True, slots=True)
class OrderProgress:
    """What may be said of an order to whoever knows its number and the telephone it was filed
    from: how far it is, and since when. Never what it is about."""

    stage: Stage
    since: datetime


@dataclass(frozen=True, slots=True)
class CallersOrder:
    """An order of the number that calls. `digits` of its number; `district` where it is about,
    empty if that is not known."""

    digits: str
    progress: OrderProgress
    district: str = ""


class OrderBook(Protocol):
    """The orders, as far as a telephone may read them out: a few short queries at most."""

    async def latest(self, ani: PhoneNumber, now: datetime) -> CallersOrder | None:
        """The latest order of this number that is still open, or was answered in the last days.
        None without one; a confidential order is as if there were none."""

    async def progress(self, digits: str, phone_tail: str) -> OrderProgress | None:
        """Of the order whose number has these digits, filed from or for a number with these last
        four. None if there is none, if the four are others, and if the order is confidential: the
        three are never told apart."""


class CallerHistory(Protocol):
    """The calls of a number that are over: one short query at most, in the background."""

    async def history(self, ani: PhoneNumber, now: datetime) -> History:
        """Of the last 90 days; nothing of an anonymous number."""


class WaitingOffers(Protocol):
    """What those who wait may choose: reviewed data, and plans while they are on. From memory."""

    def offers(self, team: TeamId) -> QueueOffers: ...


class Log(Protocol):
    """The part of a structured logger that the services use."""

    def info(self, event: str, **fields: object) -> object: ...

    def warning(self, event: str, **fields: object) -> object: ...


class VersionStore(Protocol):
    """Where the versions of the flows and of the table of intents are kept. Each method is one
    transaction."""

    async def versions(self, name: str, limit: int) -> list[Version]:
        """Newest first."""

    async def version(self, name: str, number: int) -> Version | None: ...

    async def published(self, name: str) -> Version | None:
        """The one that new calls begin with; None before the first."""

    async def as_saved(self, name: str, number: int, revision: int) -> Version | None:
        """The version as it was in this revision, whatever was saved after it; None if it never
        was."""

    async def add(self, version: Version) -> Version:
        """Keep a new version under the next number of its name, whatever `number` it carries."""

    async def save(self, version: Version) -> Version:
        """Change a draft's body, digest, note, and who saved it when; its revision grows by one,
        and what it was before is kept.

        Raises:
            Conflict: it is no draft any more, or somebody has saved another revision.
        """

    async def move(self, changed: Sequence[Version], current: int | None) -> None:
        """Write new states, all or none.

        Raises:
            Conflict: the published version is another than `current`, or one of `changed` was
                saved in another revision meanwhile.
        """


class FunnelStore(Protocol):
    """Where the figures of the funnel are added up."""

    async def add(self, counted: Mapping[Place, Counts]) -> None: ...

    async def counts(self, flow: str, version: str, since: date) -> dict[str, Counts]:
        """Of each step, from the day `since` on."""


class NoticeStore(Protocol):
    """Where broadcast notices are kept. Each method is one transaction."""

    async def add(self, notice: Notice) -> None: ...

    async def end(self, notice: Notice) -> None:
        """Keep by whom and when it was ended; one that was ended before stays as it is."""

    async def notice(self, notice_id: str) -> Notice | None: ...

    async def not_over(self, now: datetime) -> list[Notice]:
        """Those that are heard now or will be."""

    async def listed(self, limit: int) -> list[Notice]:
        """The latest made, newest first."""


class Voice(Protocol):
    """Speaks a text that is not of the catalogue."""

    async def speak(self, prompt: str, language: Language, text: str) -> None:
        """Make the phrase `prompt` playable in `language`; one that is there already is left.

        Raises:
            Unavailable: there is no voice.
        """


@dataclass(frozen=True, slots=True)
class StudioSound:
    """An upload that was taken in: 8 kHz mono 16-bit WAV at an even level."""

    form: Form
    measured: Measured
    wav: bytes


class Studio(Protocol):
    """Decodes and judges an upload, away from the calls."""

    async def take_in(self, upload: Path, allowed: Bounds) -> StudioSound:
        """Raises:
        Refused: with everything that is wrong.
        Unavailable: it took too long.
        """


class PromptSounds(Protocol):
    """The sounds as files: what set-up rendered, and the takes that were used or looked at."""

    def rendered_place(self, language: Language, name: str) -> str:
        """What Asterisk plays: a path without an ending. From memory."""

    def take_place(self, take: Take) -> str: ...

    async def rendered(self) -> Mapping[tuple[Language, str], Rendered]:
        """All that is there; a prompt that is missing has no sound."""

    async def rendered_file(self, language: Language, name: str) -> Path | None:
        """The WAV; None if it is missing."""

    async def take_file(self, take: Take) -> Path | None:
        """The WAV; None if it was not put there yet."""

    async def put(self, take: Take, wav: bytes) -> None:
        """Write the take in every form that the line plays. Raises OSError."""


class TakeStore(Protocol):
    """The takes, their sounds, and which are live."""

    async def add(self, take: Take, wav: bytes) -> Take:
        """Give it the next number of its prompt and language, and keep its sound."""

    async def take(self, language: Language, name: str, number: int) -> Take | None: ...

    async def takes(self, language: Language, name: str, limit: int) -> list[Take]:
        """Newest first."""

    async def present(self) -> list[Take]:
        """All that are live or candidates, of every prompt."""

    async def sound(self, take: Take) -> bytes | None: ...

    async def move(self, changed: Sequence[Take], current: int | None) -> None:
        """Write state, words and use of takes of one prompt and language, in one transaction.

        Raises:
            Conflict: another take than number `current` (None: none) is live by now.
        """


class ScreeningStore(Protocol):
    """Keeps the lists of the guard, the changes of its level, and the numbers that are known."""

    async def entries(self, now: datetime) -> list[ListEntry]:
        """Those that count at this moment, oldest made first."""

    async def changes(self, limit: int) -> list[LevelChange]:
        """The latest, newest first."""

    async def known(self, now: datetime, after: str, limit: int) -> dict[str, datetime]:
        """Numbers that are known at this moment, and until when: the first ones above `after`, in
        the order of digits."""

    async def keep(
        self,
        entries: list[ListEntry],
        changes: list[LevelChange],
        known: Mapping[str, datetime],
    ) -> None:
        """Write all or none; what is there already is overwritten."""

    async def forget(self, before: datetime, now: datetime) -> None:
        """Remove entries and changes that were over before that moment, and numbers that are no
        longer known."""
