"""The modification time and the session of a file, so that a file that was ingested need not be read again.

Keeps every row both ways. Existing rows get both when their file is next read.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0002"
down_revision = "s0001"
contract = False
loses = ()
# Written again when the files are next read.
derived = ("ingested_files.mtime_ns", "ingested_files.session_id")

TABLE = "ingested_files"
COLUMNS = ("mtime_ns", "session_id")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column_if_missing(TABLE, sa.Column(name, sa.BigInteger()))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column_if_exists(TABLE, name)
