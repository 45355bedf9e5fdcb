"""Tables of the department cti."""

from __future__ import annotations

revision = "0410_cti"
down_revision = "0400_directory"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
