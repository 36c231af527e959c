"""One step of a conflict's review has one number: of two people who decide at once, the second looks again.

Keeps every row both ways.
"""

from alembic import op

revision = "p0005"
down_revision = "p0004"
branch_labels = None
depends_on = None
contract = False
loses = ()
cure = (
    "two reviews of one conflict have the same step; find them: SELECT conflict_id, step, COUNT(*) FROM "
    "conflict_reviews GROUP BY conflict_id, step HAVING COUNT(*) > 1; give each a step of its own"
)

NAME = "uq_conflict_reviews_conflict_id_step"


def upgrade() -> None:
    op.create_index_if_missing(NAME, "conflict_reviews", ["conflict_id", "step"], unique=True)


def downgrade() -> None:
    # The foreign key needs an index of its own before this one goes; the revision behind has put it back.
    op.drop_index_if_exists(NAME, "conflict_reviews")
