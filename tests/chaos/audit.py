"""Conservation: after any trial, the books of three who do not know each other must agree.

The telephones know whom Asterisk answered, Asterisk knows which channels and bridges are left, and
the hotline's database says how each call ended. Source: reliability notes, A3 ("Audit after each").
And whatever was done to the platform, each of its runs replays from the log bit for bit.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from acd.adapters.log_reader import SqlLogReader
from acd.replaying import replay_run
from kernel.infra.database import Database
from tests.chaos.crowd import Citizen, Operator, Ring
from tests.chaos.living_hotline import LivingHotline
from tests.e2e.records import Records

SETTLED_WITHIN_S = 30
ALWAYS, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
OVERLAP_S = 0.05
"""A CANCEL and the next INVITE may overtake each other on their way."""
NOT_YET_BACK_S = 1.0
"""A caller whose phone has just stopped to ring may stand in the line a moment later."""


@dataclass(slots=True)
class Books:
    """What was found. `faults` is empty when nothing was lost, doubled or left behind."""

    ended: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


async def audit(
    hotline: LivingHotline,
    citizens: Iterable[Citizen],
    rings: Sequence[Ring],
    operators: Iterable[Operator],
) -> Books:
    """Everybody has hung up; wait until the books are closed, then compare them.

    Raises AssertionError with every fault.
    """
    records = Records(hotline.data_dir / "hotline.db")
    answered = [c for c in citizens if c.dialog.answered.is_set()]
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while True:
        books = _compare(hotline, records, answered, rings, operators)
        if not books.faults or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.2)  # the interval between two looks at the condition
    books.faults += await replayed(hotline)
    assert not books.faults, "\n".join(books.faults)
    return books


async def replayed(hotline: LivingHotline) -> list[str]:
    """Runs of which the log tells otherwise than the core decides."""
    database = Database(f"sqlite+aiosqlite:///{hotline.data_dir / 'hotline.db'}")
    try:
        log = SqlLogReader(database)
        runs = await log.runs(ALWAYS, NEVER)
        reports = [await replay_run(log, run, until=NEVER) for run in runs]
    finally:
        await database.close()
    return [f"{r.run.run} does not replay: {r.difference}" for r in reports if r.difference]


def _compare(
    hotline: LivingHotline,
    records: Records,
    answered: Sequence[Citizen],
    rings: Sequence[Ring],
    operators: Iterable[Operator],
) -> Books:
    books = Books()
    for citizen in answered:
        _one_end(records, citizen, books)
    books.faults += [f"a channel is left: {name}" for name in hotline.channels()]
    books.faults += [f"a bridge is left: {name}" for name in hotline.bridges()]
    books.faults += double_offers(rings)
    books.faults += [
        f"{o.account} is stuck: {o.state.get('activity')}"
        for o in operators
        if o.state.get("activity") not in ("idle", None)
    ]
    return books


def _one_end(records: Records, citizen: Citizen, books: Books) -> None:
    """Each call that got 200 has one record, and it ends exactly once."""
    rows = records.rows("SELECT * FROM calls WHERE ani = ?", citizen.number)
    if len(rows) != 1:
        books.faults.append(f"{citizen.number} has {len(rows)} records")
        return
    (row,) = rows
    ends = records.types(row["call_id"]).count("CallEnded")
    if ends != 1:
        books.faults.append(f"{citizen.number} ({row['call_id']}) ended {ends} times")
    if row["ended_at"] is None or row["outcome"] is None:
        books.faults.append(f"{citizen.number} ({row['call_id']}) has an open record")
    else:
        books.ended[row["outcome"]] += 1


def double_offers(rings: Sequence[Ring]) -> list[str]:
    """A caller rings at one phone at a time, and one phone rings for one caller at a time."""
    faults = []
    for what in ("call_id", "phone"):
        by_key: dict[str, list[Ring]] = {}
        for ring in rings:
            by_key.setdefault(getattr(ring, what), []).append(ring)
        for key, theirs in by_key.items():
            theirs.sort(key=lambda r: r.at)
            for one, next_one in zip(theirs, theirs[1:], strict=False):
                if one.over_at is None or one.over_at > next_one.at + OVERLAP_S:
                    faults.append(
                        f"{what} {key} rings twice at once: {one.offer} at {one.phone}"
                        f" ({one.at:.2f} to {one.over_at or 0:.2f}) and"
                        f" {next_one.offer} at {next_one.phone} ({next_one.at:.2f})"
                    )
    return faults


def passed_over(
    records: Records, rings: Sequence[Ring], in_order: Sequence[Citizen], ring: Ring
) -> list[str]:
    """Callers who had been there longer than the one who was offered, and rang nowhere."""
    ids = {c.number: records.call_of(c.number) for c in in_order}
    older: list[str] = []
    for citizen in in_order:
        if ids[citizen.number] == ring.call_id:
            return older
        theirs = [r for r in rings if r.call_id == ids[citizen.number] and r.at <= ring.at]
        busy = any(r.over_at is None or r.over_at > ring.at - NOT_YET_BACK_S for r in theirs)
        if not busy:
            older.append(citizen.number)
    raise AssertionError(f"{ring.call_id} is none of ours")


def events(hotline: LivingHotline, kind: str) -> list[dict[str, Any]]:
    """All events of a kind, in the order of happening."""
    records = Records(hotline.data_dir / "hotline.db")
    rows = records.rows(
        "SELECT body FROM call_events WHERE type = ? ORDER BY occurred_at, event_id", kind
    )
    return [json.loads(row["body"]) for row in rows]
