"""How a capture's site was reached: directly or through a proxy.

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was captured before was reached directly."""
    op.add_column(
        "capture", sa.Column("via", sa.String(length=20), server_default="", nullable=False)
    )


def downgrade() -> None:
    """The two views are one again."""
    with op.batch_alter_table("capture") as table:
        table.drop_column("via")
