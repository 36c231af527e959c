"""The outbox also tells of sessions that a person corrected.

Keeps every row. On the way back events of that kind go: the counts are read anew when the provider is next counted.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database import guarded
from webautodash.database.products import types

revision = "p0014"
down_revision = "p0013"
branch_labels = None
depends_on = None
contract = False
loses = ()

TABLE, CHECK = "pending_events", "ck_pending_events_kind"
BEFORE = "kind IN ('file_stored', 'patient_taken_in', 'database_adopted')"
AFTER = "kind IN ('file_stored', 'patient_taken_in', 'database_adopted', 'session_corrected')"


def upgrade() -> None:
    guarded.replace_check(op, _table(), CHECK, AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM pending_events WHERE kind = 'session_corrected'")
    guarded.replace_check(op, _table(), CHECK, BEFORE)


def _table() -> sa.Table:
    """As the revision before left it, without the CHECK."""
    return sa.Table(
        TABLE,
        sa.MetaData(),
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("session_id", sa.BigInteger()),
        sa.Column("set_aside_id", sa.BigInteger()),
        sa.Column("conflicts", sa.Integer(), nullable=False),
        sa.Column("set_aside", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pending_events"),
    )
