"""Alerts that no file causes: silent monitors, and databases that accept no files."""

from collections.abc import Sequence

from webautodash.domain.alerts import Cause
from webautodash.domain.vocabulary import MonitorState, ProviderStatus
from webautodash.errors import DatabaseUnreachable, WebAutoDashError
from webautodash.models.base import utc_now
from webautodash.repositories.monitors import MonitorKey
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.sessions import DatabaseCounts
from webautodash.services import fleet, revisions
from webautodash.services.alerts import (
    DeliveryReport,
    deliver_due,
    monitor_silent,
    provider_behind,
    provider_not_ready,
    raise_alerts,
)
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

# A database that cannot be read may only be busy; `doctor` reports a lasting fault.
_READY = frozenset({fleet.RevisionStatus.CURRENT, fleet.RevisionStatus.UNREADABLE})


def check_and_send(store: Store) -> DeliveryReport:
    """Check monitors and databases once and send what is due, as a monitor does. A failed check stops no sending."""
    try:
        record_pending(store)
        raise_all(store, [*silent_monitors(store), *databases_not_ready(store)])
    finally:
        report = deliver_due(store)
    return report


def raise_all(store: Store, causes: Sequence[Cause]) -> None:
    """Raise an alert for each cause that has none, in one transaction."""
    if causes:
        store.system.run(lambda work: raise_alerts(work, store.settings, causes, utc_now()))


def record_pending(store: Store) -> None:
    """Record the events that interrupted commands left in the outboxes of provider databases. Reads every database."""
    store.system.run(lambda work: work.leases.shorten(store.settings.lease_seconds))
    with store.system.reading() as work:
        known = work.providers.recorded_counts()
    with FileLog(store) as file_log:
        for provider in store.providers():
            if provider.status is ProviderStatus.ACTIVE:
                found = _counts(store, provider)
                if found is not None and found != known.get(provider.id):
                    file_log.recount(provider)


def _counts(store: Store, provider: RegisteredProvider) -> DatabaseCounts | None:
    """None for a database that cannot be read, which has its own alert."""
    try:
        with store.provider_database(provider).reading() as work:
            return work.sessions.counts()
    except DatabaseUnreachable:
        raise
    except WebAutoDashError:
        return None


def silent_monitors(store: Store, besides: MonitorKey | None = None) -> list[Cause]:
    """Monitors without a recent heartbeat, ``besides`` the caller."""
    with store.system.reading() as work:
        known = work.monitors.all()
    gone = [one for one in known if one.silent or one.state is MonitorState.LOST]
    return [monitor_silent(one) for one in gone if one.key != besides]


def databases_not_ready(store: Store) -> list[Cause]:
    """Provider databases that accept no files until a person acts. Reads the revision of every database."""
    if fleet.is_at_work(store):
        # The databases that are still behind after it are found by the next check.
        return []
    # Read before the revisions: a provider that becomes active in between was at head.
    active = [provider for provider in store.providers() if provider.status is ProviderStatus.ACTIVE]
    found = {one.provider: one for one in fleet.overview(store) if one.state not in _READY}
    return [_cause(provider, found[provider.slug]) for provider in active if provider.slug in found]


def _cause(provider: RegisteredProvider, found: fleet.DatabaseRevision) -> Cause:
    if found.state is fleet.RevisionStatus.BEHIND and found.revision is not None:
        return provider_behind(provider, found.revision, revisions.head(SchemaHistory.PROVIDER))
    return provider_not_ready(provider, found.state, found.revision)
