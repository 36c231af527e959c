"""Record which correction of a session closed or reopened a conflict, so that a later correction can undo it.

Keeps every row. On downgrade the reviews stay and cannot be told from reviews by people.
"""

from alembic import op

revision = "p0012"
down_revision = "p0011"
contract = False
loses = ("conflict_reviews.session_decision_id",)


def upgrade() -> None:
    op.add_reference_if_missing("conflict_reviews", "session_decision_id", "session_decisions")


def downgrade() -> None:
    op.drop_reference_if_exists("conflict_reviews", "session_decision_id")
