"""Versions of what is edited on the screens: which may become which, and what one click on "roll
back" means. Pure.

Theory of operation: a draft is published; the version it replaces is superseded. Rolling back
publishes again what the present version replaced, and marks the present one. Nothing is ever
deleted, and any version that was published once may be published again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from kernel.errors import InvalidTransition


class VersionState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled_back"


class VersionEvent(StrEnum):
    PUBLISH = "publish"
    SUPERSEDE = "supersede"
    ROLL_BACK = "roll_back"


TRANSITIONS: Mapping[tuple[VersionState, VersionEvent], VersionState] = {
    (VersionState.DRAFT, VersionEvent.PUBLISH): VersionState.PUBLISHED,
    (VersionState.SUPERSEDED, VersionEvent.PUBLISH): VersionState.PUBLISHED,
    (VersionState.ROLLED_BACK, VersionEvent.PUBLISH): VersionState.PUBLISHED,
    (VersionState.PUBLISHED, VersionEvent.SUPERSEDE): VersionState.SUPERSEDED,
    (VersionState.PUBLISHED, VersionEvent.ROLL_BACK): VersionState.ROLLED_BACK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of `name`, a flow or the table of intents. `number` counts from 1 within it;
    `digest` names the content, as the events of calls do; `revision` grows with each save of a
    draft, `saved_by` and `saved_at` tell of the last one; `made_from` is the version that was
    changed into this one; `replaces` is the version that was published before this one, None for
    the first and for a draft."""

    name: str
    number: int
    digest: str
    body: str
    note: str
    state: VersionState
    revision: int
    created_by: str
    created_at: datetime
    saved_by: str
    saved_at: datetime
    made_from: int | None = None
    published_by: str | None = None
    published_at: datetime | None = None
    replaces: int | None = None


def moved(version: Version, event: VersionEvent) -> Version:
    """Raises InvalidTransition."""
    state = TRANSITIONS.get((version.state, event))
    if state is None:
        raise InvalidTransition("这个版本目前不能这样操作")
    return replace(version, state=state)


def publish(
    version: Version, current: Version | None, who: str, now: datetime
) -> tuple[Version, ...]:
    """The versions that change, the new one first. Raises InvalidTransition."""
    new = replace(
        moved(version, VersionEvent.PUBLISH),
        published_by=who,
        published_at=now,
        replaces=current.number if current else None,
    )
    return (new, moved(current, VersionEvent.SUPERSEDE)) if current else (new,)


def roll_back(current: Version, before: Version, who: str, now: datetime) -> tuple[Version, ...]:
    """The versions that change, the one that comes back first. It keeps what it replaced itself, so
    that a second click goes one version further back. Raises InvalidTransition."""
    back = replace(moved(before, VersionEvent.PUBLISH), published_by=who, published_at=now)
    return (back, moved(current, VersionEvent.ROLL_BACK))
