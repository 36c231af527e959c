"""Record how many patients of each file have empty lists, from which the program learns what is usual.

Keeps every row both ways. The column is null for earlier sessions: they tell nothing about what is usual.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0017"
down_revision = "p0016"
contract = False
loses = ("extraction_sessions.list_counts",)


def upgrade() -> None:
    op.add_column_if_missing("extraction_sessions", sa.Column("list_counts", op.long_text()))


def downgrade() -> None:
    op.drop_column_if_exists("extraction_sessions", "list_counts")
