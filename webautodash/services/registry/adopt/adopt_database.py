"""An adoption from beginning to end; stopped anywhere, the next one goes on from there."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from webautodash.database import Database
from webautodash.domain.dates import DateOrder
from webautodash.domain.earlier_scripts.tables import COMPREHENSIVE
from webautodash.domain.vocabulary import EventKind, Level, ProviderStatus
from webautodash.errors import AdoptionIncomplete, DamagedRows, WrongDatabase
from webautodash.models.base import utc_now
from webautodash.repositories.pending_events import Event
from webautodash.repositories.providers import ProviderIdentity, RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork, SystemWork
from webautodash.services import revisions
from webautodash.services.callbacks import ignore
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.leases import HeldLease, leased
from webautodash.services.registry.adopt.copy_rows import COPIED, copy
from webautodash.services.registry.adopt.database_owner import Owner
from webautodash.services.registry.adopt.survey import SurveyedDatabase, TableCount, exclusive, survey_database
from webautodash.services.registry.name_check import name_taken
from webautodash.services.registry.rebuild_registry import identity_of
from webautodash.services.revisions import RevisionListener, SchemaHistory
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter

OnRows = Callable[[int, int], None]
"""Hears how many sessions, patients, extractions and conflicts this call has copied, and of how many there are."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """What an adoption did."""

    database: str
    provider: str
    name: str
    tables: tuple[TableCount, ...]
    flagged: dict[str, int]
    """By reason, extractions that are not whole: failed, and not compared with what comes."""
    notes: tuple[str, ...]
    already: bool
    """Whether there was nothing left to do."""
    needs_alias: str | None = None
    """As in AdoptionSurvey."""


def adopt(
    store: Store,
    database: str,
    name: str | None = None,
    date_order: DateOrder | None = None,
    on_rows: OnRows = ignore,
) -> Adoption:
    """Take over a database of the earlier scripts. Safe to stop, and to run again.

    The order is what makes it safe: the tables are put aside in one statement; the new ones are made by the
    migrations and filled; every row is looked for in its place; last the database says whose it is.
    Raises what ``look`` raises; DamagedRows with nothing touched; LeaseHeld where another process is at work on it;
    AdoptionIncomplete where a row is not in its place.
    """
    with leased(store.system, f"database {database}", "provider adopt", store.settings.lease_seconds) as lease:
        seen = survey_database(store, database, name, date_order)
        if seen.survey.problems:
            raise DamagedRows(database, seen.survey.problems)
        here = store.server.database(database, ProviderWork)
        if not seen.survey.done:
            _fill(store, here, seen, lease, on_rows)
        registered = _registered(store, here, seen)
        already = seen.survey.done and registered.status is ProviderStatus.ACTIVE
        report = _report(here, seen, already=already)
        if not already:
            _finish(store, here, registered, report)
        return report


def _fill(
    store: Store, here: Database[ProviderWork], seen: SurveyedDatabase, lease: HeldLease, on_rows: OnRows
) -> None:
    lease.require()
    left = sorted(seen.shape.here - seen.shape.aside) if not seen.shape.ours else []
    if left:
        # Not to be done twice where the answer was lost: what is aside already is not there any more.
        with exclusive(here) as work:
            work.legacy_tables.put_aside(left)
    provider = _registration(store, here.name, seen.owner, seen.folder)
    revisions.upgrade(here, SchemaHistory.PROVIDER, listener=RevisionListener(before=lambda _: lease.require()))
    done, of = 0, sum(each.before for each in seen.survey.tables if each.table in COPIED)

    def tell(rows: int) -> None:
        nonlocal done
        done += rows
        on_rows(done, of)

    copy(here, provider.date_order, store.settings.zone, lease.require, tell)
    lease.require()
    with here.reading() as work:
        _check(work, here.name, seen)
    here.run(partial(_claim, provider))


def _registration(store: Store, database: str, owner: Owner, folder: str | None) -> RegisteredProvider:
    def add(work: SystemWork) -> RegisteredProvider:
        found = work.providers.by_slug(owner.slug)
        if found is None:
            identity = ProviderIdentity.new(owner.name, owner.slug, folder, owner.date_order)
            return work.providers.add(identity, database, ProviderStatus.REGISTERING)
        if found.database_name != database:
            # Registered since the look, for a database of their own.
            raise name_taken(owner.name, found)
        return found

    return store.system.run(add)


def _check(work: ProviderWork, database: str, seen: SurveyedDatabase) -> None:
    """Every row in its place, and nobody's extraction with another person."""
    legacy, adopted = work.legacy_tables, work.adopted
    for table in seen.survey.tables:
        if table.table != COMPREHENSIVE:
            found = legacy.in_place(table.table)
            if found != table.before:
                raise AdoptionIncomplete(database, table.table, table.before, found)
    if mixed := adopted.mixed():
        raise AdoptionIncomplete(database, "patient_extractions", mixed, 0)


def _claim(provider: RegisteredProvider, work: ProviderWork) -> None:
    identity = work.identity
    if identity.find() is None:
        identity.claim(provider)
        if conflicts := sum(work.conflicts.open().values()):
            work.pending_events.add(Event(EventKind.DATABASE_ADOPTED, utc_now(), conflicts=conflicts))


def _registered(store: Store, here: Database[ProviderWork], seen: SurveyedDatabase) -> RegisteredProvider:
    """The row of the registry, put back as the database says where the registry lost it."""
    left = identity_of(store.server, here.name)
    assert left is not None  # noqa: S101  # written before

    def find(work: SystemWork) -> RegisteredProvider:
        found = work.providers.by_slug(seen.owner.slug)
        if found is None:
            return work.providers.add(left, here.name, ProviderStatus.REGISTERING)
        if found.identity != left.identity:
            raise WrongDatabase(here.name, found.slug, left.slug)
        return found

    return store.system.run(find)


def _report(here: Database[ProviderWork], seen: SurveyedDatabase, *, already: bool) -> Adoption:
    survey = seen.survey
    with here.reading() as work:
        legacy, adopted = work.legacy_tables, work.adopted
        tables = tuple(
            replace(each, after=legacy.in_place(each.table) if each.table != COMPREHENSIVE else None)
            for each in survey.tables
        )
        flagged = dict(sorted(adopted.flagged().items()))
    return Adoption(
        survey.database, survey.provider, survey.name, tables, flagged, survey.notes, already, survey.needs_alias
    )


def _finish(store: Store, here: Database[ProviderWork], provider: RegisteredProvider, report: Adoption) -> None:
    with FileLog(store) as view:
        view.recount(provider)
    store.system.run(lambda work: work.providers.set_status(provider.id, ProviderStatus.ACTIVE))
    SystemLogWriter(store.system).record(
        Level.INFO,
        "adopt",
        "provider_adopted",
        f"adopted {here.name} as {provider.name}",
        provider=provider.slug,
        database_name=here.name,
        rows={each.table: each.before for each in report.tables},
        flagged=report.flagged,
    )
