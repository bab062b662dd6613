"""How often a source gets new posts, as its crawls have shown.

Revision 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; every source learns anew."""
    op.add_column("source_state", sa.Column("rhythm", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """What was learnt is forgotten."""
    with op.batch_alter_table("source_state") as table:
        table.drop_column("rhythm")
