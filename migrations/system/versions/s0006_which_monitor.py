"""Which process a monitor is, and which row is its own: its number may come again, and the row's number, too.

Keeps every row both ways. A monitor that is at work says who it is in a new row.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0006"
down_revision = "s0005"
branch_labels = None
depends_on = None
contract = False
loses = ()
# They come back with each monitor's next row.
derived = ("monitors.token", "monitors.process")

TABLE = "monitors"
COLUMNS = {"token": 32, "process": 255}


def upgrade() -> None:
    for name, length in COLUMNS.items():
        op.add_column_if_missing(TABLE, sa.Column(name, sa.String(length)))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column_if_exists(TABLE, name)
