"""How long a search of two characters takes on 144,619 articles of Chinese law (SQLite).

    python -m bench.search [--articles N] [--keep FILE]

Fills a database with the corpus beside the project (`../shared/data/statutes.jsonl.xz`), searches
200 two-character words and 40 sentences through the service, prints a table and exits 1 when a bar
is missed. `--keep` names a database file that is filled once and used again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import lzma
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path

from hotline.migrate import migrate
from kernel.ids import AuthorityId, TeamId
from kernel.infra.bus import LocalBus
from kernel.infra.clock import SystemClock, UuidSource
from kernel.infra.database import Database
from knowledge_base.adapters.chinese import library_chinese
from knowledge_base.adapters.search_index import SqlSearchIndex
from knowledge_base.adapters.store import SqlArticleStore
from knowledge_base.core.ranking import Document
from knowledge_base.service import Knowledge

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "data" / "statutes.jsonl.xz"
CORPUS_SIZE = 144_619
BATCH = 2_000
BAR_P95_MS = 100.0
CIVIC = (
    "噪音 社保 工资 公积 积金 退货 退款 快递 食品 油烟 施工 违建 垃圾 单车 电梯 物业 漏水 内涝"
    " 井盖 入户 护照 驾驶 诈骗 养犬 学位 医院 地铁 停水 停电 燃气 低保 结婚 公证 献血 规定"
    " 管理 应当 部门 人民 政府 处罚 责任"
).split()
SENTENCES = (
    "火锅店油烟扰民怎么投诉",
    "公司拖欠工资怎么办",
    "网购商品七天无理由退货",
    "夜间施工噪声扰民",
    "养犬登记需要什么条件",
    "职工住房公积金提取条件",
    "电动自行车在楼道充电",
    "餐饮服务业产生油烟的处罚",
)


def documents(limit: int) -> Iterator[Document]:
    with lzma.open(CORPUS, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number >= limit:
                return
            entry = json.loads(line)
            yield Document(
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


async def fill(database: Database, index: SqlSearchIndex, limit: int) -> None:
    batch: list[Document] = []
    done = 0
    begun = time.perf_counter()

    async def write() -> None:
        nonlocal done
        async with database.connection() as connection:
            await index.put(connection, batch)
        done += len(batch)
        batch.clear()
        print(f"\rindexed {done:,} articles", end="", file=sys.stderr, flush=True)

    for document in documents(limit):
        batch.append(document)
        if len(batch) == BATCH:
            await write()
    if batch:
        await write()
    print(f" in {time.perf_counter() - begun:.0f} s", file=sys.stderr)


async def measure(
    ask: Callable[[str], Awaitable[int]], words: list[str]
) -> tuple[list[float], int]:
    """Milliseconds of each question, sorted; and how many found nothing."""
    times, nothing = [], 0
    for word in words:
        begun = time.perf_counter()
        found = await ask(word)
        times.append((time.perf_counter() - begun) * 1000)
        nothing += found == 0
    return sorted(times), nothing


def common_words(limit: int, count: int) -> list[str]:
    """Two neighbouring characters of the corpus, evenly taken, besides the civic words."""
    found: dict[str, None] = dict.fromkeys(CIVIC)
    step = max(1, min(limit, CORPUS_SIZE) // (count * 2))
    for number, document in enumerate(documents(limit)):
        text = document.body
        if number % step == 0 and len(text) > 40:
            word = text[number % 30 : number % 30 + 2]
            if word.isalpha() and not word.isascii():
                found[word] = None
        if len(found) >= count:
            break
    return list(found)


def row(name: str, times: list[float], nothing: int, bar: float | None) -> bool:
    def at(fraction: float) -> float:
        return times[min(len(times) - 1, int(fraction * len(times)))]

    passed = bar is None or at(0.95) <= bar
    wanted = "–" if bar is None else f"≤ {bar:.0f} ms"
    print(
        f"{name:<28} {len(times):>5} {at(0.5):>9.1f} {at(0.95):>9.1f} {times[-1]:>9.1f}"
        f" {nothing:>8} {wanted:>10} {'ok' if passed else 'MISSED':>7}"
    )
    return passed


async def run(path: Path, limit: int) -> bool:
    database = Database(f"sqlite+aiosqlite:///{path}")
    tools = library_chinese()
    index = SqlSearchIndex(database, tools)
    await migrate(database)
    if await index.size() == 0:
        await fill(database, index, limit)
    knowledge = Knowledge(
        store=SqlArticleStore(database, index),
        index=index,
        tools=tools,
        clock=SystemClock(),
        ids=UuidSource(),
        bus=LocalBus(),
    )

    async def search(query: str) -> int:
        return (await knowledge.search(query)).total

    async def suggest(query: str) -> int:
        return len(await knowledge.suggest(query))

    words = common_words(limit, 200)
    await measure(search, words[:20])  # the first questions pay for opening files
    print(f"\n{await index.size():,} articles, {path.stat().st_size / 1e6:.0f} MB, SQLite")
    print(
        f"{'':<28} {'n':>5} {'p50 ms':>9} {'p95 ms':>9} {'max ms':>9} {'nothing':>8}"
        f" {'bar (p95)':>10}"
    )
    passed = row("search, two characters", *await measure(search, words), BAR_P95_MS)
    row("suggest, a sentence", *await measure(suggest, list(SENTENCES) * 5), None)
    await database.close()
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    if not CORPUS.exists():
        print(f"The corpus is not there: ../shared/data/{CORPUS.name}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        path = given.keep or Path(folder) / "statutes.db"
        return 0 if asyncio.run(run(path, given.articles)) else 1


if __name__ == "__main__":
    sys.exit(main())
