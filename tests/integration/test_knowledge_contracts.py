"""The contracts of the knowledge base's stores: the fake and the adapter alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from kernel.ids import AuthorityId, CallId, TeamId
from kernel.infra.database import Database
from knowledge_base.adapters.search_index import SqlSearchIndex
from knowledge_base.adapters.store import SqlArticleStore, document
from knowledge_base.core.article import Article, ArticleState
from knowledge_base.core.query import (
    AllOf,
    AnyOf,
    Expression,
    Field,
    Phrase,
    containing,
)
from knowledge_base.core.tokens import PINYIN_MARK
from knowledge_base.ports import ArticleStore, Flag, FlagKind, SearchIndex, Use, UseKind, ZeroResult
from tests.fakes.article_store import DictArticleStore
from tests.fakes.clock import NOON
from tests.fakes.search_index import ListSearchIndex
from tests.integration.knowledge_texts import (
    TOOLS,
    content,
    fill,
    opened,
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


ARTICLES = {
    "KB-GEN-001": content(title="孔雀登记"),
    "KB-GEN-002": content(title="公积金提取", answer="提取公积金，带身份证。"),
    "KB-LAB-001": content(title="工资", team="labour", owner="human-resources"),
}


@asynccontextmanager
async def fake_store() -> AsyncIterator[ArticleStore]:
    yield DictArticleStore(
        *(
            Article(id=i, version=1, state=ArticleState.PUBLISHED, content=c, updated_at=NOON)
            for i, c in ARTICLES.items()
        )
    )


@pytest.fixture(params=["fake", "sqlite", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[ArticleStore]:
    if request.param == "fake":
        async with fake_store() as made:
            yield made
        return
    async with opened(request.getfixturevalue(f"{request.param}_url")) as database:
        real = SqlArticleStore(database, SqlSearchIndex(database, TOOLS))
        await real.publish(ARTICLES, "一", NOON)
        yield real


async def test_store_gives_an_article_as_it_was_published(store: ArticleStore) -> None:
    article = await store.article("KB-LAB-001")
    assert article is not None
    assert article.content == ARTICLES["KB-LAB-001"]
    assert (article.version, article.updated_at) == (1, NOON)
    assert await store.article("KB-LAB-999") is None


async def test_store_lists_summaries_by_id_page_by_page(store: ArticleStore) -> None:
    first = await store.summaries(None, None, None, 2)
    assert [s.article_id for s in first.rows] == ["KB-GEN-001", "KB-GEN-002"]
    rest = await store.summaries(None, None, first.next_cursor, 2)
    assert [s.article_id for s in rest.rows] == ["KB-LAB-001"]
    assert rest.next_cursor is None
    labour = await store.summaries(TeamId("labour"), None, None, 9)
    assert [s.title for s in labour.rows] == ["工资"]
    justice = await store.summaries(None, AuthorityId("justice"), None, 9)
    assert len(justice.rows) == 2


async def test_store_counts_articles_by_team_and_owner(store: ArticleStore) -> None:
    teams, owners = await store.counts()
    assert teams == {"general": 2, "labour": 1}
    assert owners == {"justice": 2, "human-resources": 1}


def use(number: int, *, call: str | None, kind: UseKind = UseKind.USED) -> Use:
    return Use(
        id=f"u{number}",
        article_id="KB-GEN-002",
        version=1,
        kind=kind,
        call_id=CallId(call) if call else None,
        account="op0001",
        at=NOON,
    )


async def test_store_counts_a_use_once_in_a_call_and_each_time_outside(
    store: ArticleStore,
) -> None:
    await store.add_use(use(1, call="gz1-1-1"))
    await store.add_use(use(2, call="gz1-1-1"))
    await store.add_use(use(3, call="gz1-1-1", kind=UseKind.OPENED))
    await store.add_use(use(4, call=None))
    await store.add_use(use(5, call=None))
    assert await store.use_count("KB-GEN-002") == 3
    assert await store.use_count("KB-GEN-001") == 0


async def test_store_gives_the_reports_on_the_present_version_newest_first(
    store: ArticleStore,
) -> None:
    for number, version in enumerate((1, 1, 7)):
        await store.add_flag(
            Flag(
                id=f"f{number}",
                article_id="KB-GEN-002",
                version=version,
                kind=FlagKind.WRONG,
                note=f"第{number}",
                account="op0001",
                at=NOON + timedelta(minutes=number),
            )
        )
    assert [f.note for f in await store.flags("KB-GEN-002")] == ["第1", "第0"]
    assert await store.flags("KB-GEN-001") == []


async def test_store_keeps_zero_results(database: Database) -> None:
    store = SqlArticleStore(database, SqlSearchIndex(database, TOOLS))
    await store.add_zero_result(
        ZeroResult(id="z1", query="独角兽", team=None, account="op0001", at=NOON)
    )
    async with database.connection() as connection:
        rows = (await connection.execute(text("SELECT query FROM kb_zero_results"))).all()
    assert [row[0] for row in rows] == ["独角兽"]


@pytest.fixture(params=["fake", "sqlite", "postgres"])
async def index(request: pytest.FixtureRequest) -> AsyncIterator[SearchIndex]:
    documents = [document(i, 1, c) for i, c in ARTICLES.items()]
    if request.param == "fake":
        fake = ListSearchIndex(TOOLS)
        fake.put(*documents)
        yield fake
        return
    async with opened(request.getfixturevalue(f"{request.param}_url")) as database:
        yield await fill(database, documents)


TITLE = frozenset({Field.TITLE})
SOUND = frozenset({Field.PINYIN})
EXPRESSIONS: dict[str, tuple[Callable[[], Expression], list[str]]] = {
    "a word anywhere": (lambda: containing("登记"), ["KB-GEN-001"]),
    "a word in the title only": (lambda: containing("身份", TITLE), []),
    "a word in the body": (lambda: containing("身份证"), ["KB-GEN-002"]),
    "one character": (lambda: containing("资"), ["KB-LAB-001"]),
    "a word across two tags": (lambda: containing("乙丙"), []),
    "a word across title and questions": (lambda: containing("记问"), []),
    "all of": (
        lambda: AllOf((containing("提取"), containing("身份"))),
        ["KB-GEN-002"],
    ),
    "any of": (
        lambda: AnyOf((containing("孔雀"), containing("工资"))),
        ["KB-GEN-001", "KB-LAB-001"],
    ),
    "initials": (
        lambda: Phrase((PINYIN_MARK + "gj", PINYIN_MARK + "jj"), SOUND),
        ["KB-GEN-002"],
    ),
    "every document": (lambda: containing("甲乙"), list(ARTICLES)),
}


@pytest.mark.parametrize("case", EXPRESSIONS)
async def test_index_finds_exactly_the_documents_of_an_expression(
    index: SearchIndex, case: str
) -> None:
    make, wanted = EXPRESSIONS[case]
    assert [d.article_id for d in await index.find(make(), 10)] == wanted


async def test_index_keeps_to_team_and_limit(index: SearchIndex) -> None:
    everybody = containing("甲乙")
    assert len(await index.find(everybody, 2)) == 2
    only = await index.find(everybody, 10, TeamId("labour"))
    assert [d.article_id for d in only] == ["KB-LAB-001"]


async def test_index_counts_documents_up_to_the_cap(index: SearchIndex) -> None:
    assert await index.frequencies(["甲乙", "孔雀", "没有"], 2) == {"甲乙": 2, "孔雀": 1, "没有": 0}
    assert await index.frequencies([], 2) == {}
    assert await index.size() == 3
