"""Why a file is held, and who accepted which held file.

Keeps every row. On the way back the kinds and the acceptances go.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database import guarded
from webautodash.database.products import types

revision = "s0008"
down_revision = "s0007"
branch_labels = None
depends_on = None
contract = False
loses = ("file_acceptances",)
# Written again when the file is next read.
derived = ("ingested_files.kind",)


def upgrade() -> None:
    guarded.add_column(op, "ingested_files", sa.Column("kind", sa.String(32)))
    op.create_table(
        "file_acceptances",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("path_sha256", types.Sha256, nullable=False),
        sa.Column("content_sha256", types.Sha256, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("extracted_at", types.UtcDateTime()),
        sa.Column("accepted_by", sa.String(255), nullable=False),
        sa.Column("accepted_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_file_acceptances"),
        sa.UniqueConstraint(
            "path_sha256", "content_sha256", "kind", name="uq_file_acceptances_path_sha256_content_sha256_kind"
        ),
        **guarded.TABLE_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("file_acceptances", if_exists=True)
    guarded.drop_column(op, "ingested_files", "kind")
