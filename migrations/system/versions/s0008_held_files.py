"""Why a file is held, and who accepted which held file.

Keeps every row. On downgrade the kinds and the acceptances are dropped.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "s0008"
down_revision = "s0007"
branch_labels = None
depends_on = None
contract = False
loses = ("file_acceptances",)
# Written again when the file is next read.
derived = ("ingested_files.kind",)

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
SHA256 = sa.String(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column_if_missing("ingested_files", sa.Column("kind", sa.String(32)))
    op.create_table_if_missing(
        "file_acceptances",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("path_sha256", SHA256, nullable=False),
        sa.Column("content_sha256", SHA256, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("extracted_at", INSTANT),
        sa.Column("accepted_by", sa.String(255), nullable=False),
        sa.Column("accepted_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_file_acceptances"),
        sa.UniqueConstraint(
            "path_sha256", "content_sha256", "kind", name="uq_file_acceptances_path_sha256_content_sha256_kind"
        ),
    )


def downgrade() -> None:
    op.drop_table("file_acceptances", if_exists=True)
    op.drop_column_if_exists("ingested_files", "kind")
