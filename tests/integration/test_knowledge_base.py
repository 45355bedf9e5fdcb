"""The knowledge base on real databases: recall against plain substring search, one order on both
databases, hostile queries, plans, import, and the stores' contracts (fake and adapter alike)."""

from __future__ import annotations

import json
import lzma
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from kernel.ids import AuthorityId, CallId, TeamId
from kernel.infra.database import Database
from knowledge_base.adapters.chinese import library_chinese
from knowledge_base.adapters.demo import read_files, seed
from knowledge_base.adapters.search_index import SqlSearchIndex
from knowledge_base.adapters.store import SqlArticleStore, document
from knowledge_base.core.article import Article, ArticleState, Content
from knowledge_base.core.query import (
    AllOf,
    AnyOf,
    Expression,
    Field,
    Phrase,
    containing,
    parse,
    strict_tiers,
    to_fts5,
    to_tsquery,
)
from knowledge_base.core.ranking import Document
from knowledge_base.core.tokens import PINYIN_MARK, Folding, runs
from knowledge_base.ports import ArticleStore, Flag, FlagKind, SearchIndex, Use, UseKind, ZeroResult
from knowledge_base.service import Knowledge
from tests.fakes.article_store import DictArticleStore
from tests.fakes.bus import CollectingBus
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds
from tests.fakes.search_index import ListSearchIndex

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
STATUTES = ROOT.parent / "shared" / "data" / "statutes.jsonl.xz"
TOOLS = library_chinese()
FOLDING = Folding(TOOLS.simplify)
EVERYTHING = 100_000

CIVIC_WORDS = (
    "社保 工资 加班 工伤 公积 积金 提取 退货 退款 快递 外卖 食品 假货 油烟"
    " 噪音 施工 违建 垃圾 单车 电梯 物业 漏水 内涝 井盖 入户 身份 护照 驾驶"
    " 诈骗 养犬 学位 医院 地铁 停水 停电 燃气 低保 结婚 公证 献血"
).split()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


def knowledge_on(database: Database) -> Knowledge:
    index = SqlSearchIndex(database, TOOLS)
    return Knowledge(
        store=SqlArticleStore(database, index),
        index=index,
        tools=TOOLS,
        clock=SetClock(),
        ids=CountedIds(),
        bus=CollectingBus(),
    )


def shipped() -> list[Document]:
    return [document(f.article_id, 1, f.content) for f in read_files(CONFIG)]


def statutes(count: int) -> list[Document]:
    """Every n-th article of the corpus, as documents; skips when it is not on this machine."""
    if not STATUTES.exists():
        pytest.skip(f"the corpus {STATUTES.name} is not beside this project: nothing to compare")
    with lzma.open(STATUTES, "rt", encoding="utf-8") as lines:
        chosen = [line for number, line in enumerate(lines) if number % 28 == 0][:count]
    return [statute(number, json.loads(line)) for number, line in enumerate(chosen)]


def statute(number: int, entry: dict[str, str]) -> Document:
    return Document(
        article_id=f"S{number:06}",
        version=1,
        team=TeamId("general"),
        owner=AuthorityId("justice"),
        title=entry["law"],
        title_en="",
        questions="",
        tags=entry["article"],
        answer="",
        body=entry["text"],
        pinyin="",
        valid_from=date(2026, 1, 1),
        valid_to=None,
    )


def truth(documents: Sequence[Document], word: str) -> set[str]:
    """What `LIKE '%word%'` over the folded fields finds."""
    folded = FOLDING.fold(word)
    return {
        d.article_id
        for d in documents
        if any(
            folded in FOLDING.fold(field)
            for field in (d.title, d.questions, d.tags, f"{d.answer}\n{d.body}")
        )
    }


def words_of(documents: Sequence[Document], length: int, count: int) -> list[str]:
    """Substrings that do occur, taken evenly over the texts."""
    found: dict[str, None] = {}
    for document_ in documents:
        for run in runs(FOLDING.fold(document_.body)):
            if len(run) >= length:
                start = (len(found) * 7) % (len(run) - length + 1)
                found[run[start : start + length]] = None
                break
    step = max(1, len(found) // count)
    return list(found)[::step][:count]


async def fill(database: Database, documents: Sequence[Document]) -> SqlSearchIndex:
    index = SqlSearchIndex(database, TOOLS)
    async with database.connection() as connection:
        await index.put(connection, documents)
    return index


async def ids(index: SearchIndex, query: str) -> list[str]:
    """All candidates of the widest strict tier, in the index's order."""
    tiers = strict_tiers(parse(query, FOLDING, TOOLS.cut))
    return [d.article_id for d in await index.find(tiers[-1], EVERYTHING)] if tiers else []


# --- recall ----------------------------------------------------------------------------------


async def test_two_character_words_find_all_shipped_articles_that_contain_them(
    database: Database,
) -> None:
    documents = shipped()
    index = await fill(database, documents)
    for word in [*CIVIC_WORDS, *words_of(documents, 2, 100)]:
        assert set(await ids(index, word)) == truth(documents, word), word


@pytest.mark.parametrize("length", [1, 3, 5])
async def test_words_of_other_lengths_find_all_shipped_articles_too(
    database: Database, length: int
) -> None:
    documents = shipped()
    index = await fill(database, documents)
    for word in words_of(documents, length, 40):
        assert set(await ids(index, word)) == truth(documents, word), word


async def test_five_thousand_statutes_give_the_same_ids_on_both_databases(
    sqlite_url: str, postgres_url: str
) -> None:
    documents = statutes(5_000)
    assert len(documents) == 5_000
    words = [*CIVIC_WORDS, *words_of(documents, 2, 60), *words_of(documents, 4, 20)]
    async with opened(sqlite_url) as lite, opened(postgres_url) as great:
        on_lite, on_great = await fill(lite, documents), await fill(great, documents)
        for word in words:
            found = await ids(on_lite, word)
            assert found == await ids(on_great, word), word
            assert set(found) == truth(documents, word), word


# --- one order on both databases -------------------------------------------------------------

QUESTIONS = (
    "公积金",
    "gjj",
    "sbk",
    "老板拖欠工资",
    "火锅店油烟扰民",
    "網購七天退貨",
    "想入户广州要咩条件",
    "１２３４５",
    "电",
    "办理 流程 材料",
    "shebaoka",
)


async def test_both_databases_answer_questions_with_the_same_hits_in_the_same_order(
    sqlite_url: str, postgres_url: str
) -> None:
    async with opened(sqlite_url) as lite, opened(postgres_url) as great:
        await seed(lite, CONFIG, SetClock())
        await seed(great, CONFIG, SetClock())
        for question in QUESTIONS:
            first = await knowledge_on(lite).search(question, limit=50)
            second = await knowledge_on(great).search(question, limit=50)
            assert first == second, question
            assert first.hits, question


# A citizen's or operator's words -> the article that answers. None of them is a stored question.
GOLDEN = {
    "火锅店油烟扰民": "KB-URB-002",
    "公司三个月没发工资了": "KB-LAB-001",
    "双倍工资没签合同": "KB-LAB-004",
    "被炒鱿鱼有没有补偿": "KB-LAB-005",
    "上班路上被车撞算工伤吗": "KB-LAB-009",
    "失业了能领多少个月的钱": "KB-LAB-011",
    "老家的社保转到广州": "KB-LAB-016",
    "社保卡不见了要挂失": "KB-LAB-017",
    "回老家住院报销要备案吗": "KB-LAB-018",
    "生孩子的生育津贴": "KB-LAB-022",
    "包工头不给农民工钱": "KB-LAB-026",
    "淘宝买的鞋子七天内想退": "KB-CON-001",
    "健身房倒闭会员卡余额": "KB-CON-003",
    "外卖吃出头发": "KB-CON-005",
    "快递弄丢了运单号": "KB-CON-006",
    "小孩用我手机给主播打赏": "KB-CON-017",
    "电梯困人了": "KB-CON-021",
    "饭店不肯给发票": "KB-CON-024",
    "半夜工地打桩吵得睡不着": "KB-URB-001",
    "跳广场舞音响太大声": "KB-URB-003",
    "共享单车堵住地铁口": "KB-URB-009",
    "旧楼装电梯一楼反对": "KB-URB-010",
    "楼上厕所漏水": "KB-URB-014",
    "有人从楼上扔烟头高空抛物": "KB-URB-015",
    "马路井盖没了": "KB-URB-016",
    "公积金怎么取出来租房": "KB-URB-020",
    "公积金异地转入只跑一次": "KB-URB-021",
    "泥头车撒漏": "KB-URB-025",
    "刚出生的宝宝上户口": "KB-SEC-001",
    "广州积分入户条件": "KB-SEC-002",
    "身份证丢失补办": "KB-SEC-005",
    "居住证快到期要签注": "KB-SEC-007",
    "去香港的通行证签注": "KB-SEC-011",
    "外国人住朋友家登记": "KB-SEC-012",
    "开无犯罪记录证明": "KB-SEC-013",
    "违停罚单想申诉": "KB-SEC-014",
    "接到诈骗电话转了账": "KB-SEC-019",
    "邻居家的狗一直叫": "KB-SEC-020",
    "老人走失了": "KB-SEC-021",
    "电动车在楼道充电": "KB-SEC-023",
    "我投诉的工单到哪了": "KB-GEN-001",
    "非户籍小孩积分入学": "KB-GEN-004",
    "老师打学生": "KB-GEN-005",
    "手机落在地铁上": "KB-GEN-008",
    "网约车司机绕路": "KB-GEN-009",
    "家里停水了": "KB-GEN-010",
    "闻到煤气味": "KB-GEN-012",
    "怎么申请低保": "KB-GEN-013",
    "离婚冷静期": "KB-GEN-014",
    "台风天要不要上学": "KB-GEN-023",
}


async def test_citizens_own_words_find_the_right_article_among_the_first_three(
    sqlite_url: str,
) -> None:
    async with opened(sqlite_url) as database:
        await seed(database, CONFIG, SetClock())
        knowledge = knowledge_on(database)
        missed = {}
        first = 0
        for question, wanted in GOLDEN.items():
            found = [h.article_id for h in await knowledge.suggest(question, limit=3)]
            first += found[:1] == [wanted]
            if wanted not in found:
                missed[question] = (wanted, found)
        assert missed == {}
        assert first >= 0.9 * len(GOLDEN)


# --- hostile input ---------------------------------------------------------------------------

HOSTILE = (
    "'",
    '"',
    "''\"\"",
    '工资" OR title : "',
    "工资') | ('公积",
    "NEAR(工资 社保, 2)",
    "工资*",
    "* * *",
    "title:工资",
    "{title body} : 工资",
    "工资 AND NOT 社保",
    "-工资 ^社保 +公积",
    "a\x00b",
    "\x00",
    "工资\\",
    ":*",
    "<-> & | !",
    "'; DROP TABLE kb_search; --",
    "工" * 10_000,
    "工 " * 5_000,
    "\ud800",
    "💥🀄",
    "\u202e资工",
    "%_%",
)


@pytest.mark.parametrize("query", HOSTILE, ids=lambda q: repr(q[:12]))
async def test_hostile_queries_are_words_and_never_syntax(sqlite_url: str, query: str) -> None:
    async with opened(sqlite_url) as database:
        await seed(database, CONFIG, SetClock())
        before = await SqlSearchIndex(database, TOOLS).size()
        knowledge = knowledge_on(database)
        await knowledge.search(query)
        await knowledge.suggest(query)
        assert await SqlSearchIndex(database, TOOLS).size() == before


async def test_hostile_queries_are_words_on_postgresql_too(postgres_url: str) -> None:
    async with opened(postgres_url) as database:
        await seed(database, CONFIG, SetClock())
        before = await SqlSearchIndex(database, TOOLS).size()
        for query in HOSTILE:
            await knowledge_on(database).search(query)
            await knowledge_on(database).suggest(query)
        assert await SqlSearchIndex(database, TOOLS).size() == before


async def test_an_operator_in_the_query_is_ignored_and_its_words_are_found(
    sqlite_url: str,
) -> None:
    async with opened(sqlite_url) as database:
        await seed(database, CONFIG, SetClock())
        knowledge = knowledge_on(database)
        plain = await knowledge.search("公积金")
        assert await knowledge.search('"公积金"*') == plain


# --- plans -----------------------------------------------------------------------------------


@pytest.mark.parametrize("team", [None, TeamId("labour")])
async def test_sqlite_searches_by_the_full_text_index(sqlite_url: str, team: TeamId | None) -> None:
    async with opened(sqlite_url) as database:
        index = await fill(database, shipped())
        values = {"match": to_fts5(containing("工资")), "limit": 10, "team": team}
        async with database.connection() as connection:
            rows = await connection.execute(
                text("EXPLAIN QUERY PLAN " + index.find_sql(containing("工资"), team)), values
            )
            plan = [row[3] for row in rows]
        assert plan[0].startswith("SCAN kb_fts VIRTUAL TABLE INDEX")
        assert all("SEARCH kb_search USING INTEGER PRIMARY KEY" in step for step in plan[1:])
        assert not any("TEMP B-TREE" in step for step in plan)


async def test_postgresql_searches_by_the_gin_index(postgres_url: str) -> None:
    async with opened(postgres_url) as database:
        copies = [
            document(f"{f.article_id}-{n}", 1, f.content)
            for n in range(20)
            for f in read_files(CONFIG)
        ]
        index = await fill(database, copies)
        async with database.connection() as connection:
            await connection.execute(text("ANALYZE kb_search"))
            rows = await connection.execute(
                text("EXPLAIN " + index.find_sql(containing("献血"), None)),
                {"match": to_tsquery(containing("献血")), "limit": 10},
            )
            plan = "\n".join(row[0] for row in rows)
        assert "Bitmap Index Scan on ix_kb_search_tokens" in plan
        assert "Seq Scan" not in plan


# --- import ----------------------------------------------------------------------------------


async def test_import_is_idempotent_and_takes_less_than_five_seconds(database: Database) -> None:
    begun = time.perf_counter()
    assert await seed(database, CONFIG, SetClock()) == len(read_files(CONFIG))
    assert await seed(database, CONFIG, SetClock()) == 0
    assert time.perf_counter() - begun < 5


async def test_a_changed_article_becomes_a_new_version_and_its_old_words_are_forgotten(
    database: Database,
) -> None:
    index = SqlSearchIndex(database, TOOLS)
    store = SqlArticleStore(database, index)
    first = content(title="孔雀登记", answer="旧说法：麒麟。")
    await store.publish({"KB-GEN-001": first, "KB-GEN-002": content(title="其他")}, "一", NOON)
    second = content(title="孔雀登记", answer="新说法：凤凰。")
    later = NOON + timedelta(days=1)
    assert await store.publish({"KB-GEN-001": second}, "二", later) == 1
    article = await store.article("KB-GEN-001")
    assert article is not None
    assert (article.version, article.content.answer) == (2, "新说法：凤凰。")
    assert [(v.number, v.state) for v in await store.versions("KB-GEN-001")] == [
        (2, ArticleState.PUBLISHED),
        (1, ArticleState.RETIRED),
    ]
    assert await ids(index, "麒麟") == []
    assert await ids(index, "凤凰") == ["KB-GEN-001"]
    assert await ids(index, "登记") == ["KB-GEN-001"]


async def test_a_retired_article_is_found_no_more_and_its_versions_stay(
    database: Database,
) -> None:
    index = SqlSearchIndex(database, TOOLS)
    store = SqlArticleStore(database, index)
    await store.publish({"KB-GEN-001": content(title="孔雀登记")}, "一", NOON)
    assert await store.retire(["KB-GEN-001"], NOON) == 1
    assert await store.article("KB-GEN-001") is None
    assert await ids(index, "孔雀") == []
    assert [v.state for v in await store.versions("KB-GEN-001")] == [ArticleState.RETIRED]
    assert await store.publish({"KB-GEN-001": content(title="孔雀登记")}, "再", NOON) == 1
    assert await ids(index, "孔雀") == ["KB-GEN-001"]


async def test_an_article_that_left_the_files_is_retired_by_the_next_import(
    database: Database,
) -> None:
    await seed(database, CONFIG, SetClock())
    index = SqlSearchIndex(database, TOOLS)
    store = SqlArticleStore(database, index)
    await store.publish({"KB-GEN-999": content(title="孔雀登记")}, "一", NOON)
    await seed(database, CONFIG, SetClock())
    assert await store.article("KB-GEN-999") is None


# --- contracts: the fake and the adapter ------------------------------------------------------


def content(
    *,
    title: str = "标题",
    answer: str = "答复。",
    team: str = "general",
    owner: str = "justice",
    valid_to: date | None = None,
) -> Content:
    return Content(
        title=title,
        questions=("问一", "问二"),
        answer=answer,
        body="正文。",
        tags=("甲乙", "丙丁"),
        basis="《某法》",
        team=TeamId(team),
        owner=AuthorityId(owner),
        category=None,
        valid_from=date(2026, 1, 1),
        valid_to=valid_to,
        title_en="Title",
        summary_en="Summary",
    )


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
