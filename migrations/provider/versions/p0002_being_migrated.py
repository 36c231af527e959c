"""A database records that a migration is running on it, so that ingests of any version keep out.

Keeps every row both ways.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0002"
down_revision = "p0001"
contract = False
loses = ()
# Always empty when a downgrade drops them.
derived = ("database_identity.migrating_to", "database_identity.migrating_since")

TABLE = "database_identity"


def upgrade() -> None:
    op.add_column_if_missing(TABLE, sa.Column("migrating_to", sa.String(32)))
    op.add_column_if_missing(TABLE, sa.Column("migrating_since", op.instant()))


def downgrade() -> None:
    for name in ("migrating_since", "migrating_to"):
        op.drop_column_if_exists(TABLE, name)
