"""A table for lists of a patient that have no table of their own, and its number of rows for each session.

Keeps every row both ways, except the rows of the new table, which a downgrade drops. Earlier versions of the program
do not write the count: they write none of these rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0011"
down_revision = "p0010"
contract = False
loses = ("other_records",)
derived = ("extraction_sessions.other_records",)


def upgrade() -> None:
    op.create_table_if_missing(
        "other_records",
        op.required(op.big_id(), "id", "patient_extraction_id"),
        op.optional(sa.String(255), "section"),
        op.optional(op.long_text(), "label", "value"),
        op.optional(sa.String(255), "unit"),
        op.optional(sa.Date(), "date"),
        op.optional(sa.String(255), "date_text"),
        op.optional(sa.Integer(), "row_index"),
        op.optional(sa.String(255), "extraction_method", "extracted_at"),
        op.optional(op.long_text(), "extra"),
        references={"patient_extraction_id": "patient_extractions"},
    )
    op.create_index_if_missing("ix_other_records_patient_extraction_id", "other_records", ["patient_extraction_id"])
    op.add_column_if_missing("extraction_sessions", sa.Column("other_records", sa.Integer(), server_default="0"))


def downgrade() -> None:
    op.drop_column_if_exists("extraction_sessions", "other_records")
    op.drop_table("other_records", if_exists=True)
