"""When an alert's address was first found to hold nothing any more.

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("alert", sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """It is not known any more what is gone."""
    with op.batch_alter_table("alert") as table:
        table.drop_column("gone_at")
