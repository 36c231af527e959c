"""${message}

Keeps: what becomes of the rows that are there.
"""

import sqlalchemy as sa
from alembic import op

${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}
# Whether it drops, renames or narrows something that the previous version of the program still uses.
contract = False
# Tables, and columns as "table.column", that the way back takes away; derived are those that hold nothing of their own.
loses = ()
derived = ()


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
