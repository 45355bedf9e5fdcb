"""Tables of the department acd."""

from __future__ import annotations

revision = "0420_acd"
down_revision = "0410_cti"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
