"""The knowledge base as the others see it: search, suggestion, articles, uses and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast
from zoneinfo import ZoneInfo

from kernel.bus import EventBus
from kernel.clock import CITY_ZONE_NAME, Clock
from kernel.errors import BadInput, NotFound
from kernel.events import ArticleOpened, CaseFiled
from kernel.ids import AgentId, AuthorityId, CallId, EventId, IdSource, TeamId
from kernel.paging import Page, decode_cursor, encode_cursor
from knowledge_base.core.article import Article, Validity, Version, validity
from knowledge_base.core.query import (
    QUERY_LIMIT,
    Expression,
    Query,
    loose_tiers,
    parse,
    strict_tiers,
)
from knowledge_base.core.ranking import Document, Ranked, rank
from knowledge_base.core.snippet import Marked, mark, snippet
from knowledge_base.core.tokens import Folding
from knowledge_base.ports import (
    ArticleStore,
    ChineseTools,
    Flag,
    FlagKind,
    SearchIndex,
    Summary,
    Use,
    UseKind,
    ZeroResult,
)

WINDOW = 200
"""Candidates that are ranked; a query with more is told to be narrowed."""
FREQUENCY_CAP = 2_000
LOOSE_BELOW = 3
"""A query that finds fewer articles strictly is also read as a sentence."""
NOTE_LIMIT = 500
MAX_LIMIT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An article found. `title` and `snippet` carry the places that matched."""

    article_id: str
    version: int
    team: TeamId
    owner: AuthorityId
    title: Marked
    title_en: str
    answer: str
    snippet: Marked
    score: int
    validity: Validity


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """`total` counts the ranked candidates; `more` says that there were too many to rank all.
    `teams` and `owners` count the candidates before these two filters narrow them."""

    hits: tuple[Hit, ...]
    total: int
    more: bool
    teams: dict[TeamId, int]
    owners: dict[AuthorityId, int]
    next_cursor: str | None


NOTHING = SearchResult(hits=(), total=0, more=False, teams={}, owners={}, next_cursor=None)


class Knowledge:
    """Reads need no lock: whatever changes is in the store, one transaction each."""

    def __init__(
        self,
        *,
        store: ArticleStore,
        index: SearchIndex,
        tools: ChineseTools,
        clock: Clock,
        ids: IdSource,
        bus: EventBus,
    ) -> None:
        self._store = store
        self._index = index
        self._tools = tools
        self._clock = clock
        self._ids = ids
        self._bus = bus
        self._folding = Folding(tools.simplify)
        self._zone = ZoneInfo(CITY_ZONE_NAME)

    # --- finding ---------------------------------------------------------------------------

    async def search(
        self,
        query: str,
        team: TeamId | None = None,
        limit: int = 20,
        cursor: str | None = None,
        *,
        owner: AuthorityId | None = None,
        own_team: TeamId | None = None,
    ) -> SearchResult:
        """Best first. Input without a letter or digit finds nothing. `team` and `owner` narrow the
        result; `own_team` only moves that team's articles up.

        Raises:
            BadInput: the cursor was not made here.
        """
        wanted = parse(query, self._folding, self._tools.cut)
        if wanted.empty:
            return NOTHING
        ranked = await self._ranked(wanted, None, own_team)
        teams = Counter(r.document.team for r in ranked)
        more = len(ranked) >= WINDOW
        if team is not None and more:
            # The window was full before the filter: fill it again with this team's articles.
            ranked = await self._ranked(wanted, team, own_team)
            more = len(ranked) >= WINDOW
        if team is not None:
            ranked = [r for r in ranked if r.document.team == team]
        owners = Counter(r.document.owner for r in ranked)
        if owner is not None:
            ranked = [r for r in ranked if r.document.owner == owner]
        page, next_cursor = _page(ranked, cursor, max(1, min(limit, MAX_LIMIT)))
        return SearchResult(
            hits=tuple(self._hit(r, wanted) for r in page),
            total=len(ranked),
            more=more,
            teams=dict(teams),
            owners=dict(owners),
            next_cursor=next_cursor,
        )

    async def suggest(self, text: str, team: TeamId | None = None, limit: int = 5) -> list[Hit]:
        """The articles most likely to answer what is being typed; `team` is preferred, not
        demanded. Only articles that are valid today."""
        wanted = parse(text, self._folding, self._tools.cut)
        if wanted.empty:
            return []
        ranked = await self._ranked(wanted, None, team)
        current = [r for r in ranked if r.validity is Validity.CURRENT]
        return [self._hit(r, wanted) for r in current[: max(1, min(limit, MAX_LIMIT))]]

    async def _ranked(
        self, wanted: Query, team: TeamId | None, own_team: TeamId | None = None
    ) -> list[Ranked]:
        found = await self._collect(strict_tiers(wanted), {}, team)
        frequencies: dict[str, int] = {}
        total = 1
        if len(wanted.terms) > 1:  # one term alone is weighed against no other
            frequencies = await self._index.frequencies(wanted.terms, FREQUENCY_CAP)
            total = await self._index.size()
            if len(found) < LOOSE_BELOW:
                await self._collect(loose_tiers(wanted, frequencies, WINDOW), found, team)
        return rank(
            list(found.values()),
            wanted,
            frequencies,
            total,
            folding=self._folding,
            today=self._today(),
            own_team=own_team,
        )

    async def _collect(
        self,
        tiers: Sequence[Expression],
        found: dict[str, Document],
        team: TeamId | None,
    ) -> dict[str, Document]:
        """Fill `found` up to the window, tier by tier; each tier is asked only if there is room."""
        for tier in tiers:
            if len(found) >= WINDOW:
                break
            for document in await self._index.find(tier, WINDOW, team):
                if len(found) < WINDOW:
                    found.setdefault(document.article_id, document)
        return found

    def _hit(self, ranked: Ranked, wanted: Query) -> Hit:
        document = ranked.document
        terms = wanted.terms
        return Hit(
            article_id=document.article_id,
            version=document.version,
            team=document.team,
            owner=document.owner,
            title=mark(document.title, terms, self._folding),
            title_en=document.title_en,
            answer=document.answer,
            snippet=snippet(f"{document.answer} {document.body}", terms, self._folding),
            score=ranked.score,
            validity=ranked.validity,
        )

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    # --- reading ---------------------------------------------------------------------------

    async def article(self, article_id: str) -> Article:
        """Raises NotFound."""
        found = await self._store.article(article_id)
        if found is None:
            raise NotFound("没有这条知识")
        return found

    def validity_of(self, article: Article) -> Validity:
        content = article.content
        return validity(content.valid_from, content.valid_to, self._today())

    async def versions(self, article_id: str) -> list[Version]:
        return await self._store.versions(article_id)

    async def browse(
        self,
        team: TeamId | None,
        owner: AuthorityId | None,
        cursor: str | None = None,
        size: int = 50,
    ) -> Page[Summary]:
        """Published articles by id."""
        return await self._store.summaries(team, owner, cursor, size)

    async def counts(self) -> tuple[dict[TeamId, int], dict[AuthorityId, int]]:
        """Published articles by team and by owner."""
        return await self._store.counts()

    async def flags(self, article_id: str) -> list[Flag]:
        return await self._store.flags(article_id)

    async def use_count(self, article_id: str) -> int:
        """How often it was read out or used to answer a case."""
        return await self._store.use_count(article_id)

    # --- what happened ---------------------------------------------------------------------

    async def record_open(
        self, article_id: str, call_id: CallId | None, account: str, agent_id: AgentId | None = None
    ) -> None:
        """Somebody opened the article, perhaps in a call. Raises NotFound."""
        await self._record(article_id, call_id, account, UseKind.OPENED)
        self._bus.publish(
            ArticleOpened(
                event_id=EventId(self._ids.new()),
                occurred_at=self._clock.now(),
                call_id=call_id,
                article_id=article_id,
                agent_id=agent_id,
            )
        )

    async def record_use(
        self, article_id: str, call_id: CallId | None, agent_id: AgentId | str
    ) -> None:
        """The article was read out or answered a case; told twice, it counts once a call.

        Raises NotFound.
        """
        await self._record(article_id, call_id, agent_id, UseKind.USED)

    async def on_case_filed(self, event: CaseFiled) -> None:
        """Subscriber: a case answered with an article is a use of it."""
        if event.article_id is not None and event.agent_id is not None:
            await self.record_use(event.article_id, event.call_id, event.agent_id)

    async def _record(
        self, article_id: str, call_id: CallId | None, account: str, kind: UseKind
    ) -> None:
        article = await self.article(article_id)
        await self._store.add_use(
            Use(
                id=self._ids.new(),
                article_id=article_id,
                version=article.version,
                kind=kind,
                call_id=call_id,
                account=account,
                at=self._clock.now(),
            )
        )

    async def flag(self, article_id: str, kind: FlagKind, note: str, account: str) -> None:
        """Report the article as outdated or wrong; it stays published, marked as questioned.

        Raises:
            NotFound: no such article.
            BadInput: the note is empty or longer than NOTE_LIMIT.
        """
        note = note.strip()
        if not note:
            raise BadInput("请说明哪里过期或有误", "note")
        if len(note) > NOTE_LIMIT:
            raise BadInput("说明不能超过 500 字", "note")
        article = await self.article(article_id)
        await self._store.add_flag(
            Flag(
                id=self._ids.new(),
                article_id=article_id,
                version=article.version,
                kind=kind,
                note=note,
                account=account,
                at=self._clock.now(),
            )
        )

    async def record_zero_result(self, query: str, team: TeamId | None, account: str) -> None:
        """A submitted question that found nothing; blank input is not a question."""
        readable = query.encode("utf-8", "replace").decode().replace("\x00", " ")
        words = " ".join(readable[:QUERY_LIMIT].split())[:200]
        if words:
            at = self._clock.now()
            await self._store.add_zero_result(
                ZeroResult(id=self._ids.new(), query=words, team=team, account=account, at=at)
            )


def _page(ranked: list[Ranked], cursor: str | None, limit: int) -> tuple[list[Ranked], str | None]:
    """The next `limit` after the cursor's hit, which is named by its key, not by its place."""
    if cursor:
        key = decode_cursor(cursor)
        if len(key) != 3 or not all(isinstance(part, int) for part in key[:2]):
            raise BadInput("翻页位置无效", "cursor")
        last = cast("tuple[int, int, str]", key)
        ranked = [r for r in ranked if _key(r) > last]
    page = ranked[:limit]
    return page, encode_cursor(_key(page[-1])) if len(ranked) > limit else None


def _key(ranked: Ranked) -> tuple[int, int, str]:
    stale = int(ranked.validity is not Validity.CURRENT)
    return (stale, -ranked.score, ranked.document.article_id)
