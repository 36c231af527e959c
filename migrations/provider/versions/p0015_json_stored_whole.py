"""Record whether the tables hold all of a set-aside patient's kept JSON, so that retention may delete it.

Keeps every row both ways. For existing rows nobody knows: their JSON is kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0015"
down_revision = "p0014"
contract = False
loses = ("set_aside_patients.is_stored_whole",)


def upgrade() -> None:
    op.add_column_if_missing("set_aside_patients", sa.Column("is_stored_whole", sa.Boolean()))


def downgrade() -> None:
    op.drop_column_if_exists("set_aside_patients", "is_stored_whole")
