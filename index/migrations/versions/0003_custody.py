"""The custody log: acts become a hash chain. Evidence items, time stamps, dossiers.

Revision 0003, after 0002.
"""

from __future__ import annotations

import json
import os
import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from index import chain

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NEW_COLUMNS = ("seq", "salt", "reason_salt", "digest", "link")


def upgrade() -> None:
    """Chain the acts that are there, then refuse any that is not chained."""
    _new_tables()
    # Not by making the table anew: hits hang on its rows.
    for name in ("connection", "commitments"):
        column = sa.Column(name, sa.JSON(none_as_null=True), server_default="{}", nullable=False)
        op.add_column("capture", column)
    op.add_column("act", sa.Column("reason", sa.String(length=1000)))
    op.add_column("act", sa.Column("seq", sa.BigInteger()))
    for name in ("salt", "reason_salt", "digest", "link"):
        op.add_column("act", sa.Column(name, sa.LargeBinary(length=32)))
    op.add_column("act", sa.Column("erased", sa.DateTime(timezone=True)))
    _chain_what_is_there()
    with op.batch_alter_table("act", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("reason", existing_type=sa.String(length=1000), nullable=False)
        for name in NEW_COLUMNS:
            kind = sa.BigInteger() if name == "seq" else sa.LargeBinary(length=32)
            table.alter_column(name, existing_type=kind, nullable=False)
        table.create_unique_constraint(op.f("uq_act_seq"), ["seq"])
    op.create_index(op.f("ix_act_subject"), "act", ["subject"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        _append_only()


def downgrade() -> None:
    """Back to plain acts; the chain, time stamps, items and dossiers are lost."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER act_stays")
        op.execute("DROP TRIGGER act_keeps")
    op.drop_index(op.f("ix_act_subject"), table_name="act")
    with op.batch_alter_table("act", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_constraint(op.f("uq_act_seq"), type_="unique")
        for name in ("reason", "erased", *NEW_COLUMNS):
            table.drop_column(name)
    op.drop_column("capture", "connection")
    op.drop_column("capture", "commitments")
    for name in ("piece", "dossier", "time_stamp", "evidence_item", "custody_head"):
        op.drop_table(name)


def _chain_what_is_there() -> None:
    """Acts of before are taken as they stand now; that is all the chain says of them."""
    bind = op.get_bind()
    log = secrets.token_hex(16)
    seq, link = 0, chain.genesis(log)
    act = sa.table(
        "act", sa.column("id"), sa.column("at", sa.DateTime(timezone=True)), sa.column("who"),
        sa.column("what"), sa.column("subject"), sa.column("detail", sa.JSON()),
        sa.column("reason"), *(sa.column(name) for name in NEW_COLUMNS),
    )  # fmt: skip
    rows = bind.execute(
        sa.select(act.c.id, act.c.at, act.c.who, act.c.what, act.c.subject, act.c.detail)
        .order_by(act.c.id)
    ).all()  # fmt: skip
    for row in rows:
        detail = _plain(row.detail)
        reason = str(detail.pop("reason", ""))[:1000]
        salt, reason_salt = os.urandom(32), os.urandom(32)
        seq += 1
        told = chain.content(
            seq=seq, at=_aware(row.at), who=row.who, what=row.what, item=row.subject,
            detail=detail, reason_sha256=chain.reason_digest(reason, reason_salt),
        )  # fmt: skip
        digest = chain.digest(told, salt)
        link = chain.link(link, seq, digest)
        bind.execute(
            sa.update(act).where(act.c.id == row.id).values(
                detail=detail, reason=reason, seq=seq, salt=salt, reason_salt=reason_salt,
                digest=digest, link=link,
            )
        )  # fmt: skip
    head = sa.table("custody_head", sa.column("log"), sa.column("seq"), sa.column("link"))
    bind.execute(sa.insert(head).values(log=log, seq=seq, link=link))


def _plain(detail: Any) -> dict[str, Any]:
    """An old detail with fractions as text: those have no canonical form."""
    told: dict[str, Any] = json.loads(json.dumps(detail or {}), parse_float=str)
    return told


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _append_only() -> None:
    """A mistake cannot change or remove an entry. Whoever can drop a trigger can; that is what
    the chain, the time stamps and the outside checkpoints are for."""
    op.execute(
        "CREATE TRIGGER act_stays BEFORE DELETE ON act "
        "BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END"
    )
    op.execute(
        "CREATE TRIGGER act_keeps BEFORE UPDATE ON act WHEN NEW.erased IS NULL "
        "OR NEW.seq <> OLD.seq OR NEW.digest <> OLD.digest OR NEW.link <> OLD.link "
        "BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END"
    )


def _new_tables() -> None:
    op.create_table(
        "custody_head",
        sa.Column("log", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("log", name=op.f("pk_custody_head")),
    )
    op.create_table(
        "evidence_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("capture", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["capture"], ["capture.id"], name=op.f("fk_evidence_item_capture")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_item")),
        sa.UniqueConstraint("capture", "kind", name=op.f("uq_evidence_item_capture_kind")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_evidence_item_capture"), "evidence_item", ["capture"], unique=False)
    op.create_table(
        "time_stamp",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("authority", sa.String(length=100), nullable=False),
        sa.Column("algorithm", sa.String(length=20), nullable=False),
        sa.Column("imprint", sa.LargeBinary(length=64), nullable=False),
        sa.Column("asked", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("good_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_stamp")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_time_stamp_subject"), "time_stamp", ["subject"], unique=False)
    op.create_table(
        "dossier",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case", sa.Integer(), nullable=False),
        sa.Column("edition", sa.String(length=20), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("captures", sa.Integer(), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_dossier_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_dossier_case"), "dossier", ["case"], unique=False)
    op.create_table(
        "piece",
        sa.Column("case", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("first_exported", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_piece_case")),
        sa.PrimaryKeyConstraint("case", "number", name=op.f("pk_piece")),
        sa.UniqueConstraint("case", "key", name=op.f("uq_piece_case_key")),
    )
