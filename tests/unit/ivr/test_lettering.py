"""Words in a picture: they stay in their room, and nothing is lost without a mark."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.core.lettering import lines, width

WORDS = st.text("ab cd转人工，？→ 12", min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("转人工", ("转人工",)),
        ("Transfer to labour", ("Transfer to", "labour")),
        ("询问办理进度的电话号码", ("询问办理进度的", "电话号码")),
        ("输入电话后四位，好吗", ("输入电话后四", "位，好吗")),
        ("Transfer to labour and social security", ("Transfer to", "labour and…")),
        ("", ("",)),
    ],
)
def test_text_is_broken_between_words_and_between_characters(
    text: str, wanted: tuple[str, ...]
) -> None:
    assert lines(text, 14, 2) == wanted


@given(WORDS, st.integers(6, 40), st.integers(1, 4))
def test_no_line_is_wider_than_its_room(text: str, room: int, most: int) -> None:
    found = lines(text, room, most)
    assert 1 <= len(found) <= most
    assert all(width(line) <= room for line in found)


@given(WORDS, st.integers(10, 40))
def test_nothing_is_lost_where_there_are_lines_enough(text: str, room: int) -> None:
    short = " ".join(word[:4] for word in text.split())
    found = lines(short, room, 100)
    assert "".join("".join(found).split()) == "".join(short.split())
