"""Tables of the department directory."""

from __future__ import annotations

revision = "0400_directory"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
