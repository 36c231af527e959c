"""The index on a review's conflict goes: the unique one before serves its queries and its foreign key.

Keeps every row both ways.
"""

from alembic import op

from webautodash.database import guarded

revision = "p0006"
down_revision = "p0005"
branch_labels = None
depends_on = None
# Earlier versions of the program work without this index.
contract = False
loses = ()

NAME = "ix_conflict_reviews_conflict_id"


def upgrade() -> None:
    guarded.drop_index(op, NAME, "conflict_reviews")


def downgrade() -> None:
    guarded.create_index(op, NAME, "conflict_reviews", ["conflict_id"])
