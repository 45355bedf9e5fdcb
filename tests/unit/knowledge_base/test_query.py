"""From input to match expressions and their two languages; nothing typed becomes syntax."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.core.query import (
    HEADINGS,
    QUERY_LIMIT,
    RUNS_LIMIT,
    WORDS_LIMIT,
    AllOf,
    AnyOf,
    Expression,
    Field,
    Phrase,
    Query,
    containing,
    loose_tiers,
    parse,
    strict_tiers,
    to_fts5,
    to_tsquery,
    to_tsvector,
)
from knowledge_base.core.tokens import PINYIN_MARK, Folding
from tests.fakes.chinese_tools import TinyChinese

TOOLS = TinyChinese(["公积金", "提取", "怎么", "工资"])
FOLDING = Folding(TOOLS.simplify)
TITLE = frozenset({Field.TITLE})


def parsed(text: str) -> Query:
    return parse(text, FOLDING, TOOLS.cut)


def phrases(expression: Expression) -> list[Phrase]:
    match expression:
        case Phrase():
            return [expression]
        case AllOf(parts) | AnyOf(parts):
            return [p for part in parts for p in phrases(part)]


def test_query_keeps_runs_and_the_words_that_mean_something() -> None:
    assert parsed("公积金 怎么提取，公积金") == Query(("公积金", "怎么提取"), ("公积金", "提取"))


def test_terms_name_each_run_and_word_once() -> None:
    assert parsed("公积金怎么提取 公积金").terms == ("公积金怎么提取", "公积金", "提取")


def test_input_without_letters_or_digits_is_the_empty_query() -> None:
    for text in ("", "   ", '"*():^', "\x00", "，。！"):
        assert parsed(text).empty
        assert strict_tiers(parsed(text)) == ()


def test_a_pasted_page_is_cut_and_not_refused() -> None:
    long = parsed("工资 公积金 " * 3_000)
    assert long.runs == ("工资", "公积金")
    assert all(len(run) <= QUERY_LIMIT for run in parsed("工" * 10_000).runs)
    many = parsed(" ".join(chr(0x4E00 + n) + chr(0x4E01 + n) for n in range(120)))
    assert len(many.runs) == RUNS_LIMIT
    assert len(many.words) <= WORDS_LIMIT


def test_a_single_character_is_searched_as_a_prefix() -> None:
    assert containing("电") == Phrase(("电",), HEADINGS | {Field.BODY}, prefix=True)
    assert containing("电梯").prefix is False


def test_strict_tiers_go_from_the_title_to_anywhere() -> None:
    tiers = strict_tiers(parsed("工资 提取"))
    fields = [{f for p in phrases(t) for f in p.fields} for t in tiers]
    assert fields == [{Field.TITLE}, set(HEADINGS), set(HEADINGS) | {Field.BODY}]
    assert all(len(phrases(t)) == 2 for t in tiers)


def test_latin_letters_are_searched_as_pinyin_last() -> None:
    last = strict_tiers(parsed("gjj"))[-1]
    assert Phrase((f"{PINYIN_MARK}gj", f"{PINYIN_MARK}jj"), frozenset({Field.PINYIN})) in phrases(
        last
    )
    assert len(strict_tiers(parsed("公积金"))) == 3
    assert len(strict_tiers(parsed("g"))) == 3


def test_loose_tiers_take_the_rarest_words_until_the_window_is_full() -> None:
    query = Query(("一二三四五六",), ("一二", "三四", "五六"))
    chosen = loose_tiers(query, {"一二": 150, "三四": 2, "五六": 60}, 200)
    assert [p.tokens for p in phrases(chosen[0])] == [("三四",), ("五六",)]
    assert {f for p in phrases(chosen[0]) for f in p.fields} == set(HEADINGS)


def test_a_sentence_of_only_common_words_is_asked_for_its_rarest() -> None:
    query = Query(("一二三四",), ("一二", "三四"))
    chosen = loose_tiers(query, {"一二": 900, "三四": 800}, 200)
    assert [p.tokens for p in phrases(chosen[0])] == [("三四",)]


def test_a_sentence_without_a_known_word_has_no_loose_tier() -> None:
    assert loose_tiers(Query(("一二",), ("一二",)), {"一二": 0}, 200) == ()
    assert loose_tiers(Query(("一",), ()), {}, 200) == ()


def test_fts5_form_quotes_tokens_and_names_columns() -> None:
    both = AllOf((containing("公积金", TITLE), AnyOf((containing("电", TITLE),))))
    assert to_fts5(both) == '(({title} : "公积 积金") AND (({title} : "电" *)))'


def test_tsquery_form_uses_labels_only_where_they_narrow() -> None:
    both = AllOf((containing("公积金", TITLE), AnyOf((containing("电"),))))
    assert to_tsquery(both) == "(('公积':A <-> '积金':A) & (('电':*)))"
    assert to_tsquery(containing("电", HEADINGS)) == "('电':*ABC)"
    assert to_tsquery(Phrase(("ˇgj",), frozenset({Field.PINYIN}))) == "('ˇgj')"


def test_tsvector_form_counts_places_over_all_fields() -> None:
    vector = to_tsvector(
        [(Field.TITLE, ["公积", "积"]), (Field.BODY, ["公积"]), (Field.PINYIN, ["ˇgj"])]
    )
    assert vector == "'公积':1A,3D '积':2A 'ˇgj':4D"


@given(st.text(max_size=80))
def test_no_input_reaches_an_expression_but_as_letters_and_digits(text: str) -> None:
    query = parsed(text)
    frequencies = dict.fromkeys(query.words, 1)
    for tier in (*strict_tiers(query), *loose_tiers(query, frequencies, 200)):
        for phrase in phrases(tier):
            for token in phrase.tokens:
                assert re.fullmatch(r"[^\W_]+", token.removeprefix(PINYIN_MARK))
        assert to_fts5(tier).count('"') == 2 * len(phrases(tier))
        assert to_tsquery(tier).count("'") == 2 * sum(len(p.tokens) for p in phrases(tier))
