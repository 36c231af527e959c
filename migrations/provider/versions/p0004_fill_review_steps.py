"""Numbers for the reviews that are there, in the order in which they were written.

Keeps every row both ways; on the way back the numbers stay for the revision before, which takes their column away.
"""

from alembic import op

revision = "p0004"
down_revision = "p0003"
branch_labels = None
depends_on = None
contract = False
loses = ()

# Rows are only ever added, so a row's number is how many of its conflict came up to it. Through a derived table: MySQL
# does not read the table that it changes. Run again it changes what is still without a number.
FILL = """
UPDATE conflict_reviews SET step = (
    SELECT counted.place FROM (
        SELECT later.id AS id, COUNT(*) AS place
        FROM conflict_reviews AS later
        JOIN conflict_reviews AS earlier ON earlier.conflict_id = later.conflict_id AND earlier.id <= later.id
        GROUP BY later.id
    ) AS counted
    WHERE counted.id = conflict_reviews.id
)
WHERE step IS NULL
"""


def upgrade() -> None:
    op.execute(FILL)


def downgrade() -> None:
    """Nothing to undo: a number more is no harm."""
