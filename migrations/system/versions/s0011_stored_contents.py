"""Which provider's database has, or is about to have, a file of some bytes.

Keeps every row of the other tables. On the way back the table goes; rows for files that are taken later come again.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database import guarded
from webautodash.database.products import types

revision = "s0011"
down_revision = "s0010"
branch_labels = None
depends_on = None
contract = False
loses = ("stored_contents",)


def upgrade() -> None:
    op.create_table(
        "stored_contents",
        sa.Column("content_sha256", types.Sha256, nullable=False),
        sa.Column("provider_id", types.BigId, nullable=False),
        sa.Column("claimed_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("content_sha256", name="pk_stored_contents"),
        **guarded.TABLE_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("stored_contents", if_exists=True)
