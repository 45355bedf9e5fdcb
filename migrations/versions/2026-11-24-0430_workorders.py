"""Tables of the department workorders."""

from __future__ import annotations

revision = "0430_workorders"
down_revision = "0420_acd"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
