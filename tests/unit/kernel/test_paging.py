"""Cursors: they come back as they went, and nothing else is taken for one."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import BadInput
from kernel.paging import decode_cursor, encode_cursor

KEYS = st.lists(st.one_of(st.text(), st.integers()), max_size=5).map(tuple)


@given(KEYS)
def test_a_cursor_comes_back_as_it_went(key: tuple[str | int, ...]) -> None:
    assert decode_cursor(encode_cursor(key)) == key


@given(KEYS)
def test_a_cursor_needs_no_escape_in_an_address(key: tuple[str | int, ...]) -> None:
    assert all(c.isalnum() or c in "-_" for c in encode_cursor(key))


@pytest.mark.parametrize(
    "cursor",
    [
        "!",
        "a",
        "not a cursor",
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(json.dumps({"a": 1}).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps([[1]]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps([None]).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps([1.5]).encode()).decode(),
    ],
)
def test_anything_else_is_refused_with_a_sentence(cursor: str) -> None:
    with pytest.raises(BadInput) as refused:
        decode_cursor(cursor)
    assert refused.value.field == "cursor"


@given(st.text(max_size=60))
def test_no_text_makes_the_decoder_fall_over(cursor: str) -> None:
    try:
        key = decode_cursor(cursor)
    except BadInput:
        return
    assert all(isinstance(part, str | int) for part in key)
