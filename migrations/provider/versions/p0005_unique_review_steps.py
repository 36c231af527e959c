"""A unique index on the review steps: of two people who decide at the same time, the second has to look again.

Keeps every row both ways.
"""

from alembic import op

revision = "p0005"
down_revision = "p0004"
contract = False
loses = ()
cure = (
    "two reviews of one conflict have the same step; find them: SELECT conflict_id, step, COUNT(*) FROM "
    "conflict_reviews GROUP BY conflict_id, step HAVING COUNT(*) > 1; and number them differently"
)

NAME = "uq_conflict_reviews_conflict_id_step"


def upgrade() -> None:
    op.create_index_if_missing(NAME, "conflict_reviews", ["conflict_id", "step"], unique=True)


def downgrade() -> None:
    # The foreign key needs another index first; the downgrade of the next revision has created it.
    op.drop_index_if_exists(NAME, "conflict_reviews")
