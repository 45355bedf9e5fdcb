"""The chain of the audit trail: whole when untouched, broken at the first touched entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.adapters.audit_store import spaced
from directory.core.audit_chain import GENESIS, AuditEntry, Head, check, link
from directory.service import Audit
from kernel.infra.log import mask_numbers
from tests.fakes.audit_store import ListAuditStore
from tests.fakes.clock import SetClock

T0 = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def trail(length: int) -> list[AuditEntry]:
    head, entries = Head(), []
    for number in range(length):
        entry = link(
            head,
            at=T0 + timedelta(seconds=number),
            who=f"ad{number % 3:02}",
            action="recording_played",
            object_id=f"gz1-1-{number}",
            detail={"reason": "质检", "second": number, "whole": True, "score": 0.5, "none": None},
        )
        entries.append(entry)
        head = Head(entry.seq, entry.hash)
    return entries


def test_an_untouched_trail_is_intact() -> None:
    head, verdict = check(Head(), trail(20))

    assert verdict.intact
    assert verdict.checked == 20
    assert head.seq == 20


def test_an_empty_trail_is_intact() -> None:
    assert check(Head(), [])[1].intact


def test_the_first_entry_hangs_on_nothing() -> None:
    assert trail(1)[0].prev_hash == GENESIS


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"who": "ad99"}, "altered"),
        ({"at": T0 - timedelta(days=1)}, "altered"),
        ({"action": "signed_in"}, "altered"),
        ({"object_id": "another"}, "altered"),
        ({"detail": {}}, "altered"),
        ({"hash": "f" * 64}, "altered"),
        ({"prev_hash": "f" * 64}, "unlinked"),
        ({"seq": 70}, "missing"),
    ],
)
def test_each_altered_field_breaks_the_chain_at_its_entry(
    changes: dict[str, Any], reason: str
) -> None:
    entries = trail(10)
    entries[6] = replace(entries[6], **changes)

    _, verdict = check(Head(), entries)

    assert (verdict.broken_at, verdict.reason) == (7, reason)


def test_an_entry_forged_whole_breaks_the_chain_at_the_next() -> None:
    entries = trail(10)
    before = Head(entries[5].seq, entries[5].hash)
    entries[6] = link(before, at=T0, who="ad01", action="x", object_id="y", detail={})

    assert check(Head(), entries)[1].broken_at == 8


@settings(deadline=None)
@given(st.integers(1, 12), st.data())
def test_a_removed_entry_is_found(length: int, data: st.DataObject) -> None:
    entries = trail(length + 1)
    removed = data.draw(st.integers(0, length - 1))
    del entries[removed]

    assert check(Head(), entries)[1].broken_at == removed + 1


async def test_the_service_chains_what_is_recorded_and_finds_it_whole() -> None:
    store, clock = ListAuditStore(), SetClock()
    audit = Audit(store, clock)
    for number in range(25):
        await audit.record(who="ad01", action="list_exported", object_id=str(number))

    verdict = await audit.verify(batch=10)

    assert verdict.intact
    assert verdict.checked == 25
    assert [e.object_id for e in await audit.newest(None, "", 2)] == ["24", "23"]
    assert [e.object_id for e in await audit.newest(3, "ad01", 9)] == ["1", "0"]


async def test_the_service_finds_a_change_in_a_later_batch() -> None:
    store = ListAuditStore()
    audit = Audit(store, SetClock())
    for number in range(25):
        await audit.record(who="ad01", action="list_exported", object_id=str(number))
    store.entries[17] = replace(store.entries[17], who="ad02")

    verdict = await audit.verify(batch=10)

    assert verdict.broken_at == 18


async def test_a_trail_cut_off_at_the_end_is_found_by_its_head() -> None:
    store = ListAuditStore()
    audit = Audit(store, SetClock())
    for number in range(5):
        await audit.record(who="ad01", action="list_exported", object_id=str(number))
    del store.entries[3:]

    verdict = await audit.verify()

    assert (verdict.broken_at, verdict.reason) == (4, "missing")


async def test_overlong_words_are_cut_before_they_are_chained() -> None:
    store = ListAuditStore()
    await Audit(store, SetClock()).record(who="w" * 99, action="a" * 99, object_id="o" * 999)

    entry = store.entries[0]
    assert (len(entry.who), len(entry.action), len(entry.object_id)) == (32, 40, 120)


@given(st.text(alphabet="0123456789abcdef", min_size=64, max_size=64))
def test_the_head_in_the_log_is_not_taken_for_telephone_numbers(digest: str) -> None:
    line = mask_numbers(None, "info", {"head": spaced(digest)})

    assert line["head"].replace(" ", "") == digest
