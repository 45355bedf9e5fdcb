"""Articles in memory. What the service writes can be read from the lists."""

from __future__ import annotations

from kernel.ids import AuthorityId, TeamId
from kernel.paging import Page, decode_cursor, encode_cursor
from knowledge_base.core.article import Article, ArticleState, Version
from knowledge_base.ports import Flag, Summary, Use, UseKind, ZeroResult


class DictArticleStore:
    def __init__(self, *articles: Article) -> None:
        self.articles = {a.id: a for a in articles}
        self.uses: list[Use] = []
        self.all_flags: list[Flag] = []
        self.zero_results: list[ZeroResult] = []

    async def article(self, article_id: str) -> Article | None:
        found = self.articles.get(article_id)
        return found if found and found.state is ArticleState.PUBLISHED else None

    async def versions(self, article_id: str) -> list[Version]:
        article = self.articles.get(article_id)
        if article is None:
            return []
        version = Version(
            number=article.version,
            state=article.state,
            title=article.content.title,
            note="",
            created_at=article.updated_at,
        )
        return [version]

    async def summaries(
        self, team: TeamId | None, owner: AuthorityId | None, cursor: str | None, size: int
    ) -> Page[Summary]:
        after = decode_cursor(cursor)[0] if cursor else ""
        rows = [
            Summary(
                a.id,
                a.content.title,
                a.content.title_en,
                a.content.answer,
                a.content.team,
                a.content.owner,
            )
            for a in sorted(self.articles.values(), key=lambda a: a.id)
            if team in (None, a.content.team)
            and owner in (None, a.content.owner)
            and a.id > str(after)
        ]
        page = rows[:size]
        more = len(rows) > size
        return Page(page, encode_cursor((page[-1].article_id,)) if more else None)

    async def counts(self) -> tuple[dict[TeamId, int], dict[AuthorityId, int]]:
        teams: dict[TeamId, int] = {}
        owners: dict[AuthorityId, int] = {}
        for article in self.articles.values():
            content = article.content
            teams[content.team] = teams.get(content.team, 0) + 1
            owners[content.owner] = owners.get(content.owner, 0) + 1
        return teams, owners

    async def add_use(self, use: Use) -> None:
        key = (use.call_id, use.article_id, use.kind, use.account)
        known = {(u.call_id, u.article_id, u.kind, u.account) for u in self.uses}
        if use.call_id is None or key not in known:
            self.uses.append(use)

    async def use_count(self, article_id: str) -> int:
        return sum(u.article_id == article_id and u.kind is UseKind.USED for u in self.uses)

    async def add_flag(self, flag: Flag) -> None:
        self.all_flags.append(flag)

    async def flags(self, article_id: str) -> list[Flag]:
        article = self.articles[article_id]
        return [
            f
            for f in reversed(self.all_flags)
            if f.article_id == article_id and f.version == article.version
        ]

    async def add_zero_result(self, zero: ZeroResult) -> None:
        self.zero_results.append(zero)
