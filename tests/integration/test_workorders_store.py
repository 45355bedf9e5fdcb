"""The case store: one contract for the fake and for both databases, then what only databases do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.errors import BadInput, NotFound
from kernel.ids import AuthorityId, CallId, TeamId
from kernel.infra.database import Database
from tests.fakes.case_store import DictCaseStore
from tests.unit.workorders.world import (
    AGENT,
    ANI,
    CALL,
    CONFIG,
    DISPATCHER,
    ENVIRONMENT,
    FUME,
    OPERATOR,
    OTHER_AGENT,
    OTHER_CALL,
    SUPERVISOR,
    TEAM,
    TIANHE,
    World,
    reference,
)
from workorders.adapters import demo_cases
from workorders.adapters.case_store import SqlCaseStore
from workorders.core.case import (
    Answered,
    Case,
    CaseFile,
    CaseFilter,
    Dispatched,
    Draft,
    Submitted,
)
from workorders.core.lifecycle import TRANSITIONS
from workorders.core.words import CaseEvent, CaseState, Note
from workorders.ports import CaseStore, Change, NewCase
from workorders.results import FiledCase


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> str:
    """Where the contract's cases are kept: `fake`, or the address of a migrated database.

    Not a coroutine: the databases are made with a loop of their own.
    """
    kind: str = request.param
    url: str = kind if kind == "fake" else request.getfixturevalue(f"{kind}_url")
    return url


@pytest.fixture
async def store(place: str) -> AsyncIterator[CaseStore]:
    if place == "fake":
        yield DictCaseStore()
        return
    database = Database(place)
    yield SqlCaseStore(database)
    await database.close()


@pytest.fixture
def world(store: CaseStore) -> World:
    return World(store=store)


async def file(world: World, content: object = FUME, ani: str = ANI) -> FiledCase:
    draft_id = await world.draft(call_id=None, ani=ani)
    return await world.cases.file(
        draft_id,
        agent_id=AGENT,
        content=content,  # type: ignore[arg-type]
        outcome=Dispatched(TIANHE, (ENVIRONMENT,)),
    )


# --- the contract -----------------------------------------------------------------------------


async def test_a_draft_comes_back_as_it_was_kept(store: CaseStore, world: World) -> None:
    draft_id = await world.draft()
    draft = await store.draft(draft_id)

    assert isinstance(draft, Draft)
    assert (draft.agent_id, draft.call_id, draft.ani, draft.revision) == (AGENT, CALL, ANI, 1)
    assert draft.created_at == world.clock.now()
    assert await store.draft("nowhere") is None


async def test_opening_twice_for_one_call_gives_the_first_draft(
    store: CaseStore, world: World
) -> None:
    first = await store.draft(await world.draft())
    assert first is not None
    again = await store.open_draft(replace(first, draft_id="another"))

    assert again.draft_id == first.draft_id


async def test_the_last_saved_draft_of_a_call_is_found_whosever_it_is(
    store: CaseStore, world: World
) -> None:
    assert await store.draft_left_on(CALL) is None
    first = await store.draft(await world.draft())
    assert first is not None
    later = world.clock.now() + timedelta(seconds=1)
    other = replace(first, draft_id="other", agent_id=OTHER_AGENT, updated_at=later)
    await store.open_draft(other)
    assert await store.draft_left_on(CALL) == other

    await world.cases.file("other", agent_id=OTHER_AGENT, content=FUME, outcome=Dispatched(TIANHE))
    assert await store.draft_left_on(CALL) == first


async def test_only_a_save_at_the_present_revision_is_kept(store: CaseStore, world: World) -> None:
    draft_id, now = await world.draft(), world.clock.now()
    saved = await store.save_draft(draft_id, 1, {"description": "甲"}, now)
    stale = await store.save_draft(draft_id, 1, {"description": "乙"}, now)
    kept = await store.draft(draft_id)

    assert saved is not None
    assert stale is None
    assert kept is not None
    assert (kept.revision, kept.fields) == (2, {"description": "甲"})


async def test_a_whole_case_comes_back_as_it_was_filed(store: CaseStore, world: World) -> None:
    draft_id = await world.draft()
    filed = await world.cases.file(
        draft_id, agent_id=AGENT, content=FUME, outcome=Dispatched(TIANHE, (ENVIRONMENT,))
    )
    whole = await store.case_file(filed.number)

    assert isinstance(whole, CaseFile)
    assert whole.case.content == FUME
    assert whole.case.draft_id == draft_id
    assert whole.case.progress.due == whole.orders[0].due
    assert [o.authority for o in whole.orders] == [TIANHE, ENVIRONMENT]
    assert [e.what for e in whole.timeline] == [Note.OPENED, CaseEvent.DISPATCHED]
    assert [e.seq for e in whole.timeline] == [1, 2]
    assert whole.calls == (CALL,)
    assert await store.case_file("GZ20000101-000001") is None


async def test_filing_an_unknown_draft_is_not_found(store: CaseStore, world: World) -> None:
    with pytest.raises(NotFound):
        await store.file("nowhere", world.clock.now().date(), lambda _: pytest.fail("not asked"))


async def test_a_filing_that_fails_keeps_nothing_and_may_be_tried_again(
    store: CaseStore, world: World
) -> None:
    draft_id = await world.draft()

    def refuse(number: str) -> object:
        raise BadInput("请填写必填项", number)

    with pytest.raises(BadInput):
        await store.file(draft_id, world.clock.now().date(), refuse)  # type: ignore[arg-type]
    filed = await world.cases.file(
        draft_id, agent_id=AGENT, content=FUME, outcome=Dispatched(TIANHE)
    )

    assert filed.created


async def test_a_change_that_fails_leaves_the_case_as_it_was(
    store: CaseStore, world: World
) -> None:
    filed = await file(world)
    before = await store.case_file(filed.number)

    def refuse(_: CaseFile) -> Change:
        raise BadInput("请填写必填项", "reason")

    with pytest.raises(BadInput):
        await store.change(filed.number, refuse)
    with pytest.raises(NotFound):
        await store.change("GZ20000101-000001", refuse)
    assert await store.case_file(filed.number) == before


async def test_entries_are_numbered_without_holes_across_changes(
    store: CaseStore, world: World
) -> None:
    filed = await file(world)
    await world.cases.link_call(filed.number, OTHER_CALL, by=OPERATOR)
    await world.cases.reveal(filed.number, by=SUPERVISOR, reason="核实")
    whole = await world.cases.withdraw(
        filed.number, by=DISPATCHER, reason="已解决", verified="来电核实", version=1
    )

    assert [e.seq for e in whole.timeline] == [1, 2, 3, 4, 5]
    assert whole.timeline[-1].to_state is CaseState.WITHDRAWN
    assert whole.calls == (OTHER_CALL,)


async def test_the_list_pages_by_keyset_without_gap_or_repeat(
    store: CaseStore, world: World
) -> None:
    for n in range(25):
        if n % 2:
            world.clock.advance(timedelta(seconds=1))
        await file(world)
    seen: list[str] = []
    cursor = None
    while True:
        page = await store.search(CaseFilter(), cursor, 10, with_hidden=True)
        seen += [c.number for c in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == 25


@pytest.mark.parametrize("cursor", ["not-a-cursor", "WzFd", "WyJhIiwgImIiXQ"])
async def test_a_forged_cursor_is_refused(store: CaseStore, cursor: str) -> None:
    with pytest.raises(BadInput):
        await store.search(CaseFilter(), cursor, 10, with_hidden=True)


async def test_each_filter_narrows_the_list(store: CaseStore, world: World) -> None:
    one = (await file(world)).number
    draft_id = await world.draft()
    await world.cases.file(
        draft_id,
        agent_id=AGENT,
        content=replace(
            FUME,
            category="consumer.market.price",
            district="haizhu",
            address="海珠区100%幢_3",
            description="水果店不标价",
            details={"merchant": "水果店"},
        ),
        outcome=Submitted(),
    )
    now = world.clock.now()
    filters = {
        CaseFilter(state=CaseState.DISPATCHED): 1,
        CaseFilter(state=CaseState.CLOSED): 0,
        CaseFilter(team=TEAM): 1,
        CaseFilter(team=TeamId("consumer")): 1,
        CaseFilter(authority=TIANHE): 1,
        CaseFilter(authority=AuthorityId("metro")): 0,
        CaseFilter(district="haizhu"): 1,
        CaseFilter(category="urban"): 1,
        CaseFilter(category="urban.environment.fume"): 1,
        CaseFilter(category="urban.environment.fum"): 0,
        CaseFilter(number=one): 1,
        CaseFilter(ani=ANI): 2,
        CaseFilter(call_id=CALL): 1,
        CaseFilter(call_id=CallId("x")): 0,
        CaseFilter(text="火锅"): 1,
        CaseFilter(text="海珠"): 1,
        CaseFilter(text="100%幢_3"): 1,
        CaseFilter(text="%"): 1,
        CaseFilter(text="'; DROP TABLE cases; --"): 0,
        CaseFilter(since=now, until=now + timedelta(seconds=1)): 2,
        CaseFilter(until=now): 0,
        CaseFilter(state=CaseState.DISPATCHED, team=TEAM, district="tianhe", text="油烟"): 1,
    }
    for wanted, count in filters.items():
        page = await store.search(wanted, None, 10, with_hidden=True)
        assert len(page.rows) == count, wanted


async def test_hidden_cases_are_not_found_by_words_or_number_without_the_grant(
    store: CaseStore, world: World
) -> None:
    await file(world, replace(FUME, confidential=True))
    await file(world, replace(FUME, anonymous=True))
    for wanted in (CaseFilter(text="油烟"), CaseFilter(ani=ANI)):
        assert not (await store.search(wanted, None, 10, with_hidden=False)).rows
        assert len((await store.search(wanted, None, 10, with_hidden=True)).rows) == 2
    assert len((await store.search(CaseFilter(), None, 10, with_hidden=False)).rows) == 2


async def test_a_numbers_cases_come_newest_first_and_open_orders_most_urgent_first(
    store: CaseStore, world: World
) -> None:
    first = await file(world)
    world.clock.advance(timedelta(days=2))
    second = await file(world)
    await file(world, ani="13900139000")

    assert [c.number for c in await store.cases_of(ANI, 20)] == [second.number, first.number]
    assert [c.number for c in await store.cases_of(ANI, 1)] == [second.number]
    orders = await store.open_orders([second.number, first.number])
    assert [o.case_number for o in orders] == [first.number] * 2 + [second.number] * 2


async def test_the_same_whole_case_is_kept_once(store: CaseStore, world: World) -> None:
    filed = await file(world)
    whole = await store.case_file(filed.number)
    assert whole is not None
    copy = NewCase(case=whole.case, orders=whole.orders, entries=whole.timeline, calls=whole.calls)
    await store.keep([copy])

    assert await store.case_file(filed.number) == whole


# --- what only a database does ----------------------------------------------------------------


async def test_many_at_once_get_different_numbers(database: Database) -> None:
    world = World(store=SqlCaseStore(database))
    filed = await asyncio.gather(*(file(world) for _ in range(24)))

    assert len({f.number for f in filed}) == 24


async def test_the_same_draft_filed_at_once_by_many_clicks_is_one_case(database: Database) -> None:
    world = World(store=SqlCaseStore(database))
    draft_id = await world.draft()
    filed = await asyncio.gather(
        *(
            world.cases.file(draft_id, agent_id=AGENT, content=FUME, outcome=Dispatched(TIANHE))
            for _ in range(8)
        )
    )

    assert len({f.number for f in filed}) == 1
    assert [f.created for f in filed].count(True) == 1
    assert len(world.bus.published) == 2
    async with database.connection() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM cases"))).scalar() == 1


async def test_the_same_draft_opened_at_once_for_one_call_is_one_draft(database: Database) -> None:
    world = World(store=SqlCaseStore(database))
    drafts = await asyncio.gather(*(world.draft() for _ in range(8)))

    assert len(set(drafts)) == 1


async def test_of_two_changes_at_once_on_one_version_one_wins(database: Database) -> None:
    world = World(store=SqlCaseStore(database))
    draft_id = await world.draft()
    filed = await world.cases.file(draft_id, agent_id=AGENT, content=FUME, outcome=Submitted())
    done = await asyncio.gather(
        *(
            world.cases.dispatch(filed.number, by=DISPATCHER, authority=TIANHE, version=1)
            for _ in range(6)
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(result, CaseFile) for result in done) == 1
    assert len((await world.cases.case(filed.number)).orders) == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE case_events SET account='x'", "DELETE FROM case_events"]
)
async def test_the_timeline_cannot_be_rewritten_even_by_sql(
    database: Database, statement: str
) -> None:
    world = World(store=SqlCaseStore(database))
    await file(world)
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.connection() as connection:
            await connection.execute(text(statement))


# --- the demo city ----------------------------------------------------------------------------

NOW = datetime.fromisoformat("2026-11-24T04:00:00+00:00")


async def test_the_demo_seeds_four_hundred_lively_cases_once(database: Database) -> None:
    assert await demo_cases.seed(database, CONFIG, now=NOW) == demo_cases.CASES
    assert await demo_cases.seed(database, CONFIG, now=NOW + timedelta(days=3)) == demo_cases.CASES
    store = SqlCaseStore(database)
    rows: list[Case] = []
    cursor = None
    while True:
        page = await store.search(CaseFilter(), cursor, 200, with_hidden=True)
        rows += page.rows
        cursor = page.next_cursor
        if cursor is None:
            break

    assert len(rows) == demo_cases.CASES
    assert all(NOW - timedelta(days=62) < c.filed_at <= NOW for c in rows)
    assert len({c.state for c in rows}) >= 10
    assert {c.team for c in rows} == {"consumer", "urban", "labour", "security", "general"}
    assert "{" not in "".join(c.content.description + c.content.address for c in rows)
    histories = [await store.cases_of(c.ani, 20) for c in rows[:30]]
    assert any(len(history) > 2 for history in histories)


async def test_the_demos_cases_came_along_the_table_and_never_after_now(
    database: Database,
) -> None:
    await demo_cases.seed(database, CONFIG, now=NOW)
    store = SqlCaseStore(database)
    for case in (await store.search(CaseFilter(), None, 200, with_hidden=True)).rows:
        whole = await store.case_file(case.number)
        assert whole is not None
        moves = [e for e in whole.timeline if isinstance(e.what, CaseEvent)]
        assert moves[0].from_state is CaseState.DRAFT
        assert moves[-1].to_state is case.state
        for move in moves:
            assert isinstance(move.what, CaseEvent)
            assert move.from_state is not None
            assert TRANSITIONS[move.from_state, move.what].to is move.to_state
            assert move.at <= NOW
        missing = reference().tree.leaf(case.content.category).required
        if whole.orders:
            assert set(missing) <= set(case.content.details)


async def test_a_real_case_after_the_demo_gets_a_number_of_its_own(database: Database) -> None:
    await demo_cases.seed(database, CONFIG, now=NOW)
    world = World(store=SqlCaseStore(database))
    draft_id = await world.draft(call_id=None)
    filed = await world.cases.file(
        draft_id, agent_id=AGENT, content=FUME, outcome=Answered(answer="已答复")
    )

    assert filed.created
