"""Bring the database to the newest revision of the chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from hotline.settings import ROOT, Settings
from kernel.errors import Unavailable
from kernel.infra.database import Database


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the chain up to `revision` on an open connection."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def downgrade(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def is_newest(connection: Connection) -> bool:
    """True when the last revision of the chain has been applied."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


async def migrate(database: Database) -> None:
    """Idempotent. Each revision is one transaction."""
    async with database.connection() as connection:
        await connection.run_sync(upgrade)


async def migrate_settings(settings: Settings) -> None:
    """The same for the database that the settings name; makes SQLite's folder.

    Raises Unavailable, in one sentence, when the database does not answer or refuses.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    try:
        with in_one_sentence():
            await migrate(database)
    finally:
        await database.close()


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Raises Unavailable for a database that does not answer, refuses, or is not ready."""
    try:
        yield
    except (OperationalError, InterfaceError, OSError) as error:
        # Without the statement and the links that follow the driver's own sentence.
        sentence = str(error).partition("\n")[0] or type(error).__name__
        raise Unavailable(f"The database cannot be used: {sentence}") from error
