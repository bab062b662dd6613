"""Evidence of a thread that is below the thresholds post by post.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables, the mark of a thread that is wanted whole, and an index."""
    op.create_table(
        "thread_evidence",
        sa.Column("leak", sa.String(length=200), nullable=False),
        sa.Column("thread_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("post_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("bits", sa.Double(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "leak", "thread_key", "row", "post_key", "field", name=op.f("pk_thread_evidence")
        ),
    )
    op.create_index(op.f("ix_thread_evidence_at"), "thread_evidence", ["at"], unique=False)
    op.create_table(
        "thread_count",
        sa.Column("thread_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("thread_key", name=op.f("pk_thread_count")),
    )
    op.create_index(op.f("ix_thread_count_at"), "thread_count", ["at"], unique=False)
    op.add_column(
        "pending", sa.Column("whole", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_index(op.f("ix_capture_thread_key"), "capture", ["thread_key"], unique=False)


def downgrade() -> None:
    """Back to the first schema; evidence of threads is lost."""
    op.drop_index(op.f("ix_capture_thread_key"), table_name="capture")
    with op.batch_alter_table("pending") as table:
        table.drop_column("whole")
    op.drop_index(op.f("ix_thread_count_at"), table_name="thread_count")
    op.drop_table("thread_count")
    op.drop_index(op.f("ix_thread_evidence_at"), table_name="thread_evidence")
    op.drop_table("thread_evidence")
