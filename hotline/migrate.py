"""Bring the database to the newest revision of the chain."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from hotline.settings import ROOT, Settings
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


async def migrate(database: Database) -> None:
    """Idempotent. Each revision is one transaction."""
    async with database.connection() as connection:
        await connection.run_sync(upgrade)


async def migrate_settings(settings: Settings) -> None:
    """The same for the database that the settings name; makes SQLite's folder."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    try:
        await migrate(database)
    finally:
        await database.close()
