"""Every statement behind a page walks an index, and none sorts: explained by both databases on a
table large enough that the planner means it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Select, text

from kernel.ids import AgentId, AuthorityId, CallId, TeamId
from kernel.infra.database import Database
from kernel.paging import encode_cursor
from tests.unit.workorders.world import ANI, CONFIG
from workorders.adapters import demo_cases, queries
from workorders.adapters.tables import CaseRow
from workorders.core.case import CaseFilter
from workorders.core.words import CaseState

NOW = datetime.fromisoformat("2026-11-24T04:00:00+00:00")
COPIES = 40
NUMBER = "GZ20261110-000001"
CURSOR = encode_cursor(("2026-11-10T00:00:00+00:00", NUMBER))
SINCE = datetime.fromisoformat("2026-11-01T00:00:00+00:00")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The demo's cases forty times over, with statistics."""
    database = Database(database_url)
    await demo_cases.seed(database, CONFIG, now=NOW)
    changed = {"number": "number || '-' || :n", "draft_id": "draft_id || '-' || :n"}
    if not database.is_sqlite:
        changed = {k: v.replace(":n", "CAST(:n AS text)") for k, v in changed.items()}
    changed["ani"] = changed["number"].replace("number", "ani")
    names = [column.name for column in CaseRow.__table__.columns]
    values = ", ".join(changed.get(name, name) for name in names)
    statement = text(
        f"INSERT INTO cases ({', '.join(names)}) SELECT {values} FROM cases "
        "WHERE length(number) = 17"
    )
    async with database.connection() as connection:
        for copy in range(COPIES):
            await connection.execute(statement, {"n": str(copy)})
        await connection.execute(text("ANALYZE"))
    yield database
    await database.close()


def search(wanted: CaseFilter, cursor: str | None = None) -> Select[CaseRow]:
    return queries.search(wanted, cursor, with_hidden=False).limit(51)


# The statement, and the index that SQLite must walk (PostgreSQL may find a cheaper one).
STATEMENTS: dict[str, tuple[Select[Any], str]] = {
    "newest": (search(CaseFilter()), "ix_cases_filed"),
    "next page": (search(CaseFilter(), CURSOR), "ix_cases_filed"),
    "by day": (search(CaseFilter(since=SINCE, until=NOW)), "ix_cases_filed"),
    "by words": (search(CaseFilter(text="油烟", since=SINCE)), "ix_cases_filed"),
    "by state": (search(CaseFilter(state=CaseState.IN_PROGRESS)), "ix_cases_state_filed"),
    "by state, next page": (
        search(CaseFilter(state=CaseState.IN_PROGRESS), CURSOR),
        "ix_cases_state_filed",
    ),
    "by team": (search(CaseFilter(team=TeamId("urban"))), "ix_cases_team_filed"),
    "by district": (search(CaseFilter(district="tianhe")), "ix_cases_district_filed"),
    "by authority": (
        search(CaseFilter(authority=AuthorityId("gov-tianhe"))),
        "ix_cases_authority_filed",
    ),
    "by authority and state": (
        search(CaseFilter(authority=AuthorityId("gov-tianhe"), state=CaseState.REPLIED)),
        "ix_cases_authority_state_filed",
    ),
    "by caller": (search(CaseFilter(ani=ANI)), "ix_cases_ani_filed"),
    "screen pop": (queries.cases_of(ANI).limit(20), "ix_cases_ani_filed"),
    "timeline": (queries.timeline(NUMBER), "case_events"),
    "orders of a case": (queries.orders_of_case(NUMBER), "ix_work_orders_case"),
    "draft of a call": (
        queries.draft_of_call(AgentId("op0001"), CallId("gz1-1-1")),
        "uq_case_drafts_agent_call",
    ),
    "drafts left on a call": (
        queries.drafts_left_on(CallId("gz1-1-1")).limit(1),
        "ix_case_drafts_call",
    ),
    "open drafts": (
        queries.open_drafts(AgentId("op0001")).limit(20),
        "ix_case_drafts_agent_open",
    ),
    "provisional clocks": (queries.with_provisional_due("").limit(500), "ix_cases_provisional"),
}

# A handful of rows found by key; sorting those costs nothing.
FEW: dict[str, tuple[Select[Any], str]] = {
    "by number": (search(CaseFilter(number=NUMBER)), "cases"),
    "by call": (search(CaseFilter(call_id=CallId("gz1-1-1"))), "ix_case_calls_call"),
    "cases of a call": (queries.cases_of_call(CallId("gz1-1-1")), "ix_case_calls_call"),
    "calls of a case": (queries.calls_of_case(NUMBER), "case_calls"),
    "open orders": (queries.open_orders([NUMBER] * 3), "ix_work_orders_case"),
}


# PostgreSQL fetches what it takes for a handful of rows and sorts them; the lists must not.
_SORTED_LISTS = {name for name, (_, index) in STATEMENTS.items() if index.endswith("_filed")} - {
    "by caller",
    "screen pop",
}


async def plan_of(database: Database, query: Select[Any]) -> str:
    dialect = database.engine.dialect
    compiled = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    async with database.connection() as connection:
        rows = await connection.exec_driver_sql(f"{explain} {str(compiled).replace('%%', '%')}")
        return "\n".join(str(row[-1]) for row in rows)


async def test_every_page_walks_an_index_and_sorts_nothing(database: Database) -> None:
    for name, (query, index) in {**STATEMENTS, **FEW}.items():
        plan = await plan_of(database, query)
        if database.is_sqlite:
            assert index in plan, (name, plan)
            assert "SCAN cases" not in plan.replace("SCAN cases USING INDEX", ""), (name, plan)
            assert name in FEW or "TEMP B-TREE" not in plan, (name, plan)
        else:
            assert "Seq Scan on cases" not in plan, (name, plan)
            assert name not in _SORTED_LISTS or "Sort" not in plan, (name, plan)


async def test_the_screen_pop_of_a_number_uses_its_index_on_both_databases(
    database: Database,
) -> None:
    plan = await plan_of(database, queries.cases_of(ANI).limit(20))

    assert "ix_cases_ani_filed" in plan
