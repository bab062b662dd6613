"""The sealed original of a piece of evidence: a picture's, a page's.

Revision 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was gathered before has no original of its own."""
    op.add_column(
        "evidence_item",
        sa.Column("sealed", sa.String(length=300), server_default="", nullable=False),
    )


def downgrade() -> None:
    """The sealed files stay, unnamed."""
    with op.batch_alter_table("evidence_item") as table:
        table.drop_column("sealed")
