"""Identifiers made by the kernel."""

from __future__ import annotations

import uuid

from kernel.infra.clock import UuidSource


def test_ids_are_uuids_of_version_7_and_all_different() -> None:
    made = [UuidSource().new() for _ in range(1000)]

    assert len(set(made)) == 1000
    parsed = [uuid.UUID(text) for text in made]
    assert {p.variant for p in parsed} == {uuid.RFC_4122}
    assert {p.int >> 76 & 0xF for p in parsed} == {7}


def test_ids_sort_by_the_millisecond_of_their_making() -> None:
    made = [UuidSource().new() for _ in range(1000)]

    # Within one millisecond the order is by chance: only the leading 48 bits are time.
    assert [m[:13] for m in made] == sorted(m[:13] for m in made)
