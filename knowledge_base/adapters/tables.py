"""Tables of the knowledge base.

Beside them, on SQLite only, stand the FTS5 tables `kb_fts` and `kb_fts_heads` (rowid =
`kb_search.docid`); on PostgreSQL `kb_search.tokens` and `kb_search.heads` with their GIN indexes do
the same work. They are made by the migration and written by `search_index.py` only.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from kernel.infra.database import Base, UtcDateTime

_FILLED_HEADS = text("heads IS NOT NULL")
_FILLED_TOKENS = text("tokens IS NOT NULL")


class ArticleRow(Base):
    """One article; `version` is the one that `state` speaks of."""

    __tablename__ = "kb_articles"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    team: Mapped[str] = mapped_column(String(32))
    owner: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(Integer)
    content_hash: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_kb_articles_team", "state", "team", "id"),
        Index("ix_kb_articles_owner", "state", "owner", "id"),
    )


class VersionRow(Base):
    """The words of one version; never changed but for `state`."""

    __tablename__ = "kb_versions"

    article_id: Mapped[str] = mapped_column(ForeignKey("kb_articles.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(80))
    questions: Mapped[list[str]] = mapped_column(JSON)
    answer: Mapped[str] = mapped_column(String(400))
    body: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(JSON)
    basis: Mapped[str] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(String(64))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    title_en: Mapped[str] = mapped_column(String(200))
    summary_en: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SearchRow(Base):
    """A published article as the index holds it; can be made anew from the versions.

    `docid` is kept while the article lives, so that both databases list candidates alike.
    """

    __tablename__ = "kb_search"

    docid: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    article_id: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    team: Mapped[str] = mapped_column(String(32))
    owner: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str] = mapped_column(Text)
    questions: Mapped[str] = mapped_column(Text)
    tags: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    pinyin: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    heads: Mapped[str | None] = mapped_column(TSVECTOR().with_variant(Text(), "sqlite"))
    tokens: Mapped[str | None] = mapped_column(TSVECTOR().with_variant(Text(), "sqlite"))

    __table_args__ = (
        UniqueConstraint("article_id"),
        # On SQLite the columns are empty and FTS5 does the work: the condition keeps these empty.
        Index("ix_kb_search_heads", "heads", postgresql_using="gin", sqlite_where=_FILLED_HEADS),
        Index("ix_kb_search_tokens", "tokens", postgresql_using="gin", sqlite_where=_FILLED_TOKENS),
    )


class UseRow(Base):
    """An article opened or used. One row for the same person, call, article and kind."""

    __tablename__ = "kb_uses"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    article_id: Mapped[str] = mapped_column(ForeignKey("kb_articles.id"))
    version: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    call_id: Mapped[str | None] = mapped_column(String(64))
    account: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        # Rows without a call are not bound by it: NULLs differ from each other.
        UniqueConstraint("call_id", "article_id", "kind", "account"),
        Index("ix_kb_uses_article", "article_id", "kind", "at"),
    )


class FlagRow(Base):
    """A report that an article is outdated or wrong."""

    __tablename__ = "kb_flags"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    article_id: Mapped[str] = mapped_column(ForeignKey("kb_articles.id"))
    version: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_kb_flags_article", "article_id", "version", "at"),)


class ZeroResultRow(Base):
    """A submitted question that found nothing."""

    __tablename__ = "kb_zero_results"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    query: Mapped[str] = mapped_column(String(200))
    team: Mapped[str | None] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_kb_zero_results_at", "at", "id"),)
