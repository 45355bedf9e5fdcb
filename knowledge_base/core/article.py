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
    demand(match is not None, "id", "an id is KB-<team code>-<three digits>")
    code = TEAM_CODES.get(content.team)
    demand(code is not None, "team", "no such team")
    fits = match is None or code is None or match[1] == code
    demand(fits, "id", f"ids of this team begin with KB-{code}-")
    demand(0 < len(content.title) <= TITLE_LIMIT, "title", f"needs 1 to {TITLE_LIMIT} characters")
    demand(
        QUESTIONS_MIN <= len(content.questions) <= QUESTIONS_MAX,
        "questions",
        f"needs {QUESTIONS_MIN} to {QUESTIONS_MAX} questions",
    )
    demand(
        len(set(content.questions)) == len(content.questions) and all(content.questions),
        "questions",
        "a question is empty or stands twice",
    )
    demand(
        0 < len(content.answer) <= ANSWER_LIMIT,
        "answer",
        f"needs 1 to {ANSWER_LIMIT} characters, has {len(content.answer)}",
    )
    demand("\n" not in content.answer, "answer", "must be one paragraph")
    demand(0 < len(content.body) <= BODY_LIMIT, "body", f"needs 1 to {BODY_LIMIT} characters")
    tagged = len(content.tags) >= TAGS_MIN and all(content.tags)
    demand(tagged, "tags", f"needs at least {TAGS_MIN} tags")
    demand(bool(content.owner), "owner", "no owner")
    english = bool(content.title_en and content.summary_en)
    demand(english, "title_en", "no English title or summary")
    demand(
        content.valid_to is None or content.valid_to >= content.valid_from,
        "valid_to",
        "ends before it begins",
    )
    return problems
