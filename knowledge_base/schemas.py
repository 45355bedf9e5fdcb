"""The JSON of the knowledge base, as browsers and other programs read it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from knowledge_base.core.snippet import Marked


class PieceView(BaseModel):
    """A piece of a text; `hit` pieces are the words that were looked for."""

    text: str
    hit: bool


class HitView(BaseModel):
    """One article found. `owner` is the authority's name; `stale` means not valid today."""

    article_id: str
    title: list[PieceView]
    title_en: str
    snippet: list[PieceView]
    answer: str
    team: str
    team_name: str
    owner: str
    stale: bool
    url: str


class SearchView(BaseModel):
    """`more` says that the words are too common to rank everything that contains them."""

    hits: list[HitView]
    total: int
    more: bool
    next_cursor: str | None


class SuggestionView(BaseModel):
    hits: list[HitView]


class ArticleView(BaseModel):
    """A published article. `source` names its legal basis; `flagged` says that somebody has
    reported it as outdated or wrong and nobody has answered yet."""

    article_id: str
    version: int
    title: str
    title_en: str
    summary_en: str
    answer: str
    body: str
    questions: list[str]
    tags: list[str]
    source: str
    team: str
    team_name: str
    owner: str
    owner_id: str
    category: str | None
    valid_from: date
    valid_to: date | None
    validity: Literal["current", "not_yet", "expired"]
    flagged: bool
    updated_at: datetime


class UseBody(BaseModel):
    """What happened to the article: opened, or used for the answer."""

    kind: Literal["opened", "used"] = "used"
    call_id: str | None = Field(None, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")


class FlagBody(BaseModel):
    kind: Literal["outdated", "wrong"]
    note: str = Field(max_length=2_000)


def pieces(marked: Marked) -> list[PieceView]:
    """The text cut at its marks, in order, without empty pieces."""
    cut: list[PieceView] = []
    place = 0
    for start, end in marked.marks:
        if start > place:
            cut.append(PieceView(text=marked.text[place:start], hit=False))
        cut.append(PieceView(text=marked.text[start:end], hit=True))
        place = end
    if place < len(marked.text):
        cut.append(PieceView(text=marked.text[place:], hit=False))
    return cut
