"""A database that is in the middle of a migration says so itself: an ingest of any version keeps out.

Keeps every row both ways.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database import guarded
from webautodash.database.products import types

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
    guarded.add_column(op, TABLE, sa.Column("migrating_to", sa.String(32)))
    guarded.add_column(op, TABLE, sa.Column("migrating_since", types.UtcDateTime()))


def downgrade() -> None:
    for name in ("migrating_since", "migrating_to"):
        guarded.drop_column(op, TABLE, name)
