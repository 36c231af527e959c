"""The outbox also holds events for sessions that a person corrected.

Keeps every row. On downgrade events of this kind are deleted: the counts are read again when the provider is next
counted.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0014"
down_revision = "p0013"
contract = False
loses = ()

TABLE, CHECK = "pending_events", "ck_pending_events_kind"
BEFORE = "kind IN ('file_stored', 'patient_taken_in', 'database_adopted')"
AFTER = "kind IN ('file_stored', 'patient_taken_in', 'database_adopted', 'session_corrected')"


def upgrade() -> None:
    op.replace_check(_table(), CHECK, AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM pending_events WHERE kind = 'session_corrected'")
    op.replace_check(_table(), CHECK, BEFORE)


def _table() -> sa.Table:
    """The table after the previous revision, without the CHECK."""
    return op.table(
        TABLE,
        op.required(op.big_id(), "id"),
        op.required(sa.String(32), "kind"),
        op.optional(sa.BigInteger(), "session_id", "set_aside_id"),
        op.required(sa.Integer(), "conflicts", "set_aside", "found"),
        op.required(op.instant(), "created_at"),
    )
