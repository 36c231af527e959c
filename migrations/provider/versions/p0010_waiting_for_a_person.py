"""Who waits for a person, who decided, and what is compared with a patient beside the fields that have a column.

Keeps every row both ways. Rows that are there have none of it: a PRN is read out of the kept JSON where it is asked
for, unknown demographic fields out of the extraction that a patient's values come from.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database import guarded
from webautodash.database.products import types

revision = "p0010"
down_revision = "p0009"
branch_labels = None
depends_on = None
contract = False
loses = ("set_aside_patients.decided_by", "set_aside_patients.decided_why", "data_conflicts.found_in_session_id")
# The PRN stands in the kept JSON, the fields in the extractions.
derived = ("set_aside_patients.prn", "patients.other_demographics")

REASONS, FOUND_IN = "ix_set_aside_patients_reason_prn", "ix_data_conflicts_found_in_session_id"


def upgrade() -> None:
    guarded.add_column(op, "patients", sa.Column("other_demographics", types.JsonText()))
    guarded.add_column(op, "set_aside_patients", sa.Column("prn", types.bytewise(128)))
    guarded.add_column(op, "set_aside_patients", sa.Column("decided_by", sa.String(255)))
    guarded.add_column(op, "set_aside_patients", sa.Column("decided_why", types.LongText))
    guarded.create_index(op, REASONS, "set_aside_patients", ["reason", "prn"])
    guarded.add_column(op, "data_conflicts", sa.Column("found_in_session_id", types.BigId))
    guarded.create_index(op, FOUND_IN, "data_conflicts", ["found_in_session_id"])


def downgrade() -> None:
    guarded.drop_index(op, FOUND_IN, "data_conflicts")
    guarded.drop_column(op, "data_conflicts", "found_in_session_id")
    guarded.drop_index(op, REASONS, "set_aside_patients")
    for name in ("decided_why", "decided_by", "prn"):
        guarded.drop_column(op, "set_aside_patients", name)
    guarded.drop_column(op, "patients", "other_demographics")
