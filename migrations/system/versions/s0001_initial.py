"""The registry of providers, the log and the state of files.

Keeps nothing on downgrade: the tables are dropped with their rows.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "s0001"
down_revision = None
branch_labels = None
depends_on = None
contract = False
loses = ("providers", "system_logs", "ingested_files", "provider_aliases")

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
SHA256 = sa.String(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def bytewise(length: int) -> sa.String:
    """Text that is compared byte by byte."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table_if_missing(
        "providers",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("identity", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("name_key", bytewise(255), nullable=False),
        sa.Column("letters_key", bytewise(255), nullable=False),
        sa.Column("slug", bytewise(64), nullable=False),
        sa.Column("folder", sa.String(255)),
        sa.Column("database_name", bytewise(64), nullable=False),
        sa.Column("date_order", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("total_patients", sa.Integer(), nullable=False),
        sa.Column("total_extractions", sa.Integer(), nullable=False),
        sa.Column("total_sessions", sa.Integer(), nullable=False),
        sa.Column("total_conflicts", sa.Integer(), nullable=False),
        sa.Column("last_extraction", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("date_order IN ('mdy', 'dmy')", name=op.f("ck_providers_date_order")),
        sa.CheckConstraint("status IN ('registering', 'active', 'inactive')", name=op.f("ck_providers_status")),
        sa.PrimaryKeyConstraint("id", name="pk_providers"),
        sa.UniqueConstraint("database_name", name="uq_providers_database_name"),
        sa.UniqueConstraint("identity", name="uq_providers_identity"),
        sa.UniqueConstraint("letters_key", name="uq_providers_letters_key"),
        sa.UniqueConstraint("name_key", name="uq_providers_name_key"),
        sa.UniqueConstraint("slug", name="uq_providers_slug"),
    )
    op.create_table_if_missing(
        "system_logs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("level", sa.String(32), nullable=False),
        sa.Column("component", sa.String(32), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("message", LONG_TEXT, nullable=False),
        sa.Column("provider", bytewise(64)),
        sa.Column("database_name", bytewise(64)),
        sa.Column("details", LONG_TEXT),
        sa.CheckConstraint(
            "level IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')", name=op.f("ck_system_logs_level")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_system_logs"),
    )
    op.create_index_if_missing("ix_system_logs_created_at", "system_logs", ["created_at"])
    op.create_table_if_missing(
        "ingested_files",
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
        sa.CheckConstraint(
            "state IN ('waiting', 'ingested', 'partial', 'rejected', 'held')", name=op.f("ck_ingested_files_state")
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["providers.id"], name="fk_ingested_files_provider_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ingested_files"),
        sa.UniqueConstraint("path_sha256", name="uq_ingested_files_path_sha256"),
    )
    op.create_index_if_missing("ix_ingested_files_provider_id", "ingested_files", ["provider_id"])
    op.create_table_if_missing(
        "provider_aliases",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("provider_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("name_key", bytewise(255), nullable=False),
        sa.Column("letters_key", bytewise(255), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["providers.id"], name="fk_provider_aliases_provider_id"),
        sa.PrimaryKeyConstraint("id", name="pk_provider_aliases"),
        sa.UniqueConstraint("name_key", name="uq_provider_aliases_name_key"),
    )
    op.create_index_if_missing("ix_provider_aliases_letters_key", "provider_aliases", ["letters_key"])
    op.create_index_if_missing("ix_provider_aliases_provider_id", "provider_aliases", ["provider_id"])


def downgrade() -> None:
    # The tables only: an index that a foreign key needs cannot be dropped before its table.
    for table in reversed(loses):
        op.drop_table(table, if_exists=True)
