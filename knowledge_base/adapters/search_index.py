"""The search index on both databases: the same tokens in FTS5 and in a tsvector.

FTS5's `ascii` tokenizer takes every character beyond ASCII as part of a token, so our tokens come
through unchanged whatever Unicode table SQLite was built with; the tsvector is written as a
literal with its positions, so no PostgreSQL parser or dictionary touches them. Source: SQLite FTS5,
4.3.2; PostgreSQL 15, 8.11.1.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Row,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from kernel.ids import AuthorityId, TeamId
from kernel.infra.database import Database
from knowledge_base.adapters.tables import SearchRow
from knowledge_base.core.query import (
    HEADINGS,
    Expression,
    Field,
    containing,
    fields_of,
    to_fts5,
    to_tsquery,
    to_tsvector,
)
from knowledge_base.core.ranking import Document
from knowledge_base.core.tokens import Folding, index_tokens, pinyin_text, pinyin_tokens
from knowledge_base.ports import ChineseTools

_COLUMNS = (
    "article_id, version, team, owner, title, title_en, questions, tags, answer, body, pinyin,"
    " valid_from, valid_to"
)
_TABLE = typing.cast(Table, SearchRow.__table__)
_SELECTED = [_TABLE.c[name.strip()] for name in _COLUMNS.split(",")]
# FTS5 hands out rows in rowid order by itself; PostgreSQL would rather walk the primary key and
# test each row when a limit follows an order, hence the fence around the index search.
_SQLITE_FIND = "SELECT rowid AS docid FROM {t} WHERE {t} MATCH :match ORDER BY rowid LIMIT :limit"
_SQLITE_FIND_TEAM = (
    "SELECT {t}.rowid AS docid FROM {t} CROSS JOIN kb_search ON docid = {t}.rowid"
    " WHERE {t} MATCH :match AND team = :team ORDER BY {t}.rowid LIMIT :limit"
)
_POSTGRES_FIND = (
    "WITH found AS MATERIALIZED (SELECT docid FROM kb_search"
    " WHERE {t} @@ CAST(:match AS tsquery){team})"
    " SELECT docid FROM found ORDER BY docid LIMIT :limit"
)
# Titles, questions, tags and pinyin stand in an index of their own, too: a word that every body
# holds ("应当") would otherwise have all its places read to find the few titles with it. Measured
# on 144,619 articles: 521 ms with one index.
_HEADS = HEADINGS | {Field.PINYIN}


class SqlSearchIndex:
    """Implements `knowledge_base.ports.SearchIndex`, and writes the index for the store."""

    def __init__(self, database: Database, tools: ChineseTools) -> None:
        self._database = database
        self._tools = tools
        self._folding = Folding(tools.simplify)
        values: dict[str, Any] = {c.name: bindparam(c.name) for c in _SELECTED}
        if not database.is_sqlite:
            values["heads"] = cast(bindparam("heads_text", type_=Text), TSVECTOR)
            values["tokens"] = cast(bindparam("tokens_text", type_=Text), TSVECTOR)
        self._insert = insert(_TABLE).values(values)
        self._update = update(_TABLE).where(_TABLE.c.article_id == bindparam("key")).values(values)

    # --- reading ---------------------------------------------------------------------------

    async def find(
        self, expression: Expression, limit: int, team: TeamId | None = None
    ) -> list[Document]:
        values: dict[str, Any] = {"match": self._match(expression), "limit": limit}
        if team is not None:
            values["team"] = team
        async with self._database.connection() as connection:
            sql = text(self.find_sql(expression, team))
            docids = (await connection.scalars(sql, values)).all()
            rows = await connection.execute(
                select(*_SELECTED).where(SearchRow.docid.in_(docids)).order_by(SearchRow.docid)
            )
            return [_document(row) for row in rows]

    def find_sql(self, expression: Expression, team: TeamId | None) -> str:
        """The statement of `find`, with :match, :limit and perhaps :team."""
        heads = fields_of(expression) <= _HEADS
        if self._database.is_sqlite:
            table = "kb_fts_heads" if heads else "kb_fts"
            return (_SQLITE_FIND if team is None else _SQLITE_FIND_TEAM).format(t=table)
        return _POSTGRES_FIND.format(
            t="heads" if heads else "tokens", team="" if team is None else " AND team = :team"
        )

    def _match(self, expression: Expression) -> str:
        return to_fts5(expression) if self._database.is_sqlite else to_tsquery(expression)

    async def frequencies(self, terms: Sequence[str], cap: int) -> dict[str, int]:
        if not terms:
            return {}
        one = (
            "SELECT rowid FROM kb_fts WHERE kb_fts MATCH :m{i}"
            if self._database.is_sqlite
            else "SELECT docid FROM kb_search WHERE tokens @@ CAST(:m{i} AS tsquery)"
        )
        counts = " UNION ALL ".join(
            f"SELECT {i} AS place, count(*) AS n FROM ({one.format(i=i)} LIMIT :cap) AS t{i}"
            for i in range(len(terms))
        )
        values: dict[str, Any] = {
            f"m{i}": self._match(containing(term)) for i, term in enumerate(terms)
        }
        async with self._database.connection() as connection:
            rows = await connection.execute(text(counts), values | {"cap": cap})
            return {terms[place]: n for place, n in rows}

    async def size(self) -> int:
        async with self._database.connection() as connection:
            return await connection.scalar(select(func.count(SearchRow.docid))) or 0

    # --- writing, in the caller's transaction -----------------------------------------------

    async def put(
        self, connection: AsyncConnection | AsyncSession, documents: Sequence[Document]
    ) -> None:
        """Add documents, or replace those of the same article id under their old docid."""
        known = await self._docids(connection, [d.article_id for d in documents])
        fresh = [d for d in documents if d.article_id not in known]
        again = [self._row(d) | {"key": d.article_id} for d in documents if d.article_id in known]
        if again:
            await connection.execute(self._update, again)
        if fresh:
            await connection.execute(self._insert, [self._row(d) for d in fresh])
        if self._database.is_sqlite:
            await self._put_fts(connection, documents, known)

    async def _put_fts(
        self,
        connection: AsyncConnection | AsyncSession,
        documents: Sequence[Document],
        known: dict[str, int],
    ) -> None:
        await self._forget(connection, known.values())
        docids = await self._docids(connection, [d.article_id for d in documents])
        rows = [
            {"docid": docids[d.article_id]}
            | {field.value: " ".join(tokens) for field, tokens in self._fields(d)}
            for d in documents
        ]
        await connection.execute(
            text(
                "INSERT INTO kb_fts(rowid, title, questions, tags, body, pinyin)"
                " VALUES (:docid, :title, :questions, :tags, :body, :pinyin)"
            ),
            rows,
        )
        await connection.execute(
            text(
                "INSERT INTO kb_fts_heads(rowid, title, questions, tags, pinyin)"
                " VALUES (:docid, :title, :questions, :tags, :pinyin)"
            ),
            rows,
        )

    async def _forget(
        self, connection: AsyncConnection | AsyncSession, docids: Iterable[int]
    ) -> None:
        """Take documents out of the FTS5 tables."""
        gone = [{"docid": docid} for docid in docids]
        if gone:
            for table in ("kb_fts", "kb_fts_heads"):
                await connection.execute(text(f"DELETE FROM {table} WHERE rowid = :docid"), gone)

    async def remove(
        self, connection: AsyncConnection | AsyncSession, article_ids: Sequence[str]
    ) -> None:
        """Take retired articles out; unknown ids are passed over."""
        known = await self._docids(connection, article_ids)
        if not known:
            return
        if self._database.is_sqlite:
            await self._forget(connection, known.values())
        await connection.execute(delete(SearchRow).where(SearchRow.docid.in_(known.values())))

    async def _docids(
        self, connection: AsyncConnection | AsyncSession, article_ids: Sequence[str]
    ) -> dict[str, int]:
        known: dict[str, int] = {}
        for start in range(0, len(article_ids), 500):
            rows = await connection.execute(
                select(SearchRow.article_id, SearchRow.docid).where(
                    SearchRow.article_id.in_(article_ids[start : start + 500])
                )
            )
            for article_id, docid in rows:
                known[article_id] = docid
        return known

    def _fields(self, document: Document) -> list[tuple[Field, list[str]]]:
        fold = self._folding.fold
        return [
            (Field.TITLE, index_tokens(fold(document.title))),
            (Field.QUESTIONS, index_tokens(fold(document.questions))),
            (Field.TAGS, index_tokens(fold(document.tags))),
            (Field.BODY, index_tokens(fold(f"{document.answer}\n{document.body}"))),
            (Field.PINYIN, pinyin_tokens(self._pinyin(document))),
        ]

    def _pinyin(self, document: Document) -> str:
        parts = [self._folding.fold(document.title), self._folding.fold(document.tags)]
        return pinyin_text(parts, self._tools.spell)

    def _row(self, document: Document) -> dict[str, Any]:
        row: dict[str, Any] = {c.name: getattr(document, c.name) for c in _SELECTED}
        row["pinyin"] = self._pinyin(document)
        if not self._database.is_sqlite:
            fields = self._fields(document)
            row["tokens_text"] = to_tsvector(fields)
            row["heads_text"] = to_tsvector([f for f in fields if f[0] in _HEADS])
        return row


def _document(row: Row[Any]) -> Document:
    values = dict(row._mapping)
    values["team"] = TeamId(values["team"])
    values["owner"] = AuthorityId(values["owner"])
    return Document(**values)
