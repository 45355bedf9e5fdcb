"""The contracts of `VersionStore` and `FunnelStore`, on the fakes and on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import bindparam, text

from hotline.migrate import downgrade, upgrade
from ivr.adapters.funnel_store import SqlFunnelStore
from ivr.adapters.version_store import SqlVersionStore
from ivr.core.funnel import Counts, Place
from ivr.core.versions import Version, VersionState, publish, roll_back
from ivr.ports import FunnelStore, VersionStore
from kernel.errors import Conflict
from kernel.infra.database import Database, UtcDateTime
from tests.fakes.clock import NOON
from tests.fakes.funnel_store import DictFunnelStore
from tests.fakes.version_store import DictVersionStore

DAY = date(2026, 11, 24)


@pytest.fixture
async def stores(kept_in: str | None) -> AsyncIterator[tuple[VersionStore, FunnelStore]]:
    if kept_in is None:
        yield DictVersionStore(), DictFunnelStore()
        return
    database = Database(kept_in)
    yield SqlVersionStore(database), SqlFunnelStore(database)
    await database.close()


def draft(name: str = "main", body: str = "flow: main\n") -> Version:
    return Version(
        name=name,
        number=0,
        digest="0123456789ab",
        body=body,
        note="午间试用",
        state=VersionState.DRAFT,
        revision=1,
        created_by="ad01",
        created_at=NOON,
        saved_by="ad01",
        saved_at=NOON,
        made_from=7,
    )


async def test_versions_are_counted_within_their_name_and_listed_newest_first(
    stores: tuple[VersionStore, FunnelStore],
) -> None:
    store, _ = stores
    one, two = await store.add(draft()), await store.add(draft(body="flow: other\n"))
    other = await store.add(draft("survey"))
    assert (one.number, two.number, other.number) == (1, 2, 1)
    assert await store.versions("main", 10) == [two, one]
    assert await store.versions("main", 1) == [two]
    assert await store.version("main", 2) == two
    assert await store.version("main", 3) is None
    assert two == replace(draft(body="flow: other\n"), number=2)


async def test_draft_is_saved_once_for_each_revision_and_every_revision_is_kept(
    stores: tuple[VersionStore, FunnelStore],
) -> None:
    store, _ = stores
    first = await store.add(draft())
    later = NOON + timedelta(minutes=1)
    mine = replace(
        first, body="flow: b\n", digest="bbbbbbbbbbbb", note="", saved_by="ad02", saved_at=later
    )
    saved = await store.save(mine)
    assert saved == replace(mine, revision=2)
    with pytest.raises(Conflict):
        await store.save(replace(first, body="flow: c\n"))
    assert await store.version("main", 1) == saved
    third = await store.save(replace(saved, body="flow: d\n"))
    assert await store.as_saved("main", 1, 1) == first
    assert await store.as_saved("main", 1, 2) == saved
    assert await store.as_saved("main", 1, 3) == third
    assert await store.as_saved("main", 1, 4) is None
    assert await store.as_saved("main", 2, 1) is None


async def test_states_move_all_or_none(stores: tuple[VersionStore, FunnelStore]) -> None:
    store, _ = stores
    one, two = await store.add(draft()), await store.add(draft())
    assert await store.published("main") is None
    await store.move(publish(one, None, "ad01", NOON), None)
    published = await store.published("main")
    assert published is not None
    assert (published.number, published.published_by, published.published_at) == (1, "ad01", NOON)

    with pytest.raises(Conflict):
        await store.move(publish(two, None, "ad02", NOON), None)
    stale = replace(two, revision=7)
    with pytest.raises(Conflict):
        await store.move(publish(stale, published, "ad02", NOON), 1)
    assert await store.published("main") == published
    assert await store.version("main", 2) == two

    await store.move(publish(two, published, "ad02", NOON), 1)
    current, before = await store.published("main"), await store.version("main", 1)
    assert current is not None and before is not None
    assert (current.number, current.replaces, before.state) == (2, 1, VersionState.SUPERSEDED)

    await store.move(roll_back(current, before, "ad01", NOON), 2)
    back, gone = await store.published("main"), await store.version("main", 2)
    assert back is not None and gone is not None
    assert (back.number, gone.state) == (1, VersionState.ROLLED_BACK)


async def test_published_version_is_no_draft_any_more(
    stores: tuple[VersionStore, FunnelStore],
) -> None:
    store, _ = stores
    one = await store.add(draft())
    await store.move(publish(one, None, "ad01", NOON), None)
    with pytest.raises(Conflict):
        await store.save(one)


async def test_figures_add_up_by_step_within_version_and_period(
    stores: tuple[VersionStore, FunnelStore],
) -> None:
    _, funnel = stores
    place = Place(DAY, "main", "v1", "menu")
    await funnel.add({place: Counts(3, 1, 1, 0), replace(place, step="hello"): Counts(5)})
    await funnel.add({place: Counts(2, 0, 0, 2)})
    await funnel.add({replace(place, version="v2"): Counts(9)})
    await funnel.add({replace(place, day=DAY + timedelta(days=1)): Counts(1)})
    await funnel.add({})
    assert await funnel.counts("main", "v1", DAY) == {
        "menu": Counts(6, 1, 1, 2),
        "hello": Counts(5),
    }
    assert await funnel.counts("main", "v1", DAY + timedelta(days=1)) == {"menu": Counts(1)}
    assert await funnel.counts("main", "v3", DAY) == {}


async def test_versions_of_flows_from_before_are_kept_by_the_migration(database_url: str) -> None:
    database = Database(database_url)
    async with database.connection() as connection:
        await connection.run_sync(downgrade, "0815_recording_utterances")
        await connection.execute(
            text(
                "INSERT INTO ivr_flow_versions (flow, number, digest, body, note, state, revision,"
                " created_by, created_at) VALUES ('main', 1, 'd', 'flow: main', '', 'draft', 1,"
                " 'ad01', :made)"
            ).bindparams(bindparam("made", NOON, UtcDateTime()))
        )
        await connection.run_sync(upgrade)
    store = SqlVersionStore(database)
    kept = await store.version("main", 1)
    assert kept == replace(draft(body="flow: main"), number=1, digest="d", note="", made_from=None)
    await store.add(draft("intents"))
    async with database.connection() as connection:
        await connection.run_sync(downgrade, "0815_recording_utterances")
        back = await connection.execute(text("SELECT flow, body FROM ivr_flow_versions"))
        # Only flows were known then.
        assert [tuple(row) for row in back] == [("main", "flow: main")]
        await connection.run_sync(upgrade)
    await database.close()
