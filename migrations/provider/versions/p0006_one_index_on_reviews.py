"""Drop the index on the conflict of a review: the unique index serves its queries and its foreign key.

Keeps every row both ways.
"""

from alembic import op

revision = "p0006"
down_revision = "p0005"
# Earlier versions of the program work without this index.
contract = False
loses = ()

NAME = "ix_conflict_reviews_conflict_id"


def upgrade() -> None:
    op.drop_index_if_exists(NAME, "conflict_reviews")


def downgrade() -> None:
    op.create_index_if_missing(NAME, "conflict_reviews", ["conflict_id"])
