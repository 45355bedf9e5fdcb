"""Remembers the language of each number: answers from memory, stores in the background."""

from __future__ import annotations

import asyncio

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ivr.adapters.tables import CallerLanguageRow
from kernel.clock import Clock
from kernel.infra.database import Database
from kernel.infra.log import get
from kernel.language import Language
from kernel.phone import PhoneNumber, mask

log = get("ivr.memory")
KEPT_IN_MEMORY = 200_000
"""Latest choosers held in memory (about 30 MB); an older number is asked again."""
_WAITING_LIMIT = 10_000


class TableCallerMemory:
    """Fills `ivr.ports.CallerMemory` from the table `caller_languages`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[str, Language] = {}
        self._to_store: asyncio.Queue[tuple[str, Language]] = asyncio.Queue(_WAITING_LIMIT)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to load and to store in the background; the line opens without waiting."""
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._load(), name="caller-languages-load"),
            loop.create_task(self._store(), name="caller-languages-store"),
        ]

    async def stop(self) -> None:
        """Store what is waiting, then stop."""
        if not self._tasks:
            return
        store = self._tasks[1]
        if not store.done():
            await self._to_store.join()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def loaded(self) -> None:
        """Return when the stored choices are in memory."""
        if self._tasks:
            await asyncio.wait([self._tasks[0]])

    def language(self, ani: PhoneNumber) -> Language | None:
        return self._known.get(ani.digits)

    def remember(self, ani: PhoneNumber, language: Language) -> None:
        if ani.anonymous:
            return
        self._known[ani.digits] = language
        try:
            self._to_store.put_nowait((ani.digits, language))
        except asyncio.QueueFull:
            log.warning("language_not_stored", ani=mask(ani.digits), reason="queue full")

    async def _load(self) -> None:
        try:
            async with self._database.session() as session:
                rows = await session.execute(
                    select(CallerLanguageRow.ani, CallerLanguageRow.language)
                    .order_by(CallerLanguageRow.chosen_at.desc())
                    .limit(KEPT_IN_MEMORY)
                )
                for ani, language in rows:
                    # A choice made since the start is newer than the stored one.
                    self._known.setdefault(ani, Language(language))
        except (SQLAlchemyError, OSError) as error:
            log.warning("languages_not_loaded", reason=str(error))

    async def _store(self) -> None:
        while True:
            ani, language = await self._to_store.get()
            try:
                async with self._database.session() as session:
                    await session.merge(
                        CallerLanguageRow(
                            ani=ani, language=language.value, chosen_at=self._clock.now()
                        )
                    )
            except (SQLAlchemyError, OSError) as error:
                log.warning("language_not_stored", ani=mask(ani), reason=str(error))
            finally:
                self._to_store.task_done()
