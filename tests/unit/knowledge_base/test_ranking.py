"""The order of what was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from kernel.ids import AuthorityId, TeamId
from knowledge_base.core.article import Validity
from knowledge_base.core.query import Query
from knowledge_base.core.ranking import Document, Ranked, idf, rank
from knowledge_base.core.tokens import Folding
from tests.fakes.chinese_tools import TinyChinese

FOLDING = Folding(TinyChinese().simplify)
TODAY = date(2026, 11, 24)
EMPTY = Document(
    article_id="A",
    version=1,
    team=TeamId("general"),
    owner=AuthorityId("justice"),
    title="",
    title_en="",
    questions="",
    tags="",
    answer="",
    body="",
    pinyin="",
    valid_from=date(2026, 1, 1),
    valid_to=None,
)


def article(article_id: str, **fields: object) -> Document:
    return replace(EMPTY, article_id=article_id, **fields)  # type: ignore[arg-type]


def ranked(
    *documents: Document,
    terms: tuple[str, ...] = ("工资",),
    frequencies: dict[str, int] | None = None,
    own_team: TeamId | None = None,
) -> list[Ranked]:
    return rank(
        documents,
        Query(terms, ()),
        frequencies or {},
        100,
        folding=FOLDING,
        today=TODAY,
        own_team=own_team,
    )


def ids(found: list[Ranked]) -> list[str]:
    return [r.document.article_id for r in found]


def test_title_counts_more_than_questions_than_tags_than_body() -> None:
    found = ranked(
        article("D", body="工资"),
        article("C", tags="工资"),
        article("B", questions="工资"),
        article("A", title="工资"),
    )
    assert ids(found) == ["A", "B", "C", "D"]


def test_a_title_that_is_the_word_comes_before_a_title_that_has_it() -> None:
    found = ranked(article("A", title="单位拖欠工资怎么投诉"), article("B", title="工资"))
    assert ids(found) == ["B", "A"]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    found = ranked(
        article("A", title="办理"),
        article("B", title="殡葬"),
        terms=("办理", "殡葬"),
        frequencies={"办理": 90, "殡葬": 1},
    )
    assert ids(found) == ["B", "A"]


def test_two_words_of_the_question_beat_one_word_twice() -> None:
    found = ranked(
        article("A", title="油烟", questions="油烟 油烟 油烟"),
        article("B", title="火锅油烟"),
        terms=("火锅", "油烟"),
        frequencies={"火锅": 5, "油烟": 5},
    )
    assert ids(found) == ["B", "A"]


def test_equal_scores_are_ordered_by_id() -> None:
    assert ids(ranked(article("B", title="工资"), article("A", title="工资"))) == ["A", "B"]


def test_the_operators_own_team_comes_first_among_equals() -> None:
    labour = TeamId("labour")
    found = ranked(
        article("A", title="工资"), article("B", title="工资", team=labour), own_team=labour
    )
    assert ids(found) == ["B", "A"]


def test_articles_not_valid_today_come_last_and_say_so() -> None:
    found = ranked(
        article("A", title="工资", valid_to=date(2026, 11, 23)),
        article("B", title="工资", valid_from=date(2026, 11, 25)),
        article("C", body="工资", valid_to=TODAY),
    )
    assert ids(found) == ["C", "A", "B"]
    assert [r.validity for r in found] == [
        Validity.CURRENT,
        Validity.EXPIRED,
        Validity.NOT_YET,
    ]


def test_a_word_found_only_by_its_sound_counts_little_but_counts() -> None:
    found = ranked(
        article("A", title="gjj 系统"),
        article("B", pinyin="zfgjj zhufanggongjijin"),
        article("C"),
        terms=("gjj",),
    )
    assert ids(found) == ["A", "B", "C"]
    assert found[1].score > 0 == found[2].score


def test_a_long_body_counts_less_than_a_short_one() -> None:
    found = ranked(article("A", body="工资" + "。" * 4_000), article("B", body="工资"))
    assert ids(found) == ["B", "A"]


def test_idf_falls_with_frequency_and_is_never_negative() -> None:
    values = [idf(n, 100) for n in (0, 1, 10, 50, 99, 100, 5_000)]
    assert values == sorted(values, reverse=True)
    assert values[-1] >= 0
