"""Why a file is held, and who accepted which held file.

Keeps every row. On downgrade the kinds and the acceptances are dropped.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0008"
down_revision = "s0007"
contract = False
loses = ("file_acceptances",)
# Written again when the file is next read.
derived = ("ingested_files.kind",)


def upgrade() -> None:
    op.add_column_if_missing("ingested_files", sa.Column("kind", sa.String(32)))
    op.create_table_if_missing(
        "file_acceptances",
        op.required(op.big_id(), "id"),
        op.required(op.sha256(), "path_sha256", "content_sha256"),
        op.required(sa.String(32), "kind"),
        op.optional(op.instant(), "extracted_at"),
        op.required(sa.String(255), "accepted_by"),
        op.required(op.instant(), "accepted_at"),
        unique=(("path_sha256", "content_sha256", "kind"),),
    )


def downgrade() -> None:
    op.drop_table("file_acceptances", if_exists=True)
    op.drop_column_if_exists("ingested_files", "kind")
