"""Number the existing review steps, in the order in which they were written.

Keeps every row both ways. On downgrade the numbers stay; the revision before drops their column.
"""

from alembic import op

revision = "p0004"
down_revision = "p0003"
contract = False
loses = ()

# Rows are only ever added, so the number of a row is the number of rows of its conflict up to this one. The derived
# table is for MySQL, which does not read a table that it updates. Safe to repeat: only rows without a number change.
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
    """Nothing to undo: the numbers do no harm."""
