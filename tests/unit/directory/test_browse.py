"""Searching and paging the lists of the directory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.core.browse import matches, page
from kernel.errors import BadInput
from kernel.paging import encode_cursor

ROWS = [f"op{n:04}" for n in range(1, 24)]


def test_every_word_must_be_found_somewhere() -> None:
    texts = ("op0007", "陈乐瑶", "Leyao Chen")

    assert matches("", texts)
    assert matches("乐瑶", texts)
    assert matches("CHEN 0007", texts)
    assert not matches("chen 0008", texts)


@given(st.integers(1, 40))
def test_pages_show_every_row_once_in_order(size: int) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        found = page(ROWS, str, cursor, size)
        assert 0 < len(found.rows) <= size
        seen += found.rows
        cursor = found.next_cursor
        if cursor is None:
            break

    assert seen == ROWS


def test_an_empty_list_has_one_empty_page() -> None:
    nothing: list[str] = []
    found = page(nothing, str, None, 10)

    assert (list(found.rows), found.next_cursor) == ([], None)


def test_a_row_gone_since_the_last_page_does_not_confuse_the_next() -> None:
    assert page(ROWS, str, encode_cursor(("op0005x",)), 2).rows == ["op0006", "op0007"]


@pytest.mark.parametrize("cursor", ["!!", encode_cursor((1,)), encode_cursor(("a", "b"))])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput):
        page(ROWS, str, cursor, 10)
