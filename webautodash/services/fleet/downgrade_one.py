"""The way back of one database, which takes rows away only where that is said."""

from dataclasses import dataclass

from webautodash.errors import UsageError, WouldLoseRows
from webautodash.services import revisions
from webautodash.services.fleet.databases import database_of, of_provider
from webautodash.services.fleet.migrate_all import begin_run, run_lease
from webautodash.services.fleet.migrate_one import Job, MigrationResult, bring
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class Loss:
    """Rows, or values of a column, that the way back takes away."""

    what: str
    rows: int


@dataclass(frozen=True, slots=True)
class DowngradePlan:
    """What ``downgrade`` is about to do."""

    database: str
    provider: str
    before: str
    target: str
    revisions: tuple[str, ...]
    """Undone, in this order."""
    losses: tuple[Loss, ...]


def way_back(store: Store, provider: str, to: str) -> DowngradePlan:
    """What going back to a revision means for one database. Raises UsageError where it does not lie behind."""
    revisions.require_known(SchemaHistory.PROVIDER, to)
    member = of_provider(store, provider)
    database = database_of(store, member)
    found = revisions.current(database)
    if found is None or not revisions.knows(SchemaHistory.PROVIDER, found):
        raise UsageError(f"database {database.name} is at revision {found or 'none'}; there is no way back from there")
    undone = revisions.to_come(SchemaHistory.PROVIDER, to, found)[::-1]
    if not undone:
        raise UsageError(f"database {database.name} is at revision {found}; {to} does not lie behind it")
    with database.reading() as work:
        lost = revisions.losses(work.session.connection(), SchemaHistory.PROVIDER, undone)
    losses = tuple(Loss(what, rows) for what, rows in lost)
    return DowngradePlan(database.name, str(member.provider), found, to, tuple(undone), losses)


def require_no_loss(way: DowngradePlan, *, accept_loss: bool) -> None:
    """Raise WouldLoseRows unless nothing is lost, or that is accepted."""
    if way.losses and not accept_loss:
        raise WouldLoseRows(way.database, [(loss.what, loss.rows) for loss in way.losses])


def downgrade(store: Store, way: DowngradePlan, *, accept_loss: bool = False) -> MigrationResult:
    """Go back. What would be lost is counted again, revision by revision, when nobody writes any more.

    Raises WouldLoseRows unless that is accepted, and LeaseHeld where another run is at work.
    """
    require_no_loss(way, accept_loss=accept_loss)
    member = of_provider(store, way.provider)
    with run_lease(store, "migrate down"):
        run = begin_run(
            store, "down", {"to": way.target, "accept_loss": accept_loss}, [(member, way.before, way.target)]
        )
        result = bring(store, Job(run, member, way.before, way.target, down=True, accept_loss=accept_loss))
        store.system.run(lambda work: work.migration_runs.finish(run))
    return result
