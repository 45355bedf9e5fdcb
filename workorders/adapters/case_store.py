"""`CaseStore` on the database, SQLite or PostgreSQL.

Each writing transaction begins with a write to the row that it is about: on PostgreSQL that locks
the row, so that nothing read afterwards can be stale. (On SQLite the session holds the one
writer's place from its beginning.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import NotFound
from kernel.ids import AgentId, CallId
from kernel.infra.database import Database
from kernel.paging import Page, encode_cursor
from workorders.adapters import queries
from workorders.adapters.rows import (
    case_values,
    draft_values,
    entry_values,
    order_values,
    to_case,
    to_draft,
    to_entry,
    to_order,
)
from workorders.adapters.tables import (
    CaseCallRow,
    CaseDraftRow,
    CaseEntryRow,
    CaseRow,
    CaseSequenceRow,
    WorkOrderRow,
)
from workorders.core.case import Case, CaseFile, CaseFilter, Draft, TimelineEntry, WorkOrder
from workorders.core.numbers import case_number
from workorders.ports import Change, NewCase

_KEEP_BATCH = 500


class SqlCaseStore:
    """Implements `workorders.ports.CaseStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _upsert(self, table: type[Any]) -> Any:
        return (sqlite_insert if self._database.is_sqlite else postgresql_insert)(table)

    # --- drafts ----------------------------------------------------------------------------

    async def open_draft(self, draft: Draft) -> Draft:
        async with self._database.session() as session:
            await session.execute(
                self._upsert(CaseDraftRow).values(**draft_values(draft)).on_conflict_do_nothing()
            )
            query = select(CaseDraftRow).where(CaseDraftRow.draft_id == draft.draft_id)
            if draft.call_id is not None:
                query = queries.draft_of_call(draft.agent_id, draft.call_id)
            return to_draft((await session.scalars(query)).one())

    async def draft(self, draft_id: str) -> Draft | None:
        async with self._database.reading() as session:
            row = await session.get(CaseDraftRow, draft_id)
            return to_draft(row) if row else None

    async def draft_left_on(self, call_id: CallId) -> Draft | None:
        async with self._database.reading() as session:
            found = await session.scalar(queries.drafts_left_on(call_id).limit(1))
            return to_draft(found) if found is not None else None

    async def open_drafts(self, agent_id: AgentId, limit: int) -> list[Draft]:
        async with self._database.reading() as session:
            rows = await session.scalars(queries.open_drafts(agent_id).limit(limit))
            return [to_draft(r) for r in rows]

    async def save_draft(
        self, draft_id: str, revision: int, fields: Mapping[str, str], at: datetime
    ) -> Draft | None:
        statement = (
            update(CaseDraftRow)
            .where(
                CaseDraftRow.draft_id == draft_id,
                CaseDraftRow.revision == revision,
                CaseDraftRow.case_number.is_(None),
            )
            .values(revision=revision + 1, fields=dict(fields), updated_at=at)
            .returning(CaseDraftRow)
            .execution_options(synchronize_session=False)
        )
        async with self._database.session() as session:
            row = (await session.scalars(statement)).one_or_none()
            return to_draft(row) if row else None

    # --- filing ----------------------------------------------------------------------------

    async def file(
        self, draft_id: str, day: date, make: Callable[[str], NewCase]
    ) -> tuple[str, NewCase | None]:
        async with self._database.session() as session:
            earlier = await self._claim(session, draft_id)
            if earlier is not None:
                return earlier, None
            number = case_number(day, await self._next(session, day))
            made = make(number)
            await self._insert(session, [made])
            await session.execute(
                update(CaseDraftRow)
                .where(CaseDraftRow.draft_id == draft_id)
                .values(case_number=number)
                .execution_options(synchronize_session=False)
            )
            return number, made

    async def _claim(self, session: AsyncSession, draft_id: str) -> str | None:
        """Lock the draft; the number it was filed under, if it was."""
        row = (
            await session.execute(
                update(CaseDraftRow)
                .where(CaseDraftRow.draft_id == draft_id)
                .values(revision=CaseDraftRow.revision)
                .returning(CaseDraftRow.draft_id, CaseDraftRow.case_number)
                .execution_options(synchronize_session=False)
            )
        ).one_or_none()
        if row is None:
            raise NotFound("没有找到这份草稿")
        number: str | None = row.case_number
        return number

    async def _next(self, session: AsyncSession, day: date) -> int:
        statement = self._upsert(CaseSequenceRow).values(day=day, last=1)
        statement = statement.on_conflict_do_update(
            index_elements=[CaseSequenceRow.day], set_={"last": CaseSequenceRow.last + 1}
        ).returning(CaseSequenceRow.last)
        return int((await session.execute(statement)).scalar_one())

    async def keep(self, cases: Sequence[NewCase]) -> None:
        for start in range(0, len(cases), _KEEP_BATCH):
            batch = cases[start : start + _KEEP_BATCH]
            async with self._database.session() as session:
                numbers = [n.case.number for n in batch]
                known = set(
                    await session.scalars(select(CaseRow.number).where(CaseRow.number.in_(numbers)))
                )
                await self._insert(session, [n for n in batch if n.case.number not in known])

    async def _insert(self, session: AsyncSession, cases: Sequence[NewCase]) -> None:
        if not cases:
            return
        await session.execute(
            insert(CaseRow),
            [{**case_values(n.case), "entry_count": len(n.entries)} for n in cases],
        )
        entries = [entry_values(e, i) for n in cases for i, e in enumerate(n.entries, start=1)]
        orders = [order_values(o) for n in cases for o in n.orders]
        calls = [_call_values(n.case.number, c, i) for n in cases for i, c in enumerate(n.calls)]
        for table, values in (
            (CaseEntryRow, entries),
            (WorkOrderRow, orders),
            (CaseCallRow, calls),
        ):
            if values:
                await session.execute(insert(table), values)

    async def change(self, number: str, decide: Callable[[CaseFile], Change]) -> CaseFile:
        async with self._database.session() as session:
            count = (
                await session.execute(
                    update(CaseRow)
                    .where(CaseRow.number == number)
                    .values(entry_count=CaseRow.entry_count)
                    .returning(CaseRow.entry_count)
                    .execution_options(synchronize_session=False)
                )
            ).scalar_one_or_none()
            before = await self._load(session, number) if count is not None else None
            if before is None or count is None:
                raise NotFound("没有找到这件诉求")
            change = decide(before)
            await self._write(session, change, len(before.calls), count)
            session.expire_all()
            after = await self._load(session, number)
            assert after is not None
            return after

    async def _write(
        self, session: AsyncSession, change: Change, calls_before: int, count: int
    ) -> None:
        number = change.case.number
        await session.execute(
            update(CaseRow)
            .where(CaseRow.number == number)
            .values(**case_values(change.case), entry_count=count + len(change.entries))
            .execution_options(synchronize_session=False)
        )
        for order in change.orders:
            values = order_values(order)
            await session.execute(
                self._upsert(WorkOrderRow)
                .values(**values)
                .on_conflict_do_update(index_elements=[WorkOrderRow.number], set_=values)
            )
        entries = [entry_values(e, count + i) for i, e in enumerate(change.entries, start=1)]
        calls = [_call_values(number, c, calls_before + i) for i, c in enumerate(change.calls)]
        if entries:
            await session.execute(insert(CaseEntryRow), entries)
        if calls:
            await session.execute(insert(CaseCallRow), calls)

    # --- reads -----------------------------------------------------------------------------

    async def case_file(self, number: str) -> CaseFile | None:
        async with self._database.reading() as session:
            return await self._load(session, number)

    async def _load(self, session: AsyncSession, number: str) -> CaseFile | None:
        row = await session.get(CaseRow, number)
        if row is None:
            return None
        return CaseFile(
            case=to_case(row),
            orders=await self._orders(session, number),
            timeline=await self._timeline(session, number),
            calls=tuple(CallId(c) for c in await session.scalars(queries.calls_of_case(number))),
        )

    async def _orders(self, session: AsyncSession, number: str) -> tuple[WorkOrder, ...]:
        rows = await session.scalars(queries.orders_of_case(number))
        return tuple(to_order(r) for r in rows)

    async def _timeline(self, session: AsyncSession, number: str) -> tuple[TimelineEntry, ...]:
        rows = await session.scalars(queries.timeline(number))
        return tuple(to_entry(r) for r in rows)

    async def search(
        self, wanted: CaseFilter, cursor: str | None, size: int, *, with_hidden: bool
    ) -> Page[Case]:
        query = queries.search(wanted, cursor, with_hidden=with_hidden).limit(size + 1)
        async with self._database.reading() as session:
            found = [to_case(r) for r in await session.scalars(query)]
        last = found[size - 1] if len(found) > size else None
        return Page(
            found[:size],
            encode_cursor((last.filed_at.isoformat(), last.number)) if last else None,
        )

    async def cases_of(self, ani: str, limit: int) -> list[Case]:
        async with self._database.reading() as session:
            rows = await session.scalars(queries.cases_of(ani).limit(limit))
            return [to_case(r) for r in rows]

    async def open_orders(self, case_numbers: Sequence[str]) -> list[WorkOrder]:
        async with self._database.reading() as session:
            rows = await session.scalars(queries.open_orders(case_numbers))
            return [to_order(r) for r in rows]

    async def cases_of_call(self, call_id: CallId) -> list[Case]:
        async with self._database.reading() as session:
            rows = await session.scalars(queries.cases_of_call(call_id))
            return [to_case(r) for r in rows]

    async def with_provisional_due(self, after: str, limit: int) -> list[str]:
        query = queries.with_provisional_due(after).limit(limit)
        async with self._database.reading() as session:
            return list(await session.scalars(query))


def _call_values(number: str, call_id: CallId, position: int) -> dict[str, Any]:
    return {"case_number": number, "call_id": call_id, "position": position}
