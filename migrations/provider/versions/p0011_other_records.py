"""A table for lists of a patient that have no table of their own, and its number of rows for each session.

Keeps every row both ways, except the rows of the new table, which a downgrade drops. Earlier versions of the program
do not write the count: they write none of these rows.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "p0011"
down_revision = "p0010"
branch_labels = None
depends_on = None
contract = False
loses = ("other_records",)
derived = ("extraction_sessions.other_records",)

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table_if_missing(
        "other_records",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("patient_extraction_id", BIG_ID, nullable=False),
        sa.Column("section", sa.String(255)),
        sa.Column("label", LONG_TEXT),
        sa.Column("value", LONG_TEXT),
        sa.Column("unit", sa.String(255)),
        sa.Column("date", sa.Date()),
        sa.Column("date_text", sa.String(255)),
        sa.Column("row_index", sa.Integer()),
        sa.Column("extraction_method", sa.String(255)),
        sa.Column("extracted_at", sa.String(255)),
        sa.Column("extra", LONG_TEXT),
        sa.ForeignKeyConstraint(
            ["patient_extraction_id"], ["patient_extractions.id"], name="fk_other_records_patient_extraction_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_other_records"),
    )
    op.create_index_if_missing("ix_other_records_patient_extraction_id", "other_records", ["patient_extraction_id"])
    op.add_column_if_missing("extraction_sessions", sa.Column("other_records", sa.Integer(), server_default="0"))


def downgrade() -> None:
    op.drop_column_if_exists("extraction_sessions", "other_records")
    op.drop_table("other_records", if_exists=True)
