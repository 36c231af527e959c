"""The outbox: what the system database has yet to record, committed with the data that it is about.

Keeps every row. On downgrade undelivered events are dropped.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0009"
down_revision = "p0008"
contract = False
loses = ("pending_events",)

TABLE = "pending_events"
KINDS = ("file_stored", "patient_taken_in", "database_adopted")


def upgrade() -> None:
    op.create_table_if_missing(
        TABLE,
        op.required(op.big_id(), "id"),
        op.required(sa.String(32), "kind"),
        op.optional(sa.BigInteger(), "session_id", "set_aside_id"),
        op.required(sa.Integer(), "conflicts", "set_aside", "found"),
        op.required(op.instant(), "created_at"),
        one_of={"kind": KINDS},
    )


def downgrade() -> None:
    op.drop_table(TABLE, if_exists=True)
