"""The steps in the review of a conflict are numbered: 1, 2, 3 ... within each conflict.

Keeps every row both ways. Existing rows have no number until the next revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0003"
down_revision = "p0002"
contract = False
loses = ()
# The numbers follow from the order of the rows.
derived = ("conflict_reviews.step",)


def upgrade() -> None:
    op.add_column_if_missing("conflict_reviews", sa.Column("step", sa.Integer()))


def downgrade() -> None:
    op.drop_column_if_exists("conflict_reviews", "step")
