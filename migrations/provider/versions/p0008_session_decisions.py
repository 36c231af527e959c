"""What people decided about whole sessions: held files that they accepted, times that they corrected.

Keeps every row. On the way back the decisions go.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from webautodash.database import guarded
from webautodash.database.products import types

revision = "p0008"
down_revision = "p0007"
branch_labels = None
depends_on = None
contract = False
loses = ("session_decisions",)

TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "session_decisions",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("extraction_session_id", types.BigId, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("old_value", sa.String(255)),
        sa.Column("new_value", sa.String(255)),
        sa.Column("decided_by", sa.String(255), nullable=False),
        sa.Column("decided_at", types.UtcDateTime(), nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["extraction_session_id"], ["extraction_sessions.id"], name="fk_session_decisions_extraction_session_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_session_decisions"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(
        op,
        "ix_session_decisions_extraction_session_id_decided_at",
        "session_decisions",
        ["extraction_session_id", "decided_at"],
    )


def downgrade() -> None:
    op.drop_table("session_decisions", if_exists=True)
