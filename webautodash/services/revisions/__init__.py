"""Schema histories: where a database stands, and its upgrade or downgrade, one revision at a time.

The only package that imports Alembic, and only inside functions: most commands find every database at head, and the
import takes longer than they do. Alembic keeps state in modules: one migration at a time per process.
"""

from webautodash.services.revisions.apply_revisions import (
    RevisionListener as RevisionListener,
    downgrade as downgrade,
    losses as losses,
    upgrade as upgrade,
)
from webautodash.services.revisions.histories import (
    Revision as Revision,
    RevisionStatements as RevisionStatements,
    SchemaHistory as SchemaHistory,
    all_revisions as all_revisions,
    describe as describe,
    head as head,
    knows as knows,
    pending as pending,
    previous as previous,
    require_known as require_known,
    sha256_of as sha256_of,
    upgrade_sql as upgrade_sql,
)
from webautodash.services.revisions.migration_lock import block_migrations as block_migrations
from webautodash.services.revisions.revision_status import (
    current as current,
    is_migrating_on as is_migrating_on,
    refusal as refusal,
    refuse_foreign as refuse_foreign,
    refuse_legacy_database as refuse_legacy_database,
    require_head as require_head,
    revision_on as revision_on,
    revision_status as revision_status,
)
