"""Tables of the department recordings."""

from __future__ import annotations

revision = "0450_recordings"
down_revision = "0440_knowledge_base"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
