"""The outbox also holds events for sessions that a person corrected.

Keeps every row. On downgrade events of this kind are deleted: the counts are read again when the provider is next
counted.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "p0014"
down_revision = "p0013"
branch_labels = None
depends_on = None
contract = False
loses = ()

TABLE, CHECK = "pending_events", "ck_pending_events_kind"
BEFORE = "kind IN ('file_stored', 'patient_taken_in', 'database_adopted')"
AFTER = "kind IN ('file_stored', 'patient_taken_in', 'database_adopted', 'session_corrected')"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.replace_check(_table(), CHECK, AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM pending_events WHERE kind = 'session_corrected'")
    op.replace_check(_table(), CHECK, BEFORE)


def _table() -> sa.Table:
    """The table after the previous revision, without the CHECK."""
    return sa.Table(
        TABLE,
        sa.MetaData(),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("session_id", sa.BigInteger()),
        sa.Column("set_aside_id", sa.BigInteger()),
        sa.Column("conflicts", sa.Integer(), nullable=False),
        sa.Column("set_aside", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pending_events"),
    )
