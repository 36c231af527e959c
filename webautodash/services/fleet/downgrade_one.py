"""The downgrade of one provider's database; rows are deleted only if that is accepted."""

from dataclasses import dataclass

from webautodash.errors import UsageError, WouldLoseRows
from webautodash.services import revisions
from webautodash.services.fleet.databases import database_of, member_of
from webautodash.services.fleet.migrate_all import begin_run, run_lease
from webautodash.services.fleet.migrate_one import Job, MigrationResult, migrate_one
from webautodash.services.registry import resolve_provider
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class Loss:
    """Rows, or values of a column, that a downgrade deletes."""

    what: str
    rows: int


@dataclass(frozen=True, slots=True)
class DowngradePlan:
    """What ``downgrade_provider`` will do."""

    database: str
    provider: str
    before: str
    target: str
    revisions: tuple[str, ...]
    """The revisions to undo, in this order."""
    losses: tuple[Loss, ...]


def plan_downgrade(store: Store, provider: str, to: str) -> DowngradePlan:
    """Plan the downgrade of one database. Raises UsageError if ``to`` is not an earlier revision of it."""
    history = SchemaHistory.PROVIDER
    revisions.require_known(history, to)
    member = member_of(resolve_provider(store, provider))
    database = database_of(store, member)
    found = revisions.current(database)
    if found is None or not revisions.knows(history, found):
        raise UsageError(f"database {database.name} is at revision {found or 'none'} and cannot be downgraded from it")
    undone = revisions.pending(history, to, found)[::-1]
    if not undone:
        raise UsageError(f"database {database.name} is at revision {found}; {to} is not an earlier one")
    with database.reading() as work:
        lost = revisions.losses(work, history, undone)
    losses = tuple(Loss(what, rows) for what, rows in lost.items())
    return DowngradePlan(database.name, str(member.provider), found, to, tuple(undone), losses)


def require_no_loss(plan: DowngradePlan, *, accept_loss: bool) -> None:
    """Raise WouldLoseRows unless nothing is lost, or that is accepted."""
    if plan.losses and not accept_loss:
        raise WouldLoseRows(plan.database, [(loss.what, loss.rows) for loss in plan.losses])


def downgrade_provider(store: Store, plan: DowngradePlan, *, accept_loss: bool = False) -> MigrationResult:
    """Downgrade a database. Losses are counted again before each revision, when nobody can write any more.

    Raises WouldLoseRows unless that is accepted, and LeaseHeld if another run is at work.
    """
    require_no_loss(plan, accept_loss=accept_loss)
    member = member_of(resolve_provider(store, plan.provider))
    with run_lease(store, "migrate down"):
        arguments = {"to": plan.target, "accept_loss": accept_loss}
        run = begin_run(store, "down", arguments, [(member, plan.before, plan.target)])
        result = migrate_one(store, Job(run, member, plan.before, plan.target, down=True, accept_loss=accept_loss))
        store.system.run(lambda work: work.migration_runs.finish(run))
    return result
