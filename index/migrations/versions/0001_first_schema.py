"""The record's first schema.

Revision 0001, after nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""

    op.create_table(
        "act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_act_what"), "act", ["what"], unique=False)
    op.create_table(
        "case_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "crawl",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("problems", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crawl")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_crawl_source"), "crawl", ["source"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("asked_by", sa.String(length=100), nullable=False),
        sa.Column("asked", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=100), nullable=False),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered", sa.DateTime(timezone=True), nullable=True),
        sa.Column("put_aside", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_due", "outbox", ["channel", "delivered", "id"], unique=False)
    op.create_table(
        "pending",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("location_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed_address", sa.LargeBinary(), nullable=False),
        sa.Column("added", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending")),
        sa.UniqueConstraint("source", "location_key", name=op.f("uq_pending_source_location_key")),
    )
    op.create_table(
        "seen",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("location_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("state_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "location_key", name=op.f("pk_seen")),
    )
    op.create_table(
        "source_state",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("spec", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("killed", sa.Boolean(), nullable=False),
        sa.Column("next_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("interval_s", sa.Double(), nullable=True),
        sa.Column("last_started", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_outcome", sa.String(length=20), nullable=False),
        sa.Column("last_error", sa.String(length=500), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_state")),
    )
    op.create_table(
        "user_account",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("password", sa.String(length=300), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_user_account")),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case", sa.Integer(), nullable=False),
        sa.Column("leak", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("location", sa.String(length=2000), nullable=False),
        sa.Column("location_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("also", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("records_key", sa.LargeBinary(length=16), nullable=True),
        sa.Column("bits", sa.Double(), nullable=False),
        sa.Column("fields", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found_after_s", sa.Double(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name=op.f("fk_alert_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("leak", "location_key", name=op.f("uq_alert_leak_location_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_alert_case"), "alert", ["case"], unique=False)
    op.create_index(op.f("ix_alert_records_key"), "alert", ["records_key"], unique=False)
    op.create_index(op.f("ix_alert_source"), "alert", ["source"], unique=False)
    op.create_index(op.f("ix_alert_status"), "alert", ["status"], unique=False)
    op.create_table(
        "capture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("crawl", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("location", sa.String(length=2000), nullable=False),
        sa.Column("location_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("thread_key", sa.LargeBinary(length=16), nullable=True),
        sa.Column("content_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("path", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(length=200), nullable=False),
        sa.Column("charset", sa.String(length=64), nullable=False),
        sa.Column("peer", sa.String(length=200), nullable=False),
        sa.Column("rendered", sa.Boolean(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["crawl"], ["crawl.id"], name=op.f("fk_capture_crawl")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_capture_content_key"), "capture", ["content_key"], unique=False)
    op.create_index(op.f("ix_capture_location_key"), "capture", ["location_key"], unique=False)
    op.create_index(
        "ix_capture_place_time", "capture", ["location_key", "fetched_at"], unique=False
    )
    op.create_index(op.f("ix_capture_sha256"), "capture", ["sha256"], unique=False)
    op.create_index(op.f("ix_capture_source"), "capture", ["source"], unique=False)
    op.create_table(
        "login_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=100), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["user_account.name"], name=op.f("fk_login_token_user")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login_token")),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=100), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["user_account.name"], name=op.f("fk_session_user")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    op.create_table(
        "alert_address",
        sa.Column("leak", sa.String(length=200), nullable=False),
        sa.Column("location_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("alert", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_alert_address_alert")),
        sa.PrimaryKeyConstraint("leak", "location_key", name=op.f("pk_alert_address")),
    )
    op.create_index(op.f("ix_alert_address_alert"), "alert_address", ["alert"], unique=False)
    op.create_table(
        "alert_record",
        sa.Column("alert", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("bits", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_alert_record_alert")),
        sa.PrimaryKeyConstraint("alert", "row", name=op.f("pk_alert_record")),
    )
    op.create_table(
        "hit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("capture", sa.Integer(), nullable=False),
        sa.Column("alert", sa.Integer(), nullable=True),
        sa.Column("leak", sa.String(length=200), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("review_records", sa.Integer(), nullable=False),
        sa.Column("candidates", sa.Integer(), nullable=False),
        sa.Column("chance", sa.Double(), nullable=False),
        sa.Column("matches", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("snippets", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("notes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name=op.f("fk_hit_alert")),
        sa.ForeignKeyConstraint(["capture"], ["capture.id"], name=op.f("fk_hit_capture")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hit")),
        sa.UniqueConstraint("capture", "leak", name=op.f("uq_hit_capture_leak")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_hit_alert"), "hit", ["alert"], unique=False)


def downgrade() -> None:
    """Drop every table, with what is in it."""

    op.drop_index(op.f("ix_hit_alert"), table_name="hit")
    op.drop_table("hit")
    op.drop_table("alert_record")
    op.drop_index(op.f("ix_alert_address_alert"), table_name="alert_address")
    op.drop_table("alert_address")
    op.drop_table("session")
    op.drop_table("login_token")
    op.drop_index(op.f("ix_capture_source"), table_name="capture")
    op.drop_index(op.f("ix_capture_sha256"), table_name="capture")
    op.drop_index("ix_capture_place_time", table_name="capture")
    op.drop_index(op.f("ix_capture_location_key"), table_name="capture")
    op.drop_index(op.f("ix_capture_content_key"), table_name="capture")
    op.drop_table("capture")
    op.drop_index(op.f("ix_alert_status"), table_name="alert")
    op.drop_index(op.f("ix_alert_source"), table_name="alert")
    op.drop_index(op.f("ix_alert_records_key"), table_name="alert")
    op.drop_index(op.f("ix_alert_case"), table_name="alert")
    op.drop_table("alert")
    op.drop_table("user_account")
    op.drop_table("source_state")
    op.drop_table("seen")
    op.drop_table("pending")
    op.drop_index("ix_outbox_due", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("lease")
    op.drop_table("job")
    op.drop_index(op.f("ix_crawl_source"), table_name="crawl")
    op.drop_table("crawl")
    op.drop_table("case_file")
    op.drop_index(op.f("ix_act_what"), table_name="act")
    op.drop_table("act")
