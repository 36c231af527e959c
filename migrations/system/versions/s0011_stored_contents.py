"""Which provider's database holds, or is about to hold, a file content.

Keeps every row of the other tables. On downgrade the table is dropped; rows for files that are stored later come again.
"""

from alembic import op

revision = "s0011"
down_revision = "s0010"
contract = False
loses = ("stored_contents",)


def upgrade() -> None:
    op.create_table_if_missing(
        "stored_contents",
        op.required(op.sha256(), "content_sha256"),
        op.required(op.big_id(), "provider_id"),
        op.required(op.instant(), "claimed_at"),
        key="content_sha256",
    )


def downgrade() -> None:
    op.drop_table("stored_contents", if_exists=True)
