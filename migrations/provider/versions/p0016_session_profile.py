"""Record the profile by which each file was read, and the SHA-256 of its text.

Keeps every row both ways. Files of earlier versions were all read as native; their columns stay null.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0016"
down_revision = "p0015"
contract = False
loses = ("extraction_sessions.profile", "extraction_sessions.profile_sha256")


def upgrade() -> None:
    op.add_column_if_missing("extraction_sessions", sa.Column("profile", sa.String(255)))
    op.add_column_if_missing("extraction_sessions", sa.Column("profile_sha256", op.sha256()))


def downgrade() -> None:
    op.drop_column_if_exists("extraction_sessions", "profile_sha256")
    op.drop_column_if_exists("extraction_sessions", "profile")
