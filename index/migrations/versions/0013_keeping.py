"""Keeping and deleting: holds, certificates, the clock of article 33, pairs of cases; and the
custody log refuses change on PostgreSQL as it does on SQLite.

Revision 0013, after 0012.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add four tables, when an original was deleted, and PostgreSQL's guards."""
    op.add_column("capture", sa.Column("original_deleted", TIME, nullable=True))
    _table(
        "legal_hold",
        _case("legal_hold"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed", TIME, nullable=False),
        sa.Column("placed_by", sa.String(length=100), nullable=False),
        sa.Column("released", TIME, nullable=True),
        sa.Column("released_by", sa.String(length=100), nullable=False),
    )
    _table(
        "deletion_certificate",
        sa.Column("at", TIME, nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("deletions", sa.Integer(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
    )
    _table(
        "breach_clock",
        _case("breach_clock"),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("aware", TIME, nullable=False),
        sa.Column("started", TIME, nullable=False),
        sa.Column("started_by", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("notified_as", sa.String(length=100), nullable=False),
        sa.Column("reported", TIME, nullable=True),
        sa.Column("reported_by", sa.String(length=100), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("late_because", sa.Text(), nullable=False),
    )
    op.create_index(op.f("ix_legal_hold_case"), "legal_hold", ["case"], unique=False)
    op.create_index(op.f("ix_breach_clock_case"), "breach_clock", ["case"], unique=False)
    op.create_table(
        "case_pair",
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("second", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("grounds", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["first"], ["case_file.id"], name=op.f("fk_case_pair_first")),
        sa.ForeignKeyConstraint(["second"], ["case_file.id"], name=op.f("fk_case_pair_second")),
        sa.PrimaryKeyConstraint("first", "second", name=op.f("pk_case_pair")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _append_only()


def downgrade() -> None:
    """Holds, certificates, clocks and decisions are forgotten; their entries in the log stay."""
    if op.get_bind().dialect.name == "postgresql":
        for name in ("act_stays", "act_keeps", "act_is_not_emptied"):
            op.execute(f"DROP TRIGGER {name} ON act")
        op.execute("DROP FUNCTION vigie_append_only()")
    for name in ("case_pair", "breach_clock", "deletion_certificate", "legal_hold"):
        op.drop_table(name)
    op.drop_column("capture", "original_deleted")


def _append_only() -> None:
    """As revision 0003 does for SQLite. TRUNCATE needs a trigger of its own; a statement that
    touches no row refuses nothing."""
    op.execute(
        "CREATE FUNCTION vigie_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'the custody log is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER act_stays BEFORE DELETE ON act "
        "FOR EACH ROW EXECUTE FUNCTION vigie_append_only()"
    )
    op.execute(
        "CREATE TRIGGER act_keeps BEFORE UPDATE ON act FOR EACH ROW WHEN (NEW.erased IS NULL "
        "OR NEW.seq <> OLD.seq OR NEW.digest <> OLD.digest OR NEW.link <> OLD.link) "
        "EXECUTE FUNCTION vigie_append_only()"
    )
    op.execute(
        "CREATE TRIGGER act_is_not_emptied BEFORE TRUNCATE ON act "
        "FOR EACH STATEMENT EXECUTE FUNCTION vigie_append_only()"
    )


def _case(table: str) -> sa.Column[int]:
    foreign = sa.ForeignKey("case_file.id", name=op.f(f"fk_{table}_case"))
    return sa.Column("case", sa.Integer(), foreign, nullable=False)


def _table(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sqlite_autoincrement=True,
    )
