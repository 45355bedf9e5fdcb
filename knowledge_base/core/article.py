"""What an article is, its versions' states, and the rules its content must keep."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kernel.errors import InvalidTransition
from kernel.ids import AuthorityId, TeamId

ANSWER_LIMIT = 180
"""Characters of the answer: what can be read out in about 45 seconds."""
TITLE_LIMIT = 40
BODY_LIMIT = 8_000
"""Keeps a document below the 16,383 positions that a PostgreSQL tsvector can hold."""
QUESTIONS_MIN, QUESTIONS_MAX = 2, 6
TAGS_MIN = 2

TEAM_CODES: dict[TeamId, str] = {
    TeamId("consumer"): "CON",
    TeamId("urban"): "URB",
    TeamId("labour"): "LAB",
    TeamId("security"): "SEC",
    TeamId("general"): "GEN",
}
_ID = re.compile(r"^KB-([A-Z]{3})-\d{3}$")


class ArticleState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    RETIRED = "retired"


class Step(StrEnum):
    """What can happen to a version."""

    SUBMIT = "submit"
    SEND_BACK = "send_back"
    PUBLISH = "publish"
    RETIRE = "retire"


TRANSITIONS: dict[tuple[ArticleState, Step], ArticleState] = {
    (ArticleState.DRAFT, Step.SUBMIT): ArticleState.IN_REVIEW,
    (ArticleState.IN_REVIEW, Step.SEND_BACK): ArticleState.DRAFT,
    (ArticleState.IN_REVIEW, Step.PUBLISH): ArticleState.PUBLISHED,
    (ArticleState.PUBLISHED, Step.RETIRE): ArticleState.RETIRED,
}


def advance(state: ArticleState, step: Step) -> ArticleState:
    """The state after `step`. Raises InvalidTransition when the table has no such row."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise InvalidTransition("知识条目当前状态不允许此操作") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The words of one version. `answer` is read out; `body` is the full text in plain lines."""

    title: str
    questions: tuple[str, ...]
    answer: str
    body: str
    tags: tuple[str, ...]
    basis: str
    team: TeamId
    owner: AuthorityId
    category: str | None
    valid_from: date
    valid_to: date | None
    title_en: str
    summary_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article as published: `version` counts from 1."""

    id: str
    version: int
    state: ArticleState
    content: Content
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One line of an article's history."""

    number: int
    state: ArticleState
    title: str
    note: str
    created_at: datetime


class Validity(StrEnum):
    CURRENT = "current"
    NOT_YET = "not_yet"
    EXPIRED = "expired"


def validity(valid_from: date, valid_to: date | None, today: date) -> Validity:
    """Both days are included."""
    if today < valid_from:
        return Validity.NOT_YET
    if valid_to is not None and today > valid_to:
        return Validity.EXPIRED
    return Validity.CURRENT


@dataclass(frozen=True, slots=True)
class Problem:
    """A rule that content breaks: the field's name and a sentence for the editor."""

    field: str
    sentence: str


def check(article_id: str, content: Content) -> list[Problem]:
    """All rules that this article breaks, in the order of its fields; empty when it is fit."""
    problems: list[Problem] = []

    def demand(holds: bool, field: str, sentence: str) -> None:
        if not holds:
            problems.append(Problem(field, sentence))

    match = _ID.match(article_id)
    demand(match is not None, "id", "编号应形如 KB-LAB-001")
    code = TEAM_CODES.get(content.team)
    demand(code is not None, "team", "班组不存在")
    demand(match is None or code is None or match[1] == code, "id", f"本班组编号应含 {code}")
    demand(0 < len(content.title) <= TITLE_LIMIT, "title", f"标题应为 1 至 {TITLE_LIMIT} 字")
    demand(
        QUESTIONS_MIN <= len(content.questions) <= QUESTIONS_MAX,
        "questions",
        f"市民问法应有 {QUESTIONS_MIN} 至 {QUESTIONS_MAX} 条",
    )
    demand(
        len(set(content.questions)) == len(content.questions) and all(content.questions),
        "questions",
        "市民问法不能为空或重复",
    )
    demand(
        0 < len(content.answer) <= ANSWER_LIMIT,
        "answer",
        f"口头答复应为 1 至 {ANSWER_LIMIT} 字，现为 {len(content.answer)} 字",
    )
    demand("\n" not in content.answer, "answer", "口头答复不能换行")
    demand(0 < len(content.body) <= BODY_LIMIT, "body", f"正文应为 1 至 {BODY_LIMIT} 字")
    demand(len(content.tags) >= TAGS_MIN and all(content.tags), "tags", f"标签至少 {TAGS_MIN} 个")
    demand(bool(content.owner), "owner", "缺少责任单位")
    demand(bool(content.title_en and content.summary_en), "title_en", "缺少英文标题或摘要")
    demand(
        content.valid_to is None or content.valid_to >= content.valid_from,
        "valid_to",
        "失效日期早于生效日期",
    )
    return problems
