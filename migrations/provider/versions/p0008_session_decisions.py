"""Decisions of people about whole sessions: held files that were accepted, times that were corrected.

Keeps every row. On downgrade the decisions are dropped.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "p0008"
down_revision = "p0007"
branch_labels = None
depends_on = None
contract = False
loses = ("session_decisions",)


BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table_if_missing(
        "session_decisions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("extraction_session_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("old_value", sa.String(255)),
        sa.Column("new_value", sa.String(255)),
        sa.Column("decided_by", sa.String(255), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("why", LONG_TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["extraction_session_id"], ["extraction_sessions.id"], name="fk_session_decisions_extraction_session_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_session_decisions"),
    )
    op.create_index_if_missing(
        "ix_session_decisions_extraction_session_id_decided_at",
        "session_decisions",
        ["extraction_session_id", "decided_at"],
    )


def downgrade() -> None:
    op.drop_table("session_decisions", if_exists=True)
