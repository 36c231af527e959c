"""How often a file's reading was begun and did not end: a process that is killed over it leaves nothing else.

Keeps every row. On the way back the counts go; each file is then read again.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database import guarded
from webautodash.database.products import types

revision = "s0012"
down_revision = "s0011"
branch_labels = None
depends_on = None
contract = False
loses = ()
# Counted again when the file is next read.
derived = ("ingested_files.unfinished", "ingested_files.unfinished_look")


def upgrade() -> None:
    guarded.add_column(op, "ingested_files", sa.Column("unfinished", sa.Integer()))
    guarded.add_column(op, "ingested_files", sa.Column("unfinished_look", types.bytewise(64)))


def downgrade() -> None:
    guarded.drop_column(op, "ingested_files", "unfinished_look")
    guarded.drop_column(op, "ingested_files", "unfinished")
