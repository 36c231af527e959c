"""The index on a review's conflict goes: the unique one before serves its queries and its foreign key.

Keeps every row both ways.
"""

from alembic import op

from webautodash.database.schema import lacks_index

revision = "p0006"
down_revision = "p0005"
branch_labels = None
depends_on = None
# An index that goes breaks no program of before.
contract = False
loses = ()

NAME = "ix_conflict_reviews_conflict_id"


def upgrade() -> None:
    if op.get_context().as_sql or not lacks_index(op.get_bind(), "conflict_reviews", NAME):
        op.drop_index(NAME, "conflict_reviews")


def downgrade() -> None:
    if op.get_context().as_sql or lacks_index(op.get_bind(), "conflict_reviews", NAME):
        op.create_index(NAME, "conflict_reviews", ["conflict_id"])
