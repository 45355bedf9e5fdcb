"""Studio takes of a prompt: which is heard, which was, and what one click makes of them. Pure.

Theory of operation: an upload is a candidate that only its reviewers hear. Used, it is live, and
what was live before is replaced; undone, it is withdrawn, and what it replaced is heard again: an
older take, or the synthetic voice where there is none. Nothing is ever deleted.

A take belongs to the words that were spoken. When the catalogue says something else by now,
callers hear the synthetic voice, which says the right thing, until somebody uses a new take or
confirms that the old one still fits.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ivr.core.studio import Container
from kernel.errors import InvalidTransition
from kernel.language import Language


class TakeState(StrEnum):
    CANDIDATE = "candidate"
    LIVE = "live"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    DISCARDED = "discarded"


class TakeEvent(StrEnum):
    USE = "use"
    REPLACE = "replace"
    WITHDRAW = "withdraw"
    DISCARD = "discard"


TRANSITIONS: Mapping[tuple[TakeState, TakeEvent], TakeState] = {
    (TakeState.CANDIDATE, TakeEvent.USE): TakeState.LIVE,
    (TakeState.REPLACED, TakeEvent.USE): TakeState.LIVE,
    (TakeState.WITHDRAWN, TakeEvent.USE): TakeState.LIVE,
    (TakeState.LIVE, TakeEvent.REPLACE): TakeState.REPLACED,
    (TakeState.LIVE, TakeEvent.WITHDRAW): TakeState.WITHDRAWN,
    (TakeState.CANDIDATE, TakeEvent.DISCARD): TakeState.DISCARDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One recording. `number` counts from 1 within prompt and language; `text` are the words it was
    made (or confirmed) for; `sha256` names the sound as callers get it, `source_sha256` the file as
    it was uploaded, whose form and level the next four tell; `replaces` is the take that was live
    before this one, None for the synthetic voice."""

    name: str
    language: Language
    number: int
    state: TakeState
    text: str
    sha256: str
    source_sha256: str
    container: Container
    rate: int
    channels: int
    level_dbfs: float
    duration_ms: int
    uploaded_by: str
    uploaded_at: datetime
    used_by: str | None = None
    used_at: datetime | None = None
    replaces: int | None = None

    @property
    def key(self) -> tuple[Language, str]:
        return self.language, self.name


def moved(take: Take, event: TakeEvent) -> Take:
    """Raises InvalidTransition."""
    state = TRANSITIONS.get((take.state, event))
    if state is None:
        raise InvalidTransition("这段录音目前不能这样操作")
    return replace(take, state=state)


def use(take: Take, current: Take | None, text: str, who: str, now: datetime) -> tuple[Take, ...]:
    """The takes that change, the one that is heard first; whoever uses a take vouches for its
    words. Raises InvalidTransition."""
    live = replace(
        moved(take, TakeEvent.USE),
        text=text,
        used_by=who,
        used_at=now,
        replaces=current.number if current else None,
    )
    return (live, moved(current, TakeEvent.REPLACE)) if current else (live,)


def undo(current: Take, before: Take | None, who: str, now: datetime) -> tuple[Take, ...]:
    """Back to `before`, or to the synthetic voice; the take that is withdrawn comes last. What
    comes back keeps its words and what it replaced itself. Raises InvalidTransition."""
    gone = moved(current, TakeEvent.WITHDRAW)
    if before is None:
        return (gone,)
    return (replace(moved(before, TakeEvent.USE), used_by=who, used_at=now), gone)


def confirm(take: Take, text: str, who: str, now: datetime) -> Take:
    """A live take whose words still do for `text`. Raises InvalidTransition."""
    if take.state is not TakeState.LIVE:
        raise InvalidTransition("这段录音目前不能这样操作")
    return replace(take, text=text, used_by=who, used_at=now)


def fits(take: Take, text: str) -> bool:
    """The take says the words of `text`; marks and spaces are not spoken."""
    return _words(take.text) == _words(text)


def _words(text: str) -> str:
    return "".join(c for c in text.casefold() if unicodedata.category(c)[0] not in "PZC")
