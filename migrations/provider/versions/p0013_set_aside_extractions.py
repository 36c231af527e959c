"""Record which stored extraction was set aside: one that was stored as data before it was known to have failed.

Keeps every row. On downgrade the extractions stay set aside and cannot be put back.
"""

from alembic import op

revision = "p0013"
down_revision = "p0012"
contract = False
loses = ("set_aside_patients.patient_extraction_id",)


def upgrade() -> None:
    op.add_reference_if_missing("set_aside_patients", "patient_extraction_id", "patient_extractions")


def downgrade() -> None:
    op.drop_reference_if_exists("set_aside_patients", "patient_extraction_id")
