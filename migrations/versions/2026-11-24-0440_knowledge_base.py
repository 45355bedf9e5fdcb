"""Tables of the department knowledge_base."""

from __future__ import annotations

revision = "0440_knowledge_base"
down_revision = "0430_workorders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
