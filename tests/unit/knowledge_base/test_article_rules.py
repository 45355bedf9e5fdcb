"""The rules of an article's content and the states of its versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from kernel.errors import InvalidTransition
from kernel.ids import AuthorityId, TeamId
from knowledge_base.core.article import (
    ANSWER_LIMIT,
    TRANSITIONS,
    ArticleState,
    Content,
    Step,
    Validity,
    advance,
    check,
    validity,
)

FIT = Content(
    title="公积金提取",
    questions=("怎么提取公积金", "点样攞公积金"),
    answer="带身份证办理。",
    body="【材料】身份证。",
    tags=("公积金", "提取"),
    basis="《住房公积金管理条例》",
    team=TeamId("urban"),
    owner=AuthorityId("housing-fund"),
    category=None,
    valid_from=date(2026, 1, 1),
    valid_to=None,
    title_en="Withdrawal",
    summary_en="Bring your identity card.",
)


def broken(article_id: str = "KB-URB-001", **fields: object) -> list[str]:
    content = replace(FIT, **fields)  # type: ignore[arg-type]
    return [problem.field for problem in check(article_id, content)]


def test_a_fit_article_has_no_problems() -> None:
    assert broken() == []


@pytest.mark.parametrize("article_id", ["", "KB-URB-1", "KB-urb-001", "KB-URB-0001", "URB-001"])
def test_an_id_has_team_code_and_three_digits(article_id: str) -> None:
    assert broken(article_id) == ["id"]


def test_an_id_carries_the_code_of_its_own_team() -> None:
    assert broken("KB-LAB-001") == ["id"]
    assert broken(team=TeamId("nobody")) == ["team"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "长" * 41),
        ("questions", ("只有一问",)),
        ("questions", ("同问", "同问")),
        ("questions", ("一问", "")),
        ("questions", tuple("一二三四五六七")),
        ("answer", ""),
        ("answer", "长" * (ANSWER_LIMIT + 1)),
        ("answer", "两\n段"),
        ("body", ""),
        ("body", "长" * 8_001),
        ("tags", ("一个",)),
        ("tags", ("一个", "")),
        ("owner", AuthorityId("")),
        ("valid_to", date(2025, 12, 31)),
    ],
)
def test_each_broken_rule_names_its_field(field: str, value: object) -> None:
    content = replace(FIT, **{field: value})  # type: ignore[arg-type]
    assert [problem.field for problem in check("KB-URB-001", content)] == [field]


def test_english_title_and_summary_are_both_needed() -> None:
    assert broken(summary_en="") == ["title_en"]
    assert broken(title_en="") == ["title_en"]


@pytest.mark.parametrize(("state", "step"), list(product(ArticleState, Step)))
def test_every_state_takes_its_steps_and_refuses_all_others(
    state: ArticleState, step: Step
) -> None:
    if (state, step) in TRANSITIONS:
        assert advance(state, step) is TRANSITIONS[state, step]
    else:
        with pytest.raises(InvalidTransition):
            advance(state, step)


def test_a_draft_is_published_only_after_review() -> None:
    reviewed = advance(ArticleState.DRAFT, Step.SUBMIT)
    assert reviewed is ArticleState.IN_REVIEW
    assert advance(reviewed, Step.PUBLISH) is ArticleState.PUBLISHED
    assert (ArticleState.DRAFT, Step.PUBLISH) not in TRANSITIONS


def test_both_days_of_validity_are_included() -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    assert validity(first, last, first) is Validity.CURRENT
    assert validity(first, last, last) is Validity.CURRENT
    assert validity(first, last, date(2025, 12, 31)) is Validity.NOT_YET
    assert validity(first, last, date(2027, 1, 1)) is Validity.EXPIRED
    assert validity(first, None, date(2099, 1, 1)) is Validity.CURRENT
