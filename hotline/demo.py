"""Fill the database with the demo city: each department's own part in turn."""

from __future__ import annotations

from collections.abc import Callable

from directory.adapters import demo_city
from hotline.migrate import in_one_sentence
from hotline.secrets import demo_password
from hotline.settings import Settings
from kernel.infra.clock import SystemClock
from kernel.infra.database import Database
from knowledge_base.adapters import demo as demo_knowledge
from workorders.adapters import demo_cases

Report = Callable[[str, int, int], None]


async def seed_city(settings: Settings, report: Report) -> dict[str, int]:
    """Idempotent. Returns what there is now, by name."""
    database = Database(settings.database)
    clock = SystemClock()
    try:
        with in_one_sentence():
            city = await demo_city.seed(
                database, demo_password(settings), report, clock=clock, config=settings.config_dir
            )
            await demo_knowledge.seed(database, settings.config_dir)
            articles = await demo_knowledge.count_published(database)
            cases = await demo_cases.seed(database, settings.config_dir, now=clock.now())
    finally:
        await database.close()
    return {
        "teams": len(city.teams),
        "booths": len(city.booths),
        "operators": len(city.operators),
        "administrators": len(city.administrators),
        "authorities": len(city.authorities),
        "lines": len(city.lines),
        "articles": articles,
        "cases": cases,
    }
