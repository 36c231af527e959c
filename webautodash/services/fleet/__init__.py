"""All databases of one installation: where each stands, migrations of all of them, drift."""

from webautodash.domain.vocabulary import RevisionStatus as RevisionStatus
from webautodash.repositories.migrations import Run as Run
from webautodash.services.fleet.databases import (
    DatabaseRevision as DatabaseRevision,
    member_of as member_of,
    overview as overview,
    read_revision as read_revision,
    system_member as system_member,
)
from webautodash.services.fleet.downgrade_one import (
    DowngradePlan as DowngradePlan,
    downgrade_provider as downgrade_provider,
    plan_downgrade as plan_downgrade,
    require_no_loss as require_no_loss,
)
from webautodash.services.fleet.drift import DriftReport as DriftReport, check_all as check_all
from webautodash.services.fleet.migrate_all import (
    WORKER_MODULES as WORKER_MODULES,
    FleetReport as FleetReport,
    OnResult as OnResult,
    resume as resume,
    upgrade_all as upgrade_all,
)
from webautodash.services.fleet.migrate_one import MigrationResult as MigrationResult
from webautodash.services.fleet.migration_runs import (
    RunReport as RunReport,
    is_at_work as is_at_work,
    run_report as run_report,
    runs as runs,
)
from webautodash.services.fleet.plan import (
    DryRun as DryRun,
    Plan as Plan,
    Scripts as Scripts,
    Wave as Wave,
    dry_run as dry_run,
    migration_scripts as migration_scripts,
)
