"""Articles, versions and their traces on the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.errors import BadInput
from kernel.ids import AuthorityId, TeamId
from kernel.infra.database import Database
from kernel.paging import Page, decode_cursor, encode_cursor
from knowledge_base.adapters.search_index import SqlSearchIndex
from knowledge_base.adapters.tables import (
    ArticleRow,
    FlagRow,
    SearchRow,
    UseRow,
    VersionRow,
    ZeroResultRow,
)
from knowledge_base.core.article import Article, ArticleState, Content, Step, Version, advance
from knowledge_base.core.ranking import Document
from knowledge_base.ports import Flag, FlagKind, Summary, Use, UseKind, ZeroResult

IMPORTED = "由审核过的条目文件导入"
"""The note of versions that came from reviewed files; shown translated."""


class SqlArticleStore:
    """Implements `knowledge_base.ports.ArticleStore`; also publishes (`publish`, `retire`)."""

    def __init__(self, database: Database, index: SqlSearchIndex) -> None:
        self._database = database
        self._index = index

    # --- articles --------------------------------------------------------------------------

    async def article(self, article_id: str) -> Article | None:
        async with self._database.session() as session:
            found = (
                await session.execute(
                    select(ArticleRow, VersionRow)
                    .join(
                        VersionRow,
                        (VersionRow.article_id == ArticleRow.id)
                        & (VersionRow.number == ArticleRow.version),
                    )
                    .where(ArticleRow.id == article_id, ArticleRow.state == ArticleState.PUBLISHED)
                )
            ).first()
        if found is None:
            return None
        row, version = found
        return _article(row, version)

    async def versions(self, article_id: str) -> list[Version]:
        async with self._database.session() as session:
            rows = await session.scalars(
                select(VersionRow)
                .where(VersionRow.article_id == article_id)
                .order_by(VersionRow.number.desc())
            )
            return [
                Version(
                    number=r.number,
                    state=ArticleState(r.state),
                    title=r.title,
                    note=r.note,
                    created_at=r.created_at,
                )
                for r in rows
            ]

    async def summaries(
        self, team: TeamId | None, owner: AuthorityId | None, cursor: str | None, size: int
    ) -> Page[Summary]:
        query = (
            select(
                SearchRow.article_id,
                SearchRow.title,
                SearchRow.title_en,
                SearchRow.answer,
                SearchRow.team,
                SearchRow.owner,
            )
            .order_by(SearchRow.article_id)
            .limit(size + 1)
        )
        if team is not None:
            query = query.where(SearchRow.team == team)
        if owner is not None:
            query = query.where(SearchRow.owner == owner)
        if cursor:
            key = decode_cursor(cursor)
            if len(key) != 1 or not isinstance(key[0], str):
                raise BadInput("翻页位置无效", "cursor")
            query = query.where(SearchRow.article_id > key[0])
        async with self._database.session() as session:
            rows = (await session.execute(query)).all()
        page = [
            Summary(i, title, title_en, answer, TeamId(t), AuthorityId(o))
            for i, title, title_en, answer, t, o in rows
        ]
        more = len(page) > size
        page = page[:size]
        return Page(page, encode_cursor((page[-1].article_id,)) if more else None)

    async def counts(self) -> tuple[dict[TeamId, int], dict[AuthorityId, int]]:
        async with self._database.session() as session:
            rows = await session.execute(
                select(SearchRow.team, SearchRow.owner, func.count()).group_by(
                    SearchRow.team, SearchRow.owner
                )
            )
            teams: dict[TeamId, int] = {}
            owners: dict[AuthorityId, int] = {}
            for team, owner, count in rows:
                teams[TeamId(team)] = teams.get(TeamId(team), 0) + count
                owners[AuthorityId(owner)] = owners.get(AuthorityId(owner), 0) + count
        return teams, owners

    # --- publication -----------------------------------------------------------------------

    async def publish(self, articles: Mapping[str, Content], note: str, now: datetime) -> int:
        """Publish each content as the newest version of its article, in one transaction.

        A content equal to the published one is passed over. Returns how many were published.
        """
        async with self._database.session() as session:
            known = {
                row.id: row
                for row in await session.scalars(
                    select(ArticleRow).where(ArticleRow.id.in_(list(articles)))
                )
            }
            changed: dict[str, tuple[int, Content]] = {}
            for article_id, content in articles.items():
                row = known.get(article_id)
                digest = content_hash(content)
                if row and row.content_hash == digest and row.state == ArticleState.PUBLISHED:
                    continue
                changed[article_id] = ((row.version if row else 0) + 1, content)
                if row is not None:
                    await _retire_version(session, row)
                    row.team, row.owner = content.team, content.owner
                    row.state, row.content_hash = ArticleState.PUBLISHED, digest
                    row.version, row.updated_at = row.version + 1, now
                else:
                    session.add(_article_row(article_id, content, digest, now))
            await session.flush()
            session.add_all(
                _version_row(article_id, number, content, note, now)
                for article_id, (number, content) in changed.items()
            )
            await session.flush()
            if changed:
                await self._index.put(
                    session, [document(a, n, c) for a, (n, c) in sorted(changed.items())]
                )
        return len(changed)

    async def retire(self, article_ids: Sequence[str], now: datetime) -> int:
        """Take published articles out of the search; their versions stay. Returns how many."""
        async with self._database.session() as session:
            rows = (
                await session.scalars(
                    select(ArticleRow).where(
                        ArticleRow.id.in_(article_ids),
                        ArticleRow.state == ArticleState.PUBLISHED,
                    )
                )
            ).all()
            for row in rows:
                await _retire_version(session, row)
                row.state = advance(ArticleState(row.state), Step.RETIRE)
                row.updated_at = now
            await self._index.remove(session, [row.id for row in rows])
        return len(rows)

    async def published_ids(self) -> list[str]:
        async with self._database.session() as session:
            rows = await session.scalars(select(SearchRow.article_id))
            return list(rows)

    # --- traces ----------------------------------------------------------------------------

    async def add_use(self, use: Use) -> None:
        insert = sqlite_insert if self._database.is_sqlite else postgresql_insert
        async with self._database.session() as session:
            await session.execute(
                insert(UseRow)
                .values(asdict(use) | {"kind": use.kind.value})
                .on_conflict_do_nothing()
            )

    async def use_count(self, article_id: str) -> int:
        async with self._database.session() as session:
            return (
                await session.scalar(
                    select(func.count()).where(
                        UseRow.article_id == article_id, UseRow.kind == UseKind.USED
                    )
                )
                or 0
            )

    async def add_flag(self, flag: Flag) -> None:
        async with self._database.session() as session:
            session.add(FlagRow(**(asdict(flag) | {"kind": flag.kind.value})))

    async def flags(self, article_id: str) -> list[Flag]:
        async with self._database.session() as session:
            rows = await session.scalars(
                select(FlagRow)
                .join(ArticleRow, ArticleRow.id == FlagRow.article_id)
                .where(FlagRow.article_id == article_id, FlagRow.version == ArticleRow.version)
                .order_by(FlagRow.at.desc(), FlagRow.id.desc())
            )
            return [
                Flag(
                    id=r.id,
                    article_id=r.article_id,
                    version=r.version,
                    kind=FlagKind(r.kind),
                    note=r.note,
                    account=r.account,
                    at=r.at,
                )
                for r in rows
            ]

    async def add_zero_result(self, zero: ZeroResult) -> None:
        async with self._database.session() as session:
            session.add(ZeroResultRow(**asdict(zero)))


def content_hash(content: Content) -> str:
    """Equal for equal words, whatever version they stand in."""
    data = json.dumps(asdict(content), default=str, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(data.encode()).hexdigest()


def document(article_id: str, version: int, content: Content) -> Document:
    """What the index keeps of a published version."""
    return Document(
        article_id=article_id,
        version=version,
        team=content.team,
        owner=content.owner,
        title=content.title,
        title_en=content.title_en,
        questions="\n".join(content.questions),
        tags="\n".join(content.tags),
        answer=content.answer,
        body=f"{content.body}\n{content.basis}",
        pinyin="",
        valid_from=content.valid_from,
        valid_to=content.valid_to,
    )


async def _retire_version(session: AsyncSession, row: ArticleRow) -> None:
    if row.state == ArticleState.PUBLISHED:
        await session.execute(
            update(VersionRow)
            .where(VersionRow.article_id == row.id, VersionRow.number == row.version)
            .values(state=advance(ArticleState.PUBLISHED, Step.RETIRE).value)
        )


def _article_row(article_id: str, content: Content, digest: str, now: datetime) -> ArticleRow:
    return ArticleRow(
        id=article_id,
        team=content.team,
        owner=content.owner,
        state=ArticleState.PUBLISHED.value,
        version=1,
        content_hash=digest,
        updated_at=now,
    )


def _version_row(
    article_id: str, number: int, content: Content, note: str, now: datetime
) -> VersionRow:
    # Reviewed files have passed drafting and review before they are read.
    reviewed = advance(ArticleState.DRAFT, Step.SUBMIT)
    return VersionRow(
        article_id=article_id,
        number=number,
        state=advance(reviewed, Step.PUBLISH).value,
        title=content.title,
        questions=list(content.questions),
        answer=content.answer,
        body=content.body,
        tags=list(content.tags),
        basis=content.basis,
        category=content.category,
        valid_from=content.valid_from,
        valid_to=content.valid_to,
        title_en=content.title_en,
        summary_en=content.summary_en,
        note=note,
        created_at=now,
    )


def _article(row: ArticleRow, version: VersionRow) -> Article:
    return Article(
        id=row.id,
        version=row.version,
        state=ArticleState(row.state),
        content=Content(
            title=version.title,
            questions=tuple(version.questions),
            answer=version.answer,
            body=version.body,
            tags=tuple(version.tags),
            basis=version.basis,
            team=TeamId(row.team),
            owner=AuthorityId(row.owner),
            category=version.category,
            valid_from=version.valid_from,
            valid_to=version.valid_to,
            title_en=version.title_en,
            summary_en=version.summary_en,
        ),
        updated_at=row.updated_at,
    )
