"""Count attempts to read a file that never ended: a process that is killed leaves no other trace.

Keeps every row. On downgrade the counts are dropped; each file is then read again.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0012"
down_revision = "s0011"
contract = False
loses = ()
# Counted again when the file is next read.
derived = ("ingested_files.unfinished", "ingested_files.unfinished_look")


def upgrade() -> None:
    op.add_column_if_missing("ingested_files", sa.Column("unfinished", sa.Integer()))
    op.add_column_if_missing("ingested_files", sa.Column("unfinished_look", op.bytewise(64)))


def downgrade() -> None:
    op.drop_column_if_exists("ingested_files", "unfinished_look")
    op.drop_column_if_exists("ingested_files", "unfinished")
