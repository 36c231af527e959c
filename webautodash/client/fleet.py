"""Migrations of all databases together."""

from collections.abc import Sequence

from webautodash.client.installation import Group
from webautodash.services import fleet
from webautodash.services.callbacks import ignore
from webautodash.services.fleet import (
    DatabaseRevision as DatabaseRevision,
    DowngradePlan as DowngradePlan,
    DriftReport as DriftReport,
    DryRun as DryRun,
    FleetReport as FleetReport,
    MigrationResult as MigrationResult,
    OnResult as OnResult,
    Plan as Plan,
    RevisionStatus as RevisionStatus,
    Run as Run,
    RunReport as RunReport,
    Scripts as Scripts,
    Wave as Wave,
)
from webautodash.services.store import Store
from webautodash.services.workers import preload


class Fleet(Group):
    """Methods about the schemas of all databases: ``WebAutoDash().fleet``."""

    def upgrade(self, plan: Plan | None = None, *, on_result: OnResult = ignore) -> FleetReport:
        """Migrate every database, the system database first; a failure is that database's result."""
        with Store.attach(self._installation.settings) as store:
            return fleet.upgrade_all(store, plan or Plan(), on_result)

    def dry_run(self, plan: Plan | None = None) -> DryRun:
        """Report what ``upgrade`` would do, and in which order."""
        with Store.attach(self._installation.settings) as store:
            return fleet.dry_run(store, plan or Plan())

    def resume(self, run: int, *, workers: int = 1, on_result: OnResult = ignore) -> FleetReport:
        """Migrate the databases that an earlier run did not finish."""
        with Store.open(self._installation.settings, schema=True) as store:
            return fleet.resume(store, run, workers, on_result)

    def runs(self, limit: int = 20) -> list[Run]:
        """Return earlier runs, newest first."""
        with Store.open(self._installation.settings, schema=True) as store:
            return fleet.runs(store, limit)

    def run(self, number: int) -> RunReport:
        """Return an earlier run with the result of each database."""
        with Store.open(self._installation.settings, schema=True) as store:
            return fleet.run_report(store, number)

    def revisions(self, providers: Sequence[str] = ()) -> list[DatabaseRevision]:
        """Return the revision of each database."""
        with Store.attach(self._installation.settings) as store:
            return fleet.overview(store, providers)

    def scripts(self, providers: Sequence[str] = (), to: str | None = None) -> Scripts:
        """Return the statements that ``upgrade`` would send, with their SHA-256."""
        with Store.attach(self._installation.settings) as store:
            return fleet.migration_scripts(store, providers, to)

    def check(self, providers: Sequence[str] = ()) -> list[DriftReport]:
        """Compare the tables of each database with those that its revision creates."""
        with Store.open(self._installation.settings, schema=True) as store:
            return fleet.check_all(store, providers)

    def plan_downgrade(self, provider: str, to: str, *, accept_loss: bool = False) -> DowngradePlan:
        """Report what ``downgrade`` would do. Raises WouldLoseRows where it deletes rows, unless ``accept_loss``."""
        with Store.open(self._installation.settings, schema=True) as store:
            way = fleet.plan_downgrade(store, provider, to)
            fleet.require_no_loss(way, accept_loss=accept_loss)
            return way

    def downgrade(self, way: DowngradePlan, *, accept_loss: bool = False) -> MigrationResult:
        """Take a provider's database back to an earlier revision. Raises WouldLoseRows as ``plan_downgrade`` does."""
        with Store.open(self._installation.settings, schema=True) as store:
            return fleet.downgrade_provider(store, way, accept_loss=accept_loss)


def preload_workers() -> None:
    """Begin to import what the worker processes of a migration need, while the caller does other work."""
    preload(fleet.WORKER_MODULES)
