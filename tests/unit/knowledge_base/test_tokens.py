"""Folding and tokens: what the index holds, and that a phrase of pairs is a substring search."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.core.query import Phrase, containing
from knowledge_base.core.tokens import (
    PINYIN_MARK,
    STOP_WORDS,
    Folding,
    index_tokens,
    pairs,
    pinyin_text,
    pinyin_tokens,
    runs,
)
from tests.fakes.chinese_tools import TinyChinese
from tests.fakes.search_index import matches

TOOLS = TinyChinese()
FOLDING = Folding(TOOLS.simplify)
HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
MIXED = st.text(alphabet=st.one_of(HAN, st.sampled_from("aB9 ，。-_é𨋢")), max_size=60)


def test_folding_unifies_width_case_accents_and_traditional_characters() -> None:
    assert FOLDING.fold("１２３４５ ＡＢＣ Café 養老保險") == "12345 abc cafe 养老保险"


def test_folding_replaces_half_a_surrogate_pair_by_a_space() -> None:
    assert FOLDING.fold("工\ud800资") == "工 资"


def test_folded_characters_know_the_place_they_came_from() -> None:
    folded, places = FOLDING.fold_with_places("㉚ﬁ險")
    assert folded == "30fi险"
    assert places == [0, 0, 1, 1, 2]


def test_a_run_becomes_its_pairs_and_its_last_character() -> None:
    assert index_tokens("住房公积金。") == ["住房", "房公", "公积", "积金", "金"]
    assert index_tokens("电，水电") == ["电", "水电", "电"]
    assert index_tokens("，。 _") == []


def test_pairs_of_one_character_are_the_character() -> None:
    assert pairs("电") == ["电"]
    assert pairs("公积金") == ["公积", "积金"]


def test_runs_hold_letters_and_digits_together() -> None:
    assert runs("拨打12345热线-咨询_问题") == ["拨打12345热线", "咨询", "问题"]


def test_pinyin_gives_initials_and_full_spelling_of_each_chinese_run() -> None:
    assert pinyin_text(["公积金提取", "工资abc"], TOOLS.spell) == ("gjjtq gongjijintiqu gz gongzi")
    assert pinyin_text(["abc 123"], TOOLS.spell) == ""


def test_pinyin_tokens_are_marked_apart_from_latin_words() -> None:
    assert pinyin_tokens("gjj") == [f"{PINYIN_MARK}gj", f"{PINYIN_MARK}jj", f"{PINYIN_MARK}j"]


def test_no_stop_word_is_a_single_character() -> None:
    assert all(len(word) > 1 for word in STOP_WORDS)


@given(text=MIXED, start=st.integers(0, 60), length=st.integers(1, 12))
def test_every_piece_of_a_run_is_found_where_it_stands(text: str, start: int, length: int) -> None:
    folded = FOLDING.fold(text)
    phrase_of = [run[start % len(run) :][:length] for run in runs(folded)]
    for piece in phrase_of:
        assert found(piece, folded)


@given(text=MIXED, word=st.text(alphabet=HAN, min_size=1, max_size=4))
def test_a_word_is_found_exactly_when_the_text_contains_it(text: str, word: str) -> None:
    folded, term = FOLDING.fold(text), FOLDING.fold(word)
    assert found(term, folded) == (term in folded)


def found(term: str, folded: str) -> bool:
    phrase = containing(term)
    assert isinstance(phrase, Phrase)
    return matches(phrase, {field: index_tokens(folded) for field in phrase.fields})
