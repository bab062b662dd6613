"""What sites told of pages that are looked at again, and since when a location is as it is.

Revision 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table and a column."""
    op.create_table(
        "page_validator",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("location_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "location_key", name=op.f("pk_page_validator")),
    )
    op.add_column("seen", sa.Column("state_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Every page is fetched in full once more."""
    with op.batch_alter_table("seen") as table:
        table.drop_column("state_since")
    op.drop_table("page_validator")
