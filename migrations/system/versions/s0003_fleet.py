"""What each run of the migrations did with which database, and who is at work on what.

Keeps every row. On the way back the ledger of the runs goes.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database import guarded
from webautodash.database.products import types

revision = "s0003"
down_revision = "s0002"
branch_labels = None
depends_on = None
contract = False
loses = ("migration_runs", "migration_run_databases", "leases")


def upgrade() -> None:
    op.create_table(
        "migration_runs",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("started_by", sa.String(255), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("arguments", types.JsonText(), nullable=False),
        sa.Column("code_version", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("finished_at", types.UtcDateTime()),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_migration_runs_state")),
        sa.PrimaryKeyConstraint("id", name="pk_migration_runs"),
        **guarded.TABLE_OPTIONS,
    )
    op.create_table(
        "migration_run_databases",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("run_id", types.BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("database_name", types.bytewise(64), nullable=False),
        sa.Column("provider", types.bytewise(64)),
        sa.Column("from_revision", sa.String(32)),
        sa.Column("to_revision", sa.String(32)),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reached", sa.String(32)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("started_at", types.UtcDateTime()),
        sa.Column("finished_at", types.UtcDateTime()),
        sa.Column("error_code", sa.String(255)),
        sa.Column("statement", types.LongText),
        sa.Column("error", types.LongText),
        sa.Column("cure", types.LongText),
        sa.Column("sql_sha256", types.Sha256),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_migration_run_databases_state")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["migration_runs.id"], name="fk_migration_run_databases_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_migration_run_databases"),
        sa.UniqueConstraint("run_id", "database_name", name="uq_migration_run_databases_run_id_database_name"),
        **guarded.TABLE_OPTIONS,
    )
    op.create_table(
        "leases",
        sa.Column("name", types.bytewise(255), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("purpose", sa.String(255), nullable=False),
        sa.Column("taken_at", types.UtcDateTime(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
        **guarded.TABLE_OPTIONS,
    )


def downgrade() -> None:
    for table in reversed(loses):
        op.drop_table(table, if_exists=True)
