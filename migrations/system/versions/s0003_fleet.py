"""The record of the migrations for each database, and leases.

Keeps every row. On downgrade the record and the leases are dropped.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0003"
down_revision = "s0002"
contract = False
loses = ("migration_runs", "migration_run_databases", "leases")


def upgrade() -> None:
    op.create_table_if_missing(
        "migration_runs",
        op.required(op.big_id(), "id"),
        op.required(sa.String(32), "kind"),
        op.required(sa.String(255), "started_by", "host"),
        op.required(sa.Integer(), "pid"),
        op.required(op.long_text(), "arguments"),
        op.required(sa.String(32), "code_version", "state"),
        op.required(op.instant(), "started_at"),
        op.optional(op.instant(), "finished_at"),
        one_of={"state": ("waiting", "running", "done", "failed")},
    )
    op.create_table_if_missing(
        "migration_run_databases",
        op.required(op.big_id(), "id", "run_id"),
        op.required(sa.Integer(), "position"),
        op.required(op.bytewise(64), "database_name"),
        op.optional(op.bytewise(64), "provider"),
        op.optional(sa.String(32), "from_revision", "to_revision"),
        op.required(sa.String(32), "state"),
        op.optional(sa.String(32), "reached"),
        op.required(sa.Integer(), "attempts"),
        op.optional(op.instant(), "started_at", "finished_at"),
        op.optional(sa.String(255), "error_code"),
        op.optional(op.long_text(), "statement", "error", "cure"),
        op.optional(op.sha256(), "sql_sha256"),
        one_of={"state": ("waiting", "running", "done", "failed")},
        references={"run_id": "migration_runs"},
        unique=(("run_id", "database_name"),),
    )
    op.create_table_if_missing(
        "leases",
        op.required(op.bytewise(255), "name"),
        op.required(sa.String(32), "token"),
        op.required(sa.String(255), "holder", "purpose"),
        op.required(op.instant(), "taken_at", "expires_at"),
        key="name",
    )


def downgrade() -> None:
    for table in reversed(loses):
        op.drop_table(table, if_exists=True)
