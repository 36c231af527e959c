"""The Results folders of the store, and an index that finds a file's content whatever its path.

Keeps every row of the other tables. On downgrade the folders are dropped; the next monitor or ingest records its own.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "s0010"
down_revision = "s0009"
branch_labels = None
depends_on = None
contract = False
loses = ("results_roots",)

INDEX = "ix_ingested_files_content_sha256"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
SHA256 = sa.String(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table_if_missing(
        "results_roots",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("folder", LONG_TEXT, nullable=False),
        sa.Column("folder_sha256", SHA256, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_results_roots"),
        sa.UniqueConstraint("name", "folder_sha256", name="uq_results_roots_name_folder_sha256"),
    )
    op.create_index_if_missing(INDEX, "ingested_files", ["content_sha256"])


def downgrade() -> None:
    op.drop_index_if_exists(INDEX, "ingested_files")
    op.drop_table("results_roots", if_exists=True)
