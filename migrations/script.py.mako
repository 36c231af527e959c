"""${message}

Keeps: what becomes of existing rows, on upgrade and on downgrade.
"""

import sqlalchemy as sa
from alembic import op

${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
# Whether it drops, renames or narrows something that the previous version of the program still uses.
contract = False
# Tables, and columns as "table.column", that a downgrade drops; derived are those whose values can be computed again.
loses = ()
derived = ()


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
