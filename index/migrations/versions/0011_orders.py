"""Orders: terms, parties with service, block checks.

Revision 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables."""
    op.create_table(
        "court_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case", sa.Integer(), nullable=False),
        sa.Column("court", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("decided", sa.DateTime(timezone=True), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("names", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("runs_from", sa.String(length=20), nullable=False),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("entered", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_court_order_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_court_order")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_court_order_case"), "court_order", ["case"], unique=False)
    op.create_table(
        "order_party",
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("served", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["court_order.id"], name=op.f("fk_order_party_order")),
        sa.PrimaryKeyConstraint("order", "name", name=op.f("pk_order_party")),
    )
    op.create_table(
        "block_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("party", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolver", sa.String(length=100), nullable=False),
        sa.Column("control", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("how", sa.String(length=200), nullable=False),
        sa.Column("answers", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["court_order.id"], name=op.f("fk_block_check_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_check")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_block_check_order"), "block_check", ["order"], unique=False)


def downgrade() -> None:
    """Orders are forgotten; their entries in the custody log stay."""
    for name in ("block_check", "order_party", "court_order"):
        op.drop_table(name)
