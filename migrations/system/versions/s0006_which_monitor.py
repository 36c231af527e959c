"""Identify the process and the row of a monitor reliably: process ids are reused, and so may be row ids.

Keeps every row both ways. A running monitor identifies itself in a new row.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0006"
down_revision = "s0005"
contract = False
loses = ()
# Written again with each monitor's next row.
derived = ("monitors.token", "monitors.process")

TABLE = "monitors"
COLUMNS = {"token": 32, "process": 255}


def upgrade() -> None:
    for name, length in COLUMNS.items():
        op.add_column_if_missing(TABLE, sa.Column(name, sa.String(length)))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column_if_exists(TABLE, name)
