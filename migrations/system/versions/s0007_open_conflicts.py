"""The number of open conflicts of each provider, so that nobody has to open every database for it.

Keeps every row both ways. Existing rows get the numbers when their provider's database is next read.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0007"
down_revision = "s0006"
contract = False
loses = ()
# Counted again with the provider's next file or review.
derived = ("providers.open_low", "providers.open_medium", "providers.open_high", "providers.open_critical")

TABLE = "providers"
COLUMNS = ("open_low", "open_medium", "open_high", "open_critical")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column_if_missing(TABLE, sa.Column(name, sa.Integer()))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column_if_exists(TABLE, name)
