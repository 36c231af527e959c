"""Monitors, and the state of a file before it is first processed and while it waits.

Keeps every row both ways. On downgrade a file that was only seen becomes a waiting one.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0004"
down_revision = "s0003"
contract = False
loses = ("monitors",)
# Written again when the files are next seen.
derived = ("ingested_files.look", "ingested_files.next_attempt_at", "ingested_files.duration_ms")

TABLE, CHECK, INDEX = "ingested_files", "ck_ingested_files_state", "ix_ingested_files_state"
BEFORE = "state IN ('waiting', 'ingested', 'partial', 'rejected', 'held')"
AFTER = "state IN ('seen', 'waiting', 'ingested', 'partial', 'rejected', 'held')"


def upgrade() -> None:
    op.replace_check(_table(), CHECK, AFTER)
    op.add_column_if_missing(TABLE, sa.Column("look", op.bytewise(64)))
    op.add_column_if_missing(TABLE, sa.Column("next_attempt_at", op.instant()))
    op.add_column_if_missing(TABLE, sa.Column("duration_ms", sa.Integer()))
    op.create_index_if_missing(INDEX, TABLE, ["state"])
    op.create_table_if_missing(
        "monitors",
        op.required(op.big_id(), "id"),
        op.required(sa.String(255), "host"),
        op.required(sa.Integer(), "pid"),
        op.required(sa.String(255), "started_by"),
        op.required(sa.String(32), "code_version"),
        op.required(sa.Integer(), "interval_ms"),
        op.required(sa.String(32), "state"),
        op.required(op.instant(), "started_at", "heartbeat_at"),
        op.optional(op.instant(), "stopped_at"),
        op.required(sa.BigInteger(), "passes"),
        op.optional(op.instant(), "pass_started_at", "last_pass_at"),
        op.optional(sa.Integer(), "last_pass_ms", "files_found"),
        op.required(sa.BigInteger(), "files_taken"),
        op.optional(sa.Integer(), "busy_files", "busy_ms"),
        op.optional(op.long_text(), "last_error"),
        op.optional(op.instant(), "last_error_at"),
        one_of={"state": ("running", "stopped", "lost")},
    )


def downgrade() -> None:
    op.drop_table("monitors", if_exists=True)
    op.drop_index_if_exists(INDEX, TABLE)
    for name in ("duration_ms", "next_attempt_at", "look"):
        op.drop_column_if_exists(TABLE, name)
    op.execute("UPDATE ingested_files SET state = 'waiting' WHERE state = 'seen'")
    op.replace_check(_table(), CHECK, BEFORE)


def _table() -> sa.Table:
    """The table after the previous revision, without the CHECK."""
    table = op.table(
        TABLE,
        op.required(op.big_id(), "id"),
        op.required(op.sha256(), "path_sha256"),
        op.required(op.long_text(), "path"),
        op.optional(op.big_id(), "provider_id"),
        op.optional(op.sha256(), "content_sha256"),
        op.optional(sa.BigInteger(), "size"),
        op.required(sa.String(32), "state"),
        op.required(sa.Integer(), "attempts"),
        op.optional(op.long_text(), "reason"),
        op.required(sa.Integer(), "found", "stored", "changed", "duplicates", "set_aside"),
        op.required(op.instant(), "first_seen_at", "updated_at"),
        op.optional(sa.BigInteger(), "mtime_ns", "session_id"),
        references={"provider_id": "providers"},
        unique=(("path_sha256",),),
    )
    sa.Index("ix_ingested_files_provider_id", table.c.provider_id)
    return table
