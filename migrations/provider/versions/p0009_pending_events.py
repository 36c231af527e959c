"""The outbox: what the system database has yet to record, committed with the data that it is about.

Keeps every row. On downgrade undelivered events are dropped.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "p0009"
down_revision = "p0008"
branch_labels = None
depends_on = None
contract = False
loses = ("pending_events",)

TABLE = "pending_events"
KINDS = "kind IN ('file_stored', 'patient_taken_in', 'database_adopted')"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table_if_missing(
        TABLE,
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("session_id", sa.BigInteger()),
        sa.Column("set_aside_id", sa.BigInteger()),
        sa.Column("conflicts", sa.Integer(), nullable=False),
        sa.Column("set_aside", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_pending_events_kind")),
        sa.PrimaryKeyConstraint("id", name="pk_pending_events"),
    )


def downgrade() -> None:
    op.drop_table(TABLE, if_exists=True)
