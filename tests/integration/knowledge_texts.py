"""Texts and databases for the tests of the knowledge base."""

from __future__ import annotations

import json
import lzma
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from kernel.ids import AuthorityId, TeamId
from kernel.infra.database import Database
from knowledge_base.adapters.chinese import library_chinese
from knowledge_base.adapters.demo import read_files
from knowledge_base.adapters.search_index import SqlSearchIndex
from knowledge_base.adapters.store import SqlArticleStore, document
from knowledge_base.core.article import Content
from knowledge_base.core.query import parse, strict_tiers
from knowledge_base.core.ranking import Document
from knowledge_base.core.tokens import Folding, runs
from knowledge_base.ports import SearchIndex
from knowledge_base.service import Knowledge
from tests.fakes.bus import CollectingBus
from tests.fakes.clock import SetClock
from tests.fakes.ids import CountedIds

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
STATUTES = ROOT.parent / "shared" / "data" / "statutes.jsonl.xz"
TOOLS = library_chinese()
FOLDING = Folding(TOOLS.simplify)
EVERYTHING = 100_000


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


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
