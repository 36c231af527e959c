"""The record of the migrations for each database, and leases.

Keeps every row. On downgrade the record and the leases are dropped.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "s0003"
down_revision = "s0002"
branch_labels = None
depends_on = None
contract = False
loses = ("migration_runs", "migration_run_databases", "leases")

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
SHA256 = sa.String(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def bytewise(length: int) -> sa.String:
    """Text that is compared byte by byte."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table_if_missing(
        "migration_runs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("started_by", sa.String(255), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("arguments", LONG_TEXT, nullable=False),
        sa.Column("code_version", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_migration_runs_state")),
        sa.PrimaryKeyConstraint("id", name="pk_migration_runs"),
    )
    op.create_table_if_missing(
        "migration_run_databases",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("run_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("database_name", bytewise(64), nullable=False),
        sa.Column("provider", bytewise(64)),
        sa.Column("from_revision", sa.String(32)),
        sa.Column("to_revision", sa.String(32)),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reached", sa.String(32)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("started_at", INSTANT),
        sa.Column("finished_at", INSTANT),
        sa.Column("error_code", sa.String(255)),
        sa.Column("statement", LONG_TEXT),
        sa.Column("error", LONG_TEXT),
        sa.Column("cure", LONG_TEXT),
        sa.Column("sql_sha256", SHA256),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_migration_run_databases_state")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["migration_runs.id"], name="fk_migration_run_databases_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_migration_run_databases"),
        sa.UniqueConstraint("run_id", "database_name", name="uq_migration_run_databases_run_id_database_name"),
    )
    op.create_table_if_missing(
        "leases",
        sa.Column("name", bytewise(255), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("purpose", sa.String(255), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def downgrade() -> None:
    for table in reversed(loses):
        op.drop_table(table, if_exists=True)
