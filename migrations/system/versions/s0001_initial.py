"""The registry of providers, the log and the state of files.

Keeps nothing on downgrade: the tables are dropped with their rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0001"
down_revision = None
contract = False
loses = ("providers", "system_logs", "ingested_files", "provider_aliases")


def upgrade() -> None:
    op.create_table_if_missing(
        "providers",
        op.required(op.big_id(), "id"),
        op.required(sa.String(32), "identity"),
        op.required(sa.String(255), "name"),
        op.required(op.bytewise(255), "name_key", "letters_key"),
        op.required(op.bytewise(64), "slug"),
        op.optional(sa.String(255), "folder"),
        op.required(op.bytewise(64), "database_name"),
        op.required(sa.String(32), "date_order", "status"),
        op.required(sa.Integer(), "total_patients", "total_extractions", "total_sessions", "total_conflicts"),
        op.optional(op.instant(), "last_extraction"),
        op.required(op.instant(), "created_at"),
        one_of={"date_order": ("mdy", "dmy"), "status": ("registering", "active", "inactive")},
        unique=(("database_name",), ("identity",), ("letters_key",), ("name_key",), ("slug",)),
    )
    op.create_table_if_missing(
        "system_logs",
        op.required(op.big_id(), "id"),
        op.required(op.instant(), "created_at"),
        op.required(sa.String(32), "level", "component", "event"),
        op.required(op.long_text(), "message"),
        op.optional(op.bytewise(64), "provider", "database_name"),
        op.optional(op.long_text(), "details"),
        one_of={"level": ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")},
    )
    op.create_index_if_missing("ix_system_logs_created_at", "system_logs", ["created_at"])
    op.create_table_if_missing(
        "ingested_files",
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
        one_of={"state": ("waiting", "ingested", "partial", "rejected", "held")},
        references={"provider_id": "providers"},
        unique=(("path_sha256",),),
    )
    op.create_index_if_missing("ix_ingested_files_provider_id", "ingested_files", ["provider_id"])
    op.create_table_if_missing(
        "provider_aliases",
        op.required(op.big_id(), "id", "provider_id"),
        op.required(sa.String(255), "name"),
        op.required(op.bytewise(255), "name_key", "letters_key"),
        op.required(op.instant(), "created_at"),
        references={"provider_id": "providers"},
        unique=(("name_key",),),
    )
    op.create_index_if_missing("ix_provider_aliases_letters_key", "provider_aliases", ["letters_key"])
    op.create_index_if_missing("ix_provider_aliases_provider_id", "provider_aliases", ["provider_id"])


def downgrade() -> None:
    # The tables only: an index that a foreign key needs cannot be dropped before its table.
    for table in reversed(loses):
        op.drop_table(table, if_exists=True)
