"""Tables of the department feedback."""

from __future__ import annotations

revision = "0460_feedback"
down_revision = "0450_recordings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
