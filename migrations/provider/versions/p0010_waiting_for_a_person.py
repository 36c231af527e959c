"""Columns for set-aside patients that need a decision, and for demographics that have no column.

Keeps every row both ways. The new columns stay empty in existing rows: a PRN is read from the kept JSON when it is
needed, unknown demographic fields from the extraction that a patient's values come from.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0010"
down_revision = "p0009"
contract = False
loses = ("set_aside_patients.decided_by", "set_aside_patients.decided_why", "data_conflicts.found_in_session_id")
# The PRN is in the kept JSON, the fields are in the extractions.
derived = ("set_aside_patients.prn", "patients.other_demographics")

REASONS, FOUND_IN = "ix_set_aside_patients_reason_prn", "ix_data_conflicts_found_in_session_id"


def upgrade() -> None:
    op.add_column_if_missing("patients", sa.Column("other_demographics", op.long_text()))
    op.add_column_if_missing("set_aside_patients", sa.Column("prn", op.bytewise(128)))
    op.add_column_if_missing("set_aside_patients", sa.Column("decided_by", sa.String(255)))
    op.add_column_if_missing("set_aside_patients", sa.Column("decided_why", op.long_text()))
    op.create_index_if_missing(REASONS, "set_aside_patients", ["reason", "prn"])
    op.add_column_if_missing("data_conflicts", sa.Column("found_in_session_id", op.big_id()))
    op.create_index_if_missing(FOUND_IN, "data_conflicts", ["found_in_session_id"])


def downgrade() -> None:
    op.drop_index_if_exists(FOUND_IN, "data_conflicts")
    op.drop_column_if_exists("data_conflicts", "found_in_session_id")
    op.drop_index_if_exists(REASONS, "set_aside_patients")
    for name in ("decided_why", "decided_by", "prn"):
        op.drop_column_if_exists("set_aside_patients", name)
    op.drop_column_if_exists("patients", "other_demographics")
