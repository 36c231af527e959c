"""A database that is in the middle of a migration says so itself: an ingest of any version keeps out.

Keeps every row both ways.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database.dialects import types
from webautodash.database.schema import lacks_column

revision = "p0002"
down_revision = "p0001"
branch_labels = None
depends_on = None
contract = False
loses = ()
# Empty whenever the way back takes them away.
derived = ("database_identity.migrating_to", "database_identity.migrating_since")

TABLE = "database_identity"


def upgrade() -> None:
    # Each operation bears to be run again: two of the three products commit at each statement.
    add("migrating_to", sa.String(32))
    add("migrating_since", types.UtcDateTime())


def add(name: str, type_: sa.types.TypeEngine) -> None:
    """Add the column where it is missing."""
    if op.get_context().as_sql or lacks_column(op.get_bind(), TABLE, name):
        op.add_column(TABLE, sa.Column(name, type_))


def downgrade() -> None:
    for name in ("migrating_since", "migrating_to"):
        if op.get_context().as_sql or not lacks_column(op.get_bind(), TABLE, name):
            op.drop_column(TABLE, name)
