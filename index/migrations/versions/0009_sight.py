"""Knowing that a source is seen: its state and why, canaries, notices; alerts looked at again.

Revision 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables and four columns."""
    for column in (
        sa.Column("sight", sa.String(length=10), server_default="", nullable=False),
        sa.Column("sight_reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("sight_since", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("source_state", column)
    op.add_column(
        "crawl",
        sa.Column("sight", sa.JSON(none_as_null=True), server_default="{}", nullable=False),
    )
    op.create_table(
        "canary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("marker_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("added", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=100), nullable=False),
        sa.Column("limit_s", sa.Double(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canary")),
        sa.UniqueConstraint("source", "marker_key", name=op.f("uq_canary_source_marker_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sight_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sight_notice")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sight_notice_source"), "sight_notice", ["source"], unique=False)
    op.create_table(
        "revisit",
        sa.Column("alert", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("location_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed_address", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_path", sa.LargeBinary(), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_revisit_alert_alert")),
        sa.PrimaryKeyConstraint("alert", name=op.f("pk_revisit")),
    )
    op.create_index("ix_revisit_due", "revisit", ["source", "due"], unique=False)


def downgrade() -> None:
    """It is not known any more whether a source is seen."""
    op.drop_index("ix_revisit_due", table_name="revisit")
    op.drop_table("revisit")
    op.drop_index(op.f("ix_sight_notice_source"), table_name="sight_notice")
    op.drop_table("sight_notice")
    op.drop_table("canary")
    with op.batch_alter_table("crawl") as table:
        table.drop_column("sight")
    with op.batch_alter_table("source_state") as table:
        for column in ("sight_since", "sight_reason", "sight"):
            table.drop_column(column)
