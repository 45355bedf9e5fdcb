"""Import of the reviewed article files: idempotent, one transaction."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kernel.clock import Clock
from kernel.ids import AuthorityId
from kernel.infra.clock import SystemClock
from kernel.infra.database import Database
from knowledge_base.adapters.article_files import ArticleFile, known_ids, load_articles
from knowledge_base.adapters.chinese import library_chinese
from knowledge_base.adapters.search_index import SqlSearchIndex
from knowledge_base.adapters.store import IMPORTED, SqlArticleStore


def read_files(config_dir: Path) -> list[ArticleFile]:
    """The articles under `config_dir/knowledge`, checked against authorities and categories.

    Raises ConfigurationError naming file and line.
    """
    authorities = known_ids(config_dir / "authorities.yaml", "authorities")
    catalogue = config_dir / "categories.yaml"
    return load_articles(
        config_dir / "knowledge",
        authorities=frozenset(AuthorityId(a) for a in authorities),
        categories=known_ids(catalogue, "categories") if catalogue.exists() else None,
    )


async def seed(database: Database, config_dir: Path, clock: Clock | None = None) -> int:
    """Publish what is new or changed in the files; an article that left the files is retired.

    Returns how many articles were published; 0 when the database is already up to date.
    """
    files = await asyncio.to_thread(read_files, config_dir)
    now = (clock or SystemClock()).now()
    store = SqlArticleStore(database, SqlSearchIndex(database, library_chinese()))
    published = await store.publish({f.article_id: f.content for f in files}, IMPORTED, now)
    left = set(await store.published_ids()) - {f.article_id for f in files}
    if left:
        await store.retire(sorted(left), now)
    return published


async def count_published(database: Database) -> int:
    """How many articles can be found and read now."""
    store = SqlArticleStore(database, SqlSearchIndex(database, library_chinese()))
    return len(await store.published_ids())
