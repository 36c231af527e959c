"""Decisions of people about whole sessions: held files that were accepted, times that were corrected.

Keeps every row. On downgrade the decisions are dropped.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0008"
down_revision = "p0007"
contract = False
loses = ("session_decisions",)


def upgrade() -> None:
    op.create_table_if_missing(
        "session_decisions",
        op.required(op.big_id(), "id", "extraction_session_id"),
        op.required(sa.String(32), "kind"),
        op.optional(sa.String(255), "old_value", "new_value"),
        op.required(sa.String(255), "decided_by"),
        op.required(op.instant(), "decided_at"),
        op.required(op.long_text(), "why"),
        references={"extraction_session_id": "extraction_sessions"},
    )
    op.create_index_if_missing(
        "ix_session_decisions_extraction_session_id_decided_at",
        "session_decisions",
        ["extraction_session_id", "decided_at"],
    )


def downgrade() -> None:
    op.drop_table("session_decisions", if_exists=True)
