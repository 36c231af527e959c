"""The registry of providers, the log and the state of files.

Keeps nothing on the way back: the tables go with their rows.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database import guarded
from webautodash.database.products import types

revision = "s0001"
down_revision = None
branch_labels = None
depends_on = None
contract = False
loses = ("providers", "system_logs", "ingested_files", "provider_aliases")


def upgrade() -> None:
    op.create_table(
        "providers",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("identity", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("name_key", types.bytewise(255), nullable=False),
        sa.Column("letters_key", types.bytewise(255), nullable=False),
        sa.Column("slug", types.bytewise(64), nullable=False),
        sa.Column("folder", sa.String(255)),
        sa.Column("database_name", types.bytewise(64), nullable=False),
        sa.Column("date_order", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("total_patients", sa.Integer(), nullable=False),
        sa.Column("total_extractions", sa.Integer(), nullable=False),
        sa.Column("total_sessions", sa.Integer(), nullable=False),
        sa.Column("total_conflicts", sa.Integer(), nullable=False),
        sa.Column("last_extraction", types.UtcDateTime()),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.CheckConstraint("date_order IN ('mdy', 'dmy')", name=op.f("ck_providers_date_order")),
        sa.CheckConstraint("status IN ('registering', 'active', 'inactive')", name=op.f("ck_providers_status")),
        sa.PrimaryKeyConstraint("id", name="pk_providers"),
        sa.UniqueConstraint("database_name", name="uq_providers_database_name"),
        sa.UniqueConstraint("identity", name="uq_providers_identity"),
        sa.UniqueConstraint("letters_key", name="uq_providers_letters_key"),
        sa.UniqueConstraint("name_key", name="uq_providers_name_key"),
        sa.UniqueConstraint("slug", name="uq_providers_slug"),
        **guarded.TABLE_OPTIONS,
    )
    op.create_table(
        "system_logs",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("level", sa.String(32), nullable=False),
        sa.Column("component", sa.String(32), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("message", types.LongText, nullable=False),
        sa.Column("provider", types.bytewise(64)),
        sa.Column("database_name", types.bytewise(64)),
        sa.Column("details", types.JsonText()),
        sa.CheckConstraint(
            "level IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')", name=op.f("ck_system_logs_level")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_system_logs"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, "ix_system_logs_created_at", "system_logs", ["created_at"])
    op.create_table(
        "ingested_files",
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
        sa.CheckConstraint(
            "state IN ('waiting', 'ingested', 'partial', 'rejected', 'held')", name=op.f("ck_ingested_files_state")
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["providers.id"], name="fk_ingested_files_provider_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ingested_files"),
        sa.UniqueConstraint("path_sha256", name="uq_ingested_files_path_sha256"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, "ix_ingested_files_provider_id", "ingested_files", ["provider_id"])
    op.create_table(
        "provider_aliases",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("provider_id", types.BigId, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("name_key", types.bytewise(255), nullable=False),
        sa.Column("letters_key", types.bytewise(255), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["providers.id"], name="fk_provider_aliases_provider_id"),
        sa.PrimaryKeyConstraint("id", name="pk_provider_aliases"),
        sa.UniqueConstraint("name_key", name="uq_provider_aliases_name_key"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, "ix_provider_aliases_letters_key", "provider_aliases", ["letters_key"])
    guarded.create_index(op, "ix_provider_aliases_provider_id", "provider_aliases", ["provider_id"])
    # ### end Alembic commands ###


def downgrade() -> None:
    # The tables alone: an index that a foreign key needs cannot go before its table.
    for table in reversed(loses):
        op.drop_table(table, if_exists=True)
