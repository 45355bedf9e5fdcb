"""Three published articles and a knowledge base over the fakes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from kernel.ids import AuthorityId, TeamId
from knowledge_base.core.article import Article, ArticleState, Content
from knowledge_base.core.ranking import Document
from knowledge_base.service import Knowledge
from tests.fakes.article_store import DictArticleStore
from tests.fakes.bus import CollectingBus
from tests.fakes.chinese_tools import TinyChinese
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds
from tests.fakes.search_index import ListSearchIndex

BASE = Content(
    title="公积金提取",
    questions=("怎么提取公积金", "点样攞公积金"),
    answer="带身份证办理公积金提取。",
    body="【材料】身份证。",
    tags=("公积金", "提取"),
    basis="《住房公积金管理条例》",
    team=TeamId("urban"),
    owner=AuthorityId("housing-fund"),
    category=None,
    valid_from=date(2026, 1, 1),
    valid_to=None,
    title_en="Withdrawing the housing fund",
    summary_en="Bring your identity card.",
)
WAGES = replace(
    BASE,
    title="拖欠工资",
    questions=("老板不发工资", "老细唔出粮"),
    answer="保留证据，向劳动监察投诉，公积金另行处理。",
    body="工资应按月支付。",
    tags=("工资", "欠薪"),
    team=TeamId("labour"),
    owner=AuthorityId("human-resources"),
)
OLD = replace(
    BASE,
    title="公积金旧办法",
    questions=("旧办法", "旧规定"),
    tags=("旧", "停用"),
    answer="公积金旧办法。",
    valid_to=date(2026, 6, 30),
)
ARTICLES = {"KB-URB-001": BASE, "KB-LAB-001": WAGES, "KB-URB-002": OLD}


class World:
    """`knowledge` over `store`, `index` and `bus`, which the tests read."""

    def __init__(self, articles: dict[str, Content] | None = None) -> None:
        given = ARTICLES if articles is None else articles
        self.tools = TinyChinese(["公积金", "提取", "工资", "拖欠", "身份证", "怎么"])
        self.store = DictArticleStore(
            *(
                Article(id=i, version=1, state=ArticleState.PUBLISHED, content=c, updated_at=NOON)
                for i, c in given.items()
            )
        )
        self.index = ListSearchIndex(self.tools)
        self.index.put(*(document(i, c) for i, c in given.items()))
        self.bus = CollectingBus()
        self.knowledge = Knowledge(
            store=self.store,
            index=self.index,
            tools=self.tools,
            clock=SetClock(),
            ids=CountedIds(),
            bus=self.bus,
        )


def document(article_id: str, content: Content) -> Document:
    return Document(
        article_id=article_id,
        version=1,
        team=content.team,
        owner=content.owner,
        title=content.title,
        title_en=content.title_en,
        questions="\n".join(content.questions),
        tags="\n".join(content.tags),
        answer=content.answer,
        body=content.body,
        pinyin="",
        valid_from=content.valid_from,
        valid_to=content.valid_to,
    )
