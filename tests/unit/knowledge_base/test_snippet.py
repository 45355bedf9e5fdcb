"""Where the words stand: offsets into the text as written, and the piece that shows most."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.core.snippet import SNIPPET_LENGTH, find_marks, mark, snippet
from knowledge_base.core.tokens import Folding
from knowledge_base.schemas import pieces
from tests.fakes.chinese_tools import TinyChinese

FOLDING = Folding(TinyChinese().simplify)
LONG = "一" * 300 + "公积金" + "二" * 300


def test_marks_are_places_in_the_text_as_written() -> None:
    text = "養老保險與ＡＰＰ"
    spans = find_marks(text, ("养老", "app"), FOLDING)
    assert [text[s:e] for s, e in spans] == ["養老", "ＡＰＰ"]


def test_overlapping_and_touching_marks_become_one() -> None:
    assert find_marks("住房公积金", ("住房", "房公", "公积金"), FOLDING) == ((0, 5),)


def test_an_empty_term_marks_nothing() -> None:
    assert find_marks("住房", ("",), FOLDING) == ()


def test_a_short_text_is_shown_whole_on_one_line() -> None:
    shown = snippet("第一行\n  第二行", ("第二",), FOLDING)
    assert shown.text == "第一行 第二行"
    assert shown.text[shown.marks[0][0] : shown.marks[0][1]] == "第二"


def test_a_long_text_is_cut_around_the_words_with_ellipses() -> None:
    shown = snippet(LONG, ("公积金",), FOLDING)
    assert len(shown.text) == SNIPPET_LENGTH + 2
    assert shown.text[0] == shown.text[-1] == "…"
    assert [shown.text[s:e] for s, e in shown.marks] == ["公积金"]


def test_a_long_text_without_the_words_shows_its_beginning() -> None:
    shown = snippet(LONG, ("没有",), FOLDING)
    assert shown.text == "一" * SNIPPET_LENGTH + "…"
    assert shown.marks == ()


def test_words_at_the_end_are_shown_without_an_ellipsis_behind() -> None:
    shown = snippet("一" * 300 + "公积金", ("公积金",), FOLDING)
    assert shown.text.startswith("…")
    assert shown.text.endswith("公积金")


def test_pieces_put_together_are_the_text() -> None:
    assert [(p.text, p.hit) for p in pieces(mark("提取公积金吗", ("公积金",), FOLDING))] == [
        ("提取", False),
        ("公积金", True),
        ("吗", False),
    ]


@given(
    text=st.text(max_size=400),
    terms=st.lists(st.text(alphabet="ab一二险險", min_size=1, max_size=3), max_size=4),
)
def test_marks_stay_inside_any_text_in_order_and_apart(text: str, terms: list[str]) -> None:
    shown = snippet(text, [FOLDING.fold(t) for t in terms], FOLDING)
    ends = [0]
    for start, end in shown.marks:
        assert ends[-1] <= start < end <= len(shown.text)
        ends.append(end)
    assert "".join(p.text for p in pieces(shown)) == shown.text
