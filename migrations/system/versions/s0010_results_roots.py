"""The Results folders of the store, and an index that finds a file's content whatever its path.

Keeps every row of the other tables. On downgrade the folders are dropped; the next monitor or ingest records its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0010"
down_revision = "s0009"
contract = False
loses = ("results_roots",)

INDEX = "ix_ingested_files_content_sha256"


def upgrade() -> None:
    op.create_table_if_missing(
        "results_roots",
        op.required(op.big_id(), "id"),
        op.required(sa.String(32), "name"),
        op.required(op.long_text(), "folder"),
        op.required(op.sha256(), "folder_sha256"),
        op.required(sa.String(255), "host"),
        op.required(op.instant(), "created_at"),
        unique=(("name", "folder_sha256"),),
    )
    op.create_index_if_missing(INDEX, "ingested_files", ["content_sha256"])


def downgrade() -> None:
    op.drop_index_if_exists(INDEX, "ingested_files")
    op.drop_table("results_roots", if_exists=True)
