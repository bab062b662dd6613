"""Requests: what a case claims, who was asked, what came back.

Revision 0010, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add four tables."""
    op.create_table(
        "case_claim",
        sa.Column("case", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("claimant", sa.String(length=300), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("harm", sa.Text(), nullable=False),
        sa.Column("mandate", sa.Text(), nullable=False),
        sa.Column("without_notice", sa.Text(), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_case_claim_case")),
        sa.PrimaryKeyConstraint("case", name=op.f("pk_case_claim")),
    )
    _request()
    op.create_table(
        "request_target",
        sa.Column("request", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("addressee", sa.String(length=330), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"], ["request.id"], name=op.f("fk_request_target_request")
        ),
        sa.PrimaryKeyConstraint("request", "address", name=op.f("pk_request_target")),
        sa.UniqueConstraint(
            "address", "addressee", "turn", name=op.f("uq_request_target_address_addressee_turn")
        ),
    )
    op.create_table(
        "request_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_by", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"], ["request.id"], name=op.f("fk_request_answer_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_answer")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_request_answer_request"), "request_answer", ["request"], unique=False)


def _request() -> None:
    texts = {"kind": 20, "addressee": 20, "name": 300, "contact": 300, "contact_from": 500,
             "language": 5, "subject": 300, "sha256": 64, "state": 20, "created_by": 100,
             "approved_by": 100, "sent_by": 100, "sent_how": 20, "sent_sha256": 64,
             "receipt": 500}  # fmt: skip
    op.create_table(
        "request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=True),
        sa.Column("addresses", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("missing", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_within_s", sa.Integer(), nullable=False),
        sa.Column("approved", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        *(sa.Column(name, sa.String(length=size), nullable=False) for name, size in texts.items()),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_request_case")),
        sa.ForeignKeyConstraint(["first"], ["request.id"], name=op.f("fk_request_first")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_request_case"), "request", ["case"], unique=False)
    op.create_index(op.f("ix_request_state"), "request", ["state"], unique=False)


def downgrade() -> None:
    """Requests are forgotten; their entries in the custody log stay."""
    for name in ("request_answer", "request_target", "request", "case_claim"):
        op.drop_table(name)
