"""Which provider's database holds, or is about to hold, a file content.

Keeps every row of the other tables. On downgrade the table is dropped; rows for files that are stored later come again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "s0011"
down_revision = "s0010"
branch_labels = None
depends_on = None
contract = False
loses = ("stored_contents",)

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
SHA256 = sa.String(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table_if_missing(
        "stored_contents",
        sa.Column("content_sha256", SHA256, nullable=False),
        sa.Column("provider_id", BIG_ID, nullable=False),
        sa.Column("claimed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("content_sha256", name="pk_stored_contents"),
    )


def downgrade() -> None:
    op.drop_table("stored_contents", if_exists=True)
