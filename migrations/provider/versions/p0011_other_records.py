"""A table for the lists of a patient that have no table of their own, and how many of its rows each session wrote.

Keeps every row both ways, except the rows of the new table, which the way back deletes. An earlier version of the
program leaves the count out: it writes none of these rows.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database import guarded
from webautodash.database.products import types

revision = "p0011"
down_revision = "p0010"
branch_labels = None
depends_on = None
contract = False
loses = ("other_records",)
derived = ("extraction_sessions.other_records",)


def upgrade() -> None:
    op.create_table(
        "other_records",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("patient_extraction_id", types.BigId, nullable=False),
        sa.Column("section", sa.String(255)),
        sa.Column("label", types.LongText),
        sa.Column("value", types.LongText),
        sa.Column("unit", sa.String(255)),
        sa.Column("date", sa.Date()),
        sa.Column("date_text", sa.String(255)),
        sa.Column("row_index", sa.Integer()),
        sa.Column("extraction_method", sa.String(255)),
        sa.Column("extracted_at", sa.String(255)),
        sa.Column("extra", types.JsonText()),
        sa.ForeignKeyConstraint(
            ["patient_extraction_id"], ["patient_extractions.id"], name="fk_other_records_patient_extraction_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_other_records"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, "ix_other_records_patient_extraction_id", "other_records", ["patient_extraction_id"])
    guarded.add_column(op, "extraction_sessions", sa.Column("other_records", sa.Integer(), server_default="0"))


def downgrade() -> None:
    guarded.drop_column(op, "extraction_sessions", "other_records")
    op.drop_table("other_records", if_exists=True)
