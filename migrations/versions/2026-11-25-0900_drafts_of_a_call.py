"""The drafts of one call are found whosever they are: a colleague goes on where one stopped."""

from __future__ import annotations

from alembic import op

revision = "0480_drafts_of_a_call"
down_revision = "0470_ivr"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_case_drafts_call", "case_drafts", ["call_id", "updated_at"])


def downgrade() -> None:
    op.drop_index("ix_case_drafts_call", table_name="case_drafts")
