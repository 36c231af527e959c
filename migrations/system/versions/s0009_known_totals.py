"""Numbers that reveal a restored backup or a wrong clock.

Keeps every row both ways. Existing rows get their numbers when their database, or lease, is next used.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0009"
down_revision = "s0008"
contract = False
loses = ()
derived = (
    "providers.last_session_id",
    "providers.last_session_sha256",
    "providers.total_reviews",
    "leases.seconds",
)


def upgrade() -> None:
    op.add_column_if_missing("providers", sa.Column("last_session_id", sa.BigInteger()))
    op.add_column_if_missing("providers", sa.Column("last_session_sha256", op.sha256()))
    op.add_column_if_missing("providers", sa.Column("total_reviews", sa.Integer()))
    op.add_column_if_missing("leases", sa.Column("seconds", sa.Integer()))


def downgrade() -> None:
    for column in reversed(derived):
        op.drop_column_if_exists(*column.split("."))
