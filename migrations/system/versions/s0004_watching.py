"""Who watches Results, and what is known of a file before it is taken and while it waits.

Keeps every row both ways. On the way back a file that was only seen becomes one that waits.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database import guarded
from webautodash.database.products import types

revision = "s0004"
down_revision = "s0003"
branch_labels = None
depends_on = None
contract = False
loses = ("monitors",)
# They come back as the files are looked at again.
derived = ("ingested_files.look", "ingested_files.next_attempt_at", "ingested_files.duration_ms")

TABLE, CHECK, INDEX = "ingested_files", "ck_ingested_files_state", "ix_ingested_files_state"
BEFORE = "state IN ('waiting', 'ingested', 'partial', 'rejected', 'held')"
AFTER = "state IN ('seen', 'waiting', 'ingested', 'partial', 'rejected', 'held')"


def upgrade() -> None:
    guarded.replace_check(op, _table(), CHECK, AFTER)
    for column in _columns():
        guarded.add_column(op, TABLE, column)
    guarded.create_index(op, INDEX, TABLE, ["state"])
    op.create_table(
        "monitors",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_by", sa.String(255), nullable=False),
        sa.Column("code_version", sa.String(32), nullable=False),
        sa.Column("interval_ms", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("heartbeat_at", types.UtcDateTime(), nullable=False),
        sa.Column("stopped_at", types.UtcDateTime()),
        sa.Column("passes", sa.BigInteger(), nullable=False),
        sa.Column("pass_started_at", types.UtcDateTime()),
        sa.Column("last_pass_at", types.UtcDateTime()),
        sa.Column("last_pass_ms", sa.Integer()),
        sa.Column("files_found", sa.Integer()),
        sa.Column("files_taken", sa.BigInteger(), nullable=False),
        sa.Column("busy_files", sa.Integer()),
        sa.Column("busy_ms", sa.Integer()),
        sa.Column("last_error", types.LongText),
        sa.Column("last_error_at", types.UtcDateTime()),
        sa.CheckConstraint("state IN ('running', 'stopped', 'lost')", name=op.f("ck_monitors_state")),
        sa.PrimaryKeyConstraint("id", name="pk_monitors"),
        **guarded.TABLE_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("monitors", if_exists=True)
    guarded.drop_index(op, INDEX, TABLE)
    for column in reversed(_columns()):
        guarded.drop_column(op, TABLE, column.name)
    op.execute("UPDATE ingested_files SET state = 'waiting' WHERE state = 'seen'")
    guarded.replace_check(op, _table(), CHECK, BEFORE)


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("look", types.bytewise(64)),
        sa.Column("next_attempt_at", types.UtcDateTime()),
        sa.Column("duration_ms", sa.Integer()),
    ]


def _table() -> sa.Table:
    """As the revision before left it, without the CHECK."""
    metadata = sa.MetaData()
    sa.Table("providers", metadata, sa.Column("id", types.BigId, primary_key=True))
    return sa.Table(
        TABLE,
        metadata,
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("path_sha256", types.Sha256, nullable=False),
        sa.Column("path", types.LongText, nullable=False),
        sa.Column("provider_id", types.BigId),
        sa.Column("content_sha256", types.Sha256),
        sa.Column("size", sa.BigInteger()),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", types.LongText),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("set_aside", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger()),
        sa.Column("session_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(["provider_id"], ["providers.id"], name="fk_ingested_files_provider_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ingested_files"),
        sa.UniqueConstraint("path_sha256", name="uq_ingested_files_path_sha256"),
        sa.Index("ix_ingested_files_provider_id", "provider_id"),
    )
