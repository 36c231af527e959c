"""A checksum of every row of an extraction, so that a changed byte is found and its row named.

Keeps every row both ways. Existing rows get no checksum: nobody knows what they were when they were written.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0007"
down_revision = "p0006"
contract = False
loses = ()
# Checksums of the rows as they were written; `verify` counts the extractions that have none.
derived = ("patient_extractions.row_checks",)


def upgrade() -> None:
    op.add_column_if_missing("patient_extractions", sa.Column("row_checks", op.long_text()))


def downgrade() -> None:
    op.drop_column_if_exists("patient_extractions", "row_checks")
