"""What the knowledge base needs from others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from kernel.ids import AuthorityId, CallId, TeamId
from kernel.paging import Page
from knowledge_base.core.article import Article, Version
from knowledge_base.core.query import Expression
from knowledge_base.core.ranking import Document


class ChineseTools(Protocol):
    """What only a dictionary knows about Chinese. All take one run or character, folded."""

    def simplify(self, text: str) -> str:
        """Traditional characters to simplified ones; the length stays for single characters."""

    def cut(self, text: str) -> Sequence[str]:
        """Words, and the shorter words inside long ones."""

    def spell(self, text: str) -> Sequence[str]:
        """One toneless pinyin syllable for each character that has one."""


class SearchIndex(Protocol):
    """Finds candidates among the published articles; knows nothing of ranking."""

    async def find(
        self, expression: Expression, limit: int, team: TeamId | None = None
    ) -> list[Document]:
        """At most `limit` matching documents, the first indexed first."""

    async def frequencies(self, terms: Sequence[str], cap: int) -> dict[str, int]:
        """How many documents contain each term; counting stops at `cap`."""

    async def size(self) -> int:
        """How many documents there are."""


class UseKind(StrEnum):
    OPENED = "opened"
    USED = "used"  # read out, or the case was answered with it


class FlagKind(StrEnum):
    OUTDATED = "outdated"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One opening or use. The same person, call, article and kind count once."""

    id: str
    article_id: str
    version: int
    kind: UseKind
    call_id: CallId | None
    account: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """An operator's report that an article's version is outdated or wrong."""

    id: str
    article_id: str
    version: int
    kind: FlagKind
    note: str
    account: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroResult:
    id: str
    query: str
    team: TeamId | None
    account: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of the list of articles."""

    article_id: str
    title: str
    title_en: str
    answer: str
    team: TeamId
    owner: AuthorityId


class ArticleStore(Protocol):
    """Articles, their versions, and what happened to them."""

    async def article(self, article_id: str) -> Article | None: ...

    async def versions(self, article_id: str) -> list[Version]:
        """Newest first."""

    async def summaries(
        self, team: TeamId | None, owner: AuthorityId | None, cursor: str | None, size: int
    ) -> Page[Summary]:
        """Published articles by id. Raises BadInput for a bad cursor."""

    async def counts(self) -> tuple[dict[TeamId, int], dict[AuthorityId, int]]:
        """Published articles by team and by owner."""

    async def add_use(self, use: Use) -> None: ...

    async def use_count(self, article_id: str) -> int: ...

    async def add_flag(self, flag: Flag) -> None: ...

    async def flags(self, article_id: str) -> list[Flag]:
        """Reports on the present version, newest first."""

    async def add_zero_result(self, zero: ZeroResult) -> None: ...


class OwnerBook(Protocol):
    """The names of the authorities, from memory."""

    def name(self, authority_id: AuthorityId) -> str | None: ...
