"""Numbers that reveal a restored backup or a wrong clock.

Keeps every row both ways. Existing rows get their numbers when their database, or lease, is next used.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "s0009"
down_revision = "s0008"
branch_labels = None
depends_on = None
contract = False
loses = ()
derived = (
    "providers.last_session_id",
    "providers.last_session_sha256",
    "providers.total_reviews",
    "leases.seconds",
)

SHA256 = sa.String(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")

COLUMNS = (
    ("providers", "last_session_id", sa.BigInteger()),
    ("providers", "last_session_sha256", SHA256),
    ("providers", "total_reviews", sa.Integer()),
    ("leases", "seconds", sa.Integer()),
)


def upgrade() -> None:
    for table, name, kind in COLUMNS:
        op.add_column_if_missing(table, sa.Column(name, kind))


def downgrade() -> None:
    for table, name, _ in reversed(COLUMNS):
        op.drop_column_if_exists(table, name)
