"""Which Results folders belong to the store, and an index that finds a file's content whatever its path.

Keeps every row of the other tables. On the way back the folders go; the first monitor or ingest records its own again.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database import guarded
from webautodash.database.products import types

revision = "s0010"
down_revision = "s0009"
branch_labels = None
depends_on = None
contract = False
loses = ("results_roots",)

INDEX = "ix_ingested_files_content_sha256"


def upgrade() -> None:
    op.create_table(
        "results_roots",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("folder", types.LongText, nullable=False),
        sa.Column("folder_sha256", types.Sha256, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_results_roots"),
        sa.UniqueConstraint("name", "folder_sha256", name="uq_results_roots_name_folder_sha256"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, INDEX, "ingested_files", ["content_sha256"])


def downgrade() -> None:
    guarded.drop_index(op, INDEX, "ingested_files")
    op.drop_table("results_roots", if_exists=True)
