"""Versions are of flows and of the table of intents; who saved a draft, and what it was before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kernel.infra.database import UtcDateTime

revision = "1000_versions"
down_revision = "0815_recording_utterances"
branch_labels = None
depends_on = None

_OLD = (
    "number, digest, body, note, state, revision, created_by, created_at, "
    "published_by, published_at, replaces"
)


def _texts() -> list[sa.Column[str]]:
    return [
        sa.Column("digest", sa.String(12), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "ivr_versions",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        *_texts(),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("saved_by", sa.String(64), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.Column("made_from", sa.Integer(), nullable=True),
        sa.Column("published_by", sa.String(64), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("name", "number", name="pk_ivr_versions"),
    )
    op.execute(
        f"INSERT INTO ivr_versions (name, saved_by, saved_at, {_OLD}) "
        f"SELECT flow, created_by, created_at, {_OLD} FROM ivr_flow_versions"
    )
    op.drop_table("ivr_flow_versions")
    op.create_table(
        "ivr_version_saves",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        *_texts(),
        sa.Column("saved_by", sa.String(64), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", "number", "revision", name="pk_ivr_version_saves"),
    )


def downgrade() -> None:
    op.drop_table("ivr_version_saves")
    op.create_table(
        "ivr_flow_versions",
        sa.Column("flow", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        *_texts(),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("published_by", sa.String(64), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("flow", "number", name="pk_ivr_flow_versions"),
    )
    op.execute(
        f"INSERT INTO ivr_flow_versions (flow, {_OLD}) "
        f"SELECT name, {_OLD} FROM ivr_versions WHERE name IN ('main', 'survey')"
    )
    op.drop_table("ivr_versions")
