"""Schema histories: where a database stands, and bringing it to another revision, one revision at a time.

The only package that imports Alembic, and only where it has work for it: most commands find every database at head,
and Alembic takes longer to import than they take. It keeps its state in module-level proxies: one migration at a time
in a process.
"""

from webautodash.services.revisions.apply_revisions import RevisionListener, downgrade, losses, upgrade
from webautodash.services.revisions.histories import (
    Revision,
    SchemaHistory,
    Step,
    before,
    facts,
    hash_of,
    head,
    knows,
    line,
    require_known,
    script,
    to_come,
)
from webautodash.services.revisions.revision_status import (
    VERSION_COLUMN,
    VERSION_TABLE,
    current,
    database_by_hand,
    keep_out_migrations,
    refuse_earlier,
    refuse_other,
    require_head,
)

__all__ = [
    "VERSION_COLUMN",
    "VERSION_TABLE",
    "Revision",
    "RevisionListener",
    "SchemaHistory",
    "Step",
    "before",
    "current",
    "database_by_hand",
    "downgrade",
    "facts",
    "hash_of",
    "head",
    "keep_out_migrations",
    "knows",
    "line",
    "losses",
    "refuse_earlier",
    "refuse_other",
    "require_head",
    "require_known",
    "script",
    "to_come",
    "upgrade",
]
