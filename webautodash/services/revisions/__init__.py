"""Schema histories: where a database stands, and its upgrade or downgrade, one revision at a time.

The only package that imports Alembic, and only inside functions: most commands find every database at head, and the
import takes longer than they do. Alembic keeps state in modules: one migration at a time per process.
"""

from webautodash.services.revisions.apply_revisions import RevisionListener, downgrade, losses, upgrade
from webautodash.services.revisions.histories import (
    Revision,
    RevisionStatements,
    SchemaHistory,
    all_revisions,
    describe,
    head,
    knows,
    pending,
    previous,
    require_known,
    sha256_of,
    upgrade_sql,
)
from webautodash.services.revisions.migration_lock import block_migrations
from webautodash.services.revisions.revision_status import (
    current,
    is_migrating_on,
    refusal,
    refuse_earlier_scripts,
    refuse_foreign,
    require_head,
    revision_on,
    revision_status,
)

__all__ = [
    "Revision",
    "RevisionListener",
    "RevisionStatements",
    "SchemaHistory",
    "all_revisions",
    "block_migrations",
    "current",
    "describe",
    "downgrade",
    "head",
    "is_migrating_on",
    "knows",
    "losses",
    "pending",
    "previous",
    "refusal",
    "refuse_earlier_scripts",
    "refuse_foreign",
    "require_head",
    "require_known",
    "revision_on",
    "revision_status",
    "sha256_of",
    "upgrade",
    "upgrade_sql",
]
