"""Cases in dictionaries (port `workorders.ports.CaseStore`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from kernel.errors import BadInput, NotFound
from kernel.ids import AgentId, CallId
from kernel.paging import Page, decode_cursor, encode_cursor
from workorders.core.case import Case, CaseFile, CaseFilter, Draft, TimelineEntry, WorkOrder
from workorders.core.numbers import case_number
from workorders.ports import Change, NewCase


class DictCaseStore:
    def __init__(self) -> None:
        self.drafts: dict[str, Draft] = {}
        self.files: dict[str, CaseFile] = {}
        self.sequences: dict[date, int] = {}

    async def open_draft(self, draft: Draft) -> Draft:
        for known in self.drafts.values():
            if draft.call_id and (known.agent_id, known.call_id) == (draft.agent_id, draft.call_id):
                return known
        self.drafts[draft.draft_id] = draft
        return draft

    async def draft(self, draft_id: str) -> Draft | None:
        return self.drafts.get(draft_id)

    async def draft_left_on(self, call_id: CallId) -> Draft | None:
        left = [d for d in self.drafts.values() if d.call_id == call_id and not d.case_number]
        return max(left, key=lambda d: d.updated_at, default=None)

    async def open_drafts(self, agent_id: AgentId, limit: int) -> list[Draft]:
        own = [d for d in self.drafts.values() if d.agent_id == agent_id and not d.case_number]
        return sorted(own, key=lambda d: d.updated_at, reverse=True)[:limit]

    async def save_draft(
        self, draft_id: str, revision: int, fields: Mapping[str, str], at: datetime
    ) -> Draft | None:
        found = self.drafts.get(draft_id)
        if found is None or found.revision != revision or found.case_number is not None:
            return None
        saved = replace(found, revision=revision + 1, fields=dict(fields), updated_at=at)
        self.drafts[draft_id] = saved
        return saved

    async def file(
        self, draft_id: str, day: date, make: Callable[[str], NewCase]
    ) -> tuple[str, NewCase | None]:
        draft = self.drafts.get(draft_id)
        if draft is None:
            raise NotFound("没有找到这份草稿")
        if draft.case_number is not None:
            return draft.case_number, None
        sequence = self.sequences.get(day, 0) + 1
        number = case_number(day, sequence)
        made = make(number)
        self.sequences[day] = sequence
        self._keep(made)
        self.drafts[draft_id] = replace(draft, case_number=number)
        return number, made

    async def keep(self, cases: Sequence[NewCase]) -> None:
        for made in cases:
            if made.case.number not in self.files:
                self._keep(made)

    def _keep(self, made: NewCase) -> None:
        self.files[made.case.number] = CaseFile(
            case=made.case,
            orders=made.orders,
            timeline=tuple(replace(e, seq=n) for n, e in enumerate(made.entries, start=1)),
            calls=made.calls,
        )

    async def change(self, number: str, decide: Callable[[CaseFile], Change]) -> CaseFile:
        before = self.files.get(number)
        if before is None:
            raise NotFound("没有找到这件诉求")
        change = decide(before)
        orders = {o.number: o for o in (*before.orders, *change.orders)}
        count = len(before.timeline)
        added: tuple[TimelineEntry, ...] = tuple(
            replace(e, seq=count + n) for n, e in enumerate(change.entries, start=1)
        )
        self.files[number] = CaseFile(
            case=change.case,
            orders=tuple(orders[n] for n in sorted(orders)),
            timeline=before.timeline + added,
            calls=before.calls + change.calls,
        )
        return self.files[number]

    async def case_file(self, number: str) -> CaseFile | None:
        return self.files.get(number)

    async def search(
        self, wanted: CaseFilter, cursor: str | None, size: int, *, with_hidden: bool
    ) -> Page[Case]:
        key = self._key(cursor) if cursor else None
        found = [
            f.case
            for f in self.files.values()
            if self._fits(f, wanted, with_hidden)
            and (key is None or (f.case.filed_at, f.case.number) < key)
        ]
        found.sort(key=lambda c: (c.filed_at, c.number), reverse=True)
        last = found[size - 1] if len(found) > size else None
        return Page(
            found[:size],
            encode_cursor((last.filed_at.isoformat(), last.number)) if last else None,
        )

    @staticmethod
    def _key(cursor: str) -> tuple[datetime, str]:
        try:
            at, number = decode_cursor(cursor)
            return datetime.fromisoformat(str(at)).astimezone(UTC), str(number)
        except ValueError as error:
            raise BadInput("翻页位置无效", "cursor") from error

    @staticmethod
    def _fits(file: CaseFile, wanted: CaseFilter, with_hidden: bool) -> bool:
        case, content = file.case, file.case.content
        if (wanted.text or wanted.ani) and not with_hidden and case.hides_identity:
            return False
        return all(
            (
                wanted.state is None or case.state is wanted.state,
                wanted.team is None or case.team == wanted.team,
                wanted.authority is None or case.progress.authority == wanted.authority,
                wanted.district is None or content.district == wanted.district,
                wanted.category is None or f"{content.category}.".startswith(f"{wanted.category}."),
                wanted.since is None or case.filed_at >= wanted.since,
                wanted.until is None or case.filed_at < wanted.until,
                wanted.number is None or case.number == wanted.number,
                wanted.ani is None or case.ani == wanted.ani,
                wanted.call_id is None or wanted.call_id in file.calls,
                wanted.text is None
                or wanted.text in content.description
                or wanted.text in content.address,
            )
        )

    async def cases_of(self, ani: str, limit: int) -> list[Case]:
        own = [f.case for f in self.files.values() if f.case.ani == ani]
        return sorted(own, key=lambda c: (c.filed_at, c.number), reverse=True)[:limit]

    async def open_orders(self, case_numbers: Sequence[str]) -> list[WorkOrder]:
        found = [o for n in case_numbers for o in self.files[n].orders if o.open]
        return sorted(found, key=lambda o: (o.due.due_at, o.number))

    async def cases_of_call(self, call_id: CallId) -> list[Case]:
        found = [f.case for f in self.files.values() if call_id in f.calls]
        return sorted(found, key=lambda c: (c.filed_at, c.number), reverse=True)

    async def with_provisional_due(self, after: str, limit: int) -> list[str]:
        return sorted(
            f.case.number
            for f in self.files.values()
            if f.case.number > after
            and f.case.progress.closed_at is None
            and f.case.progress.due is not None
            and f.case.progress.due.provisional
        )[:limit]
