"""When a file was last changed and which session it is: a file that is known need not be read again.

Keeps every row both ways. The rows that are there know neither until their file is read once more.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0002"
down_revision = "s0001"
branch_labels = None
depends_on = None
contract = False
loses = ()
# They come back as the files are read again.
derived = ("ingested_files.mtime_ns", "ingested_files.session_id")

TABLE = "ingested_files"
COLUMNS = ("mtime_ns", "session_id")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column_if_missing(TABLE, sa.Column(name, sa.BigInteger()))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column_if_exists(TABLE, name)
