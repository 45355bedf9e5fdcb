"""The contract of `ScreeningStore`, on the fake and on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.adapters.screening_store import SqlScreeningStore
from ivr.core.screening.levels import LevelCause, LevelChange
from ivr.core.screening.listed import ListEntry, ListKind, Treatment
from ivr.core.screening.policy import Level
from ivr.ports import ScreeningStore
from kernel.infra.database import Database
from tests.fakes.clock import NOON
from tests.fakes.screening_store import DictScreeningStore

HOUR = timedelta(hours=1)


@pytest.fixture
async def store(kept_in: str | None) -> AsyncIterator[ScreeningStore]:
    if kept_in is None:
        yield DictScreeningStore()
        return
    database = Database(kept_in)
    yield SqlScreeningStore(database)
    await database.close()


def entry(entry_id: str) -> ListEntry:
    return ListEntry(
        entry_id=entry_id,
        kind=ListKind.GREY,
        number="13800138000",
        start=False,
        treatment=Treatment.BOTH,
        reason="一分钟内多次来电",
        made_by="ad03",
        made_at=NOON,
        until=NOON + HOUR,
    )


def change(change_id: str) -> LevelChange:
    return LevelChange(
        change_id=change_id,
        at=NOON,
        level=Level.RAISED,
        cause=LevelCause.SUPERVISOR,
        actor="ad03",
        reason="演练",
        pinned_until=NOON + HOUR,
    )


async def test_lists_and_levels_come_back_as_they_were_kept(store: ScreeningStore) -> None:
    many = replace(
        entry("b"), kind=ListKind.SPARED, number="020834", start=True, made_at=NOON + HOUR / 4
    )
    by_figures = replace(
        change("2"),
        at=NOON + HOUR,
        cause=LevelCause.FIGURES,
        actor="",
        reason="anonymous_10s=9",
        pinned_until=None,
    )
    await store.keep([entry("a"), many], [change("1"), by_figures], {})
    assert await store.entries(NOON + HOUR / 2) == [entry("a"), many]
    assert await store.changes(5) == [by_figures, change("1")]
    assert await store.changes(1) == [by_figures]


async def test_entry_that_is_over_or_ended_does_not_come_back(store: ScreeningStore) -> None:
    await store.keep([entry("a"), entry("b"), entry("c")], [], {})
    prolonged = replace(entry("b"), until=NOON + 3 * HOUR)
    ended = replace(entry("c"), until=NOON + 3 * HOUR, ended_by="ad03", ended_at=NOON)
    await store.keep([prolonged, ended], [], {})
    assert await store.entries(NOON + HOUR) == [prolonged]


async def test_what_was_over_long_ago_is_forgotten(store: ScreeningStore) -> None:
    fresh = replace(entry("b"), until=NOON + 3 * HOUR)
    late = replace(change("2"), at=NOON + 2 * HOUR)
    await store.keep([entry("a"), fresh], [change("1"), late], {})
    await store.forget(NOON + 2 * HOUR, NOON + 2 * HOUR)
    assert await store.entries(NOON) == [fresh]
    assert await store.changes(5) == [late]


async def test_known_numbers_come_back_page_by_page_as_long_as_they_are_known(
    store: ScreeningStore,
) -> None:
    known = {f"1380013800{n}": NOON + HOUR for n in range(5)}
    await store.keep([], [], known)
    await store.keep([], [], {"13800138001": NOON + 3 * HOUR, "13800138004": NOON})
    first = await store.known(NOON, "", 3)
    assert first == {
        "13800138000": NOON + HOUR,
        "13800138001": NOON + 3 * HOUR,
        "13800138002": NOON + HOUR,
    }
    assert list(await store.known(NOON, max(first), 3)) == ["13800138003"]
    await store.forget(NOON, NOON + 2 * HOUR)
    assert list(await store.known(NOON, "", 9)) == ["13800138001"]
