"""Alembic's environment: runs the chain on the database that `hotline migrate` names."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from hotline.tables import metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
