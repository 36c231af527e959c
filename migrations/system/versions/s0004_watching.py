"""Monitors, and the state of a file before it is first processed and while it waits.

Keeps every row both ways. On downgrade a file that was only seen becomes a waiting one.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "s0004"
down_revision = "s0003"
branch_labels = None
depends_on = None
contract = False
loses = ("monitors",)
# Written again when the files are next seen.
derived = ("ingested_files.look", "ingested_files.next_attempt_at", "ingested_files.duration_ms")

TABLE, CHECK, INDEX = "ingested_files", "ck_ingested_files_state", "ix_ingested_files_state"
BEFORE = "state IN ('waiting', 'ingested', 'partial', 'rejected', 'held')"
AFTER = "state IN ('seen', 'waiting', 'ingested', 'partial', 'rejected', 'held')"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
SHA256 = sa.String(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def bytewise(length: int) -> sa.String:
    """Text that is compared byte by byte."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.replace_check(_table(), CHECK, AFTER)
    for column in _columns():
        op.add_column_if_missing(TABLE, column)
    op.create_index_if_missing(INDEX, TABLE, ["state"])
    op.create_table_if_missing(
        "monitors",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_by", sa.String(255), nullable=False),
        sa.Column("code_version", sa.String(32), nullable=False),
        sa.Column("interval_ms", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("heartbeat_at", INSTANT, nullable=False),
        sa.Column("stopped_at", INSTANT),
        sa.Column("passes", sa.BigInteger(), nullable=False),
        sa.Column("pass_started_at", INSTANT),
        sa.Column("last_pass_at", INSTANT),
        sa.Column("last_pass_ms", sa.Integer()),
        sa.Column("files_found", sa.Integer()),
        sa.Column("files_taken", sa.BigInteger(), nullable=False),
        sa.Column("busy_files", sa.Integer()),
        sa.Column("busy_ms", sa.Integer()),
        sa.Column("last_error", LONG_TEXT),
        sa.Column("last_error_at", INSTANT),
        sa.CheckConstraint("state IN ('running', 'stopped', 'lost')", name=op.f("ck_monitors_state")),
        sa.PrimaryKeyConstraint("id", name="pk_monitors"),
    )


def downgrade() -> None:
    op.drop_table("monitors", if_exists=True)
    op.drop_index_if_exists(INDEX, TABLE)
    for column in reversed(_columns()):
        op.drop_column_if_exists(TABLE, column.name)
    op.execute("UPDATE ingested_files SET state = 'waiting' WHERE state = 'seen'")
    op.replace_check(_table(), CHECK, BEFORE)


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("look", bytewise(64)),
        sa.Column("next_attempt_at", INSTANT),
        sa.Column("duration_ms", sa.Integer()),
    ]


def _table() -> sa.Table:
    """The table after the previous revision, without the CHECK."""
    metadata = sa.MetaData()
    sa.Table("providers", metadata, sa.Column("id", BIG_ID, primary_key=True))
    return sa.Table(
        TABLE,
        metadata,
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("path_sha256", SHA256, nullable=False),
        sa.Column("path", LONG_TEXT, nullable=False),
        sa.Column("provider_id", BIG_ID),
        sa.Column("content_sha256", SHA256),
        sa.Column("size", sa.BigInteger()),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", LONG_TEXT),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("set_aside", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger()),
        sa.Column("session_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(["provider_id"], ["providers.id"], name="fk_ingested_files_provider_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ingested_files"),
        sa.UniqueConstraint("path_sha256", name="uq_ingested_files_path_sha256"),
        sa.Index("ix_ingested_files_provider_id", "provider_id"),
    )
