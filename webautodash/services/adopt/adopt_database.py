"""Runs an adoption; after an interruption, the next run continues."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from webautodash.database import Database
from webautodash.domain.dates import DateOrder, utc_now
from webautodash.domain.legacy.tables import COMPREHENSIVE
from webautodash.domain.vocabulary import EventKind, Level, ProviderStatus
from webautodash.errors import AdoptionIncomplete, DamagedRows, WrongDatabase
from webautodash.repositories.pending_events import Event
from webautodash.repositories.providers import ProviderIdentity, RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork, SystemWork
from webautodash.services import revisions
from webautodash.services.adopt.copy_rows import COPIED, copy
from webautodash.services.adopt.database_owner import Owner
from webautodash.services.adopt.survey import SurveyedDatabase, TableCount, survey_database
from webautodash.services.callbacks import ignore
from webautodash.services.ingest import FileLog
from webautodash.services.leases import HeldLease, leased
from webautodash.services.rebuild_registry import identity_of
from webautodash.services.registry import name_taken
from webautodash.services.revisions import RevisionListener, SchemaHistory
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter

OnRows = Callable[[int, int], None]
"""Called with the number of rows that this call has copied, and of rows to copy; clinical rows do not count."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """The result of an adoption."""

    database: str
    provider: str
    name: str
    tables: tuple[TableCount, ...]
    flagged: dict[str, int]
    """By reason, the number of incomplete extractions: stored as failed, and not compared with later ones."""
    notes: tuple[str, ...]
    already: bool
    """Whether the database was adopted before."""
    needs_alias: str | None = None
    """As in AdoptionSurvey."""


def adopt(
    store: Store, database: str, name: str | None = None, date_order: DateOrder | None = None, on_rows: OnRows = ignore
) -> Adoption:
    """Adopt a database of the earlier scripts. Safe to interrupt and to repeat.

    The order makes it safe: the old tables are renamed in one statement; migrations create the new tables, which are
    filled; every row is checked; the identity of the provider is written last.
    Raises what ``survey_database`` raises; DamagedRows before anything is changed; LeaseHeld if another process adopts
    the database; AdoptionIncomplete if a row was not copied.
    """
    with leased(store.system, f"database {database}", "provider adopt", store.settings.lease_seconds) as lease:
        surveyed = survey_database(store, database, name, date_order)
        if surveyed.survey.problems:
            raise DamagedRows(database, surveyed.survey.problems)
        target = store.server.database(database, ProviderWork)
        if not surveyed.survey.done:
            _fill(store, target, surveyed, lease, on_rows)
        registered = _registered(store, target, surveyed)
        already = surveyed.survey.done and registered.status is ProviderStatus.ACTIVE
        report = _report(target, surveyed, already=already)
        if not already:
            _finish(store, registered, report)
        return report


def _fill(
    store: Store, target: Database[ProviderWork], surveyed: SurveyedDatabase, lease: HeldLease, on_rows: OnRows
) -> None:
    lease.require()
    to_rename = sorted(surveyed.shape.here - surveyed.shape.aside) if not surveyed.shape.ours else []
    if to_rename:
        with target.migrating() as work:
            work.legacy_tables.put_aside(to_rename)
    provider = _registration(store, target.name, surveyed.owner, surveyed.folder)
    revisions.upgrade(target, SchemaHistory.PROVIDER, listener=RevisionListener(before=lambda _: lease.require()))
    done, total = 0, sum(each.before for each in surveyed.survey.tables if each.table in COPIED)

    def report(rows: int) -> None:
        nonlocal done
        done += rows
        on_rows(done, total)

    copy(target, provider.date_order, store.settings.zone, lease.require, report)
    lease.require()
    with target.reading() as work:
        _check(work, target.name, surveyed)
    target.run(partial(_claim, provider))


def _registration(store: Store, database: str, owner: Owner, folder: str | None) -> RegisteredProvider:
    def add(work: SystemWork) -> RegisteredProvider:
        found = work.providers.by_slug(owner.slug)
        if found is None:
            identity = ProviderIdentity.new(owner.name, owner.slug, folder, owner.date_order)
            return work.providers.add(identity, database, ProviderStatus.REGISTERING)
        if found.database_name != database:
            # Registered since the survey, with another database.
            raise name_taken(owner.name, found)
        return found

    return store.system.run(add)


def _check(work: ProviderWork, database: str, surveyed: SurveyedDatabase) -> None:
    """Check that every row was copied, and that no extraction is linked to another patient."""
    legacy, adopted = work.legacy_tables, work.adopted
    for table in surveyed.survey.tables:
        if table.table != COMPREHENSIVE:
            found = legacy.count_copied(table.table)
            if found != table.before:
                raise AdoptionIncomplete(database, table.table, table.before, found)
    if misassigned := adopted.count_misassigned():
        raise AdoptionIncomplete(database, "patient_extractions", misassigned, 0)


def _claim(provider: RegisteredProvider, work: ProviderWork) -> None:
    identity = work.identity
    if identity.find() is None:
        identity.claim(provider)
        if conflicts := sum(work.conflicts.open().values()):
            work.pending_events.add(Event(EventKind.DATABASE_ADOPTED, utc_now(), conflicts=conflicts))


def _registered(store: Store, target: Database[ProviderWork], surveyed: SurveyedDatabase) -> RegisteredProvider:
    """Find the provider in the registry; a lost row is restored from the identity in the database."""
    identity = identity_of(store.server, target.name)
    assert identity is not None  # noqa: S101  # _claim has written it

    def find(work: SystemWork) -> RegisteredProvider:
        found = work.providers.by_slug(surveyed.owner.slug)
        if found is None:
            return work.providers.add(identity, target.name, ProviderStatus.REGISTERING)
        if found.identity != identity.identity:
            raise WrongDatabase(target.name, found.slug, identity.slug)
        return found

    return store.system.run(find)


def _report(target: Database[ProviderWork], surveyed: SurveyedDatabase, *, already: bool) -> Adoption:
    survey = surveyed.survey
    with target.reading() as work:
        legacy, adopted = work.legacy_tables, work.adopted
        tables = tuple(
            replace(each, after=legacy.count_copied(each.table) if each.table != COMPREHENSIVE else None)
            for each in survey.tables
        )
        flagged = adopted.flagged()
    return Adoption(
        survey.database, survey.provider, survey.name, tables, flagged, survey.notes, already, survey.needs_alias
    )


def _finish(store: Store, provider: RegisteredProvider, report: Adoption) -> None:
    with FileLog(store) as file_log:
        file_log.recount(provider)
    store.system.run(lambda work: work.providers.set_status(provider.id, ProviderStatus.ACTIVE))
    message = f"adopted {provider.database_name} as {provider.name}"
    details = {"rows": {each.table: each.before for each in report.tables}, "flagged": report.flagged}
    SystemLogWriter(store.system).record_about(provider, Level.INFO, "adopt", "provider_adopted", message, **details)
