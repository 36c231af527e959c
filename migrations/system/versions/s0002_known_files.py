"""When a file was last changed and which session it is: a file that is known need not be read again.

Keeps every row both ways. The rows that are there know neither until their file is read once more.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database.schema import lacks_column

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
    # Each operation bears to be run again: two of the three products commit at each statement.
    for name in COLUMNS:
        if op.get_context().as_sql or lacks_column(op.get_bind(), TABLE, name):
            op.add_column(TABLE, sa.Column(name, sa.BigInteger()))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        if op.get_context().as_sql or not lacks_column(op.get_bind(), TABLE, name):
            op.drop_column(TABLE, name)
