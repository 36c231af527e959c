"""All databases of one installation: where each stands, migrations of all of them, drift."""

from webautodash.domain.vocabulary import RevisionStatus
from webautodash.repositories.migrations import Run
from webautodash.services.fleet.databases import DatabaseRevision, member_of, overview, read_revision, system_member
from webautodash.services.fleet.downgrade_one import (
    DowngradePlan,
    Loss,
    downgrade_provider,
    plan_downgrade,
    require_no_loss,
)
from webautodash.services.fleet.drift import DriftReport, check_all
from webautodash.services.fleet.migrate_all import WORKER_MODULES, FleetReport, OnResult, resume, upgrade_all
from webautodash.services.fleet.migrate_one import MigrationResult
from webautodash.services.fleet.migration_runs import RunReport, is_at_work, run_report, runs
from webautodash.services.fleet.plan import (
    DryRun,
    MigrationScript,
    Plan,
    PlannedMigration,
    Scripts,
    Wave,
    dry_run,
    migration_scripts,
)

__all__ = [
    "WORKER_MODULES",
    "DatabaseRevision",
    "DowngradePlan",
    "DriftReport",
    "DryRun",
    "FleetReport",
    "Loss",
    "MigrationResult",
    "MigrationScript",
    "OnResult",
    "Plan",
    "PlannedMigration",
    "RevisionStatus",
    "Run",
    "RunReport",
    "Scripts",
    "Wave",
    "check_all",
    "downgrade_provider",
    "dry_run",
    "is_at_work",
    "member_of",
    "migration_scripts",
    "overview",
    "plan_downgrade",
    "read_revision",
    "require_no_loss",
    "resume",
    "run_report",
    "runs",
    "system_member",
    "upgrade_all",
]
