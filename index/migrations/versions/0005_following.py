"""Links in posts: those that wait with their path, those not followed, approved hosts. Requests
counted by day.

Revision 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables and two columns."""
    op.add_column(
        "source_state",
        sa.Column(
            "approved_hosts", sa.JSON(none_as_null=True), server_default="[]", nullable=False
        ),
    )
    op.add_column("pending", sa.Column("sealed_path", sa.LargeBinary(), nullable=True))
    op.create_table(
        "unfollowed_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("location_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("host", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("shown", sa.String(length=2000), nullable=False),
        sa.Column("path", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("sealed_address", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_path", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unfollowed_link")),
        sa.UniqueConstraint(
            "source", "location_key", name=op.f("uq_unfollowed_link_source_location_key")
        ),
    )
    op.create_index(op.f("ix_unfollowed_link_host"), "unfollowed_link", ["host"], unique=False)
    op.create_table(
        "request_count",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("host", sa.String(length=300), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "source", "host", name=op.f("pk_request_count")),
    )


def downgrade() -> None:
    """Links that were not followed are forgotten."""
    op.drop_table("request_count")
    op.drop_index(op.f("ix_unfollowed_link_host"), table_name="unfollowed_link")
    op.drop_table("unfollowed_link")
    with op.batch_alter_table("pending") as table:
        table.drop_column("sealed_path")
    with op.batch_alter_table("source_state") as table:
        table.drop_column("approved_hosts")
