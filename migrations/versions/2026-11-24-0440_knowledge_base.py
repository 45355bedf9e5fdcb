"""Tables of the department knowledge_base."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.infra.database import UtcDateTime

revision = "0440_knowledge_base"
down_revision = "0430_workorders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kb_articles",
        sa.Column("id", sa.String(20), nullable=False),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_kb_articles"),
    )
    op.create_index("ix_kb_articles_team", "kb_articles", ["state", "team", "id"])
    op.create_index("ix_kb_articles_owner", "kb_articles", ["state", "owner", "id"])
    _create_versions()
    _create_search()
    _create_traces()


def _create_versions() -> None:
    op.create_table(
        "kb_versions",
        sa.Column("article_id", sa.String(20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("answer", sa.String(400), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("category", sa.String(64), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("title_en", sa.String(200), nullable=False),
        sa.Column("summary_en", sa.Text(), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["kb_articles.id"], name="fk_kb_versions_article_id_kb_articles"
        ),
        sa.PrimaryKeyConstraint("article_id", "number", name="pk_kb_versions"),
    )


def _create_search() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "kb_search",
        sa.Column("docid", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("article_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("questions", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("pinyin", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("heads", sa.Text() if sqlite else postgresql.TSVECTOR(), nullable=True),
        sa.Column("tokens", sa.Text() if sqlite else postgresql.TSVECTOR(), nullable=True),
        sa.PrimaryKeyConstraint("docid", name="pk_kb_search"),
        sa.UniqueConstraint("article_id", name="uq_kb_search_article_id"),
    )
    if sqlite:
        op.execute(
            "CREATE VIRTUAL TABLE kb_fts USING fts5(title, questions, tags, body, pinyin,"
            " tokenize = 'ascii', columnsize = 0)"
        )
        op.execute(
            "CREATE VIRTUAL TABLE kb_fts_heads USING fts5(title, questions, tags, pinyin,"
            " tokenize = 'ascii', columnsize = 0)"
        )
    for column in ("heads", "tokens"):
        op.create_index(
            f"ix_kb_search_{column}",
            "kb_search",
            [column],
            postgresql_using="gin",
            sqlite_where=sa.text(f"{column} IS NOT NULL"),
        )


def _create_traces() -> None:
    op.create_table(
        "kb_uses",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("article_id", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=True),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["kb_articles.id"], name="fk_kb_uses_article_id_kb_articles"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_kb_uses"),
        sa.UniqueConstraint(
            "call_id",
            "article_id",
            "kind",
            "account",
            name="uq_kb_uses_call_id_article_id_kind_account",
        ),
    )
    op.create_index("ix_kb_uses_article", "kb_uses", ["article_id", "kind", "at"])
    op.create_table(
        "kb_flags",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("article_id", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["kb_articles.id"], name="fk_kb_flags_article_id_kb_articles"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_kb_flags"),
    )
    op.create_index("ix_kb_flags_article", "kb_flags", ["article_id", "version", "at"])
    op.create_table(
        "kb_zero_results",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("query", sa.String(200), nullable=False),
        sa.Column("team", sa.String(32), nullable=True),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_kb_zero_results"),
    )
    op.create_index("ix_kb_zero_results_at", "kb_zero_results", ["at", "id"])


def downgrade() -> None:
    for table in ("kb_zero_results", "kb_flags", "kb_uses"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE kb_fts_heads")
        op.execute("DROP TABLE kb_fts")
    for table in ("kb_search", "kb_versions", "kb_articles"):
        op.drop_table(table)
