"""What somebody should know that no file brings: monitors that are silent, databases that take no files."""

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

# One that cannot be read at this moment may only be busy; what is lasting in that doctor tells.
_READY = frozenset({fleet.RevisionStatus.CURRENT, fleet.RevisionStatus.UNREADABLE})


def look_and_send(store: Store) -> DeliveryReport:
    """Look around once and send all that is due, as a monitor does by itself; what stops the look stops no sending."""
    try:
        record_pending(store)
        raise_all(store, [*silent_monitors(store), *databases_not_ready(store)])
    finally:
        report = deliver_due(store)
    return report


def raise_all(store: Store, causes: Sequence[Cause]) -> None:
    """Write an alert for each cause that has none, in a transaction of its own."""
    if causes:
        store.system.run(lambda work: raise_alerts(work, store.settings, causes, utc_now()))


def record_pending(store: Store) -> None:
    """Record what interrupted commands left in the outboxes of providers' databases; each is looked at."""
    store.system.run(lambda work: work.leases.shorten(store.settings.lease_seconds))
    with store.system.reading() as work:
        known = work.providers.recorded_counts()
    with FileLog(store) as view:
        for provider in store.providers():
            if provider.status is ProviderStatus.ACTIVE:
                found = _counts(store, provider)
                if found is not None and found != known.get(provider.id):
                    view.recount(provider)


def _counts(store: Store, provider: RegisteredProvider) -> DatabaseCounts | None:
    """None for a database that cannot be read; others tell of it."""
    try:
        with store.provider_database(provider).reading() as work:
            return work.sessions.counts()
    except DatabaseUnreachable:
        raise
    except WebAutoDashError:
        return None


def silent_monitors(store: Store, besides: MonitorKey | None = None) -> list[Cause]:
    """Monitors that should have been heard of and were not, ``besides`` the one that asks."""
    with store.system.reading() as work:
        known = work.monitors.all()
    gone = [one for one in known if one.silent or one.state is MonitorState.LOST]
    return [monitor_silent(one) for one in gone if one.key != besides]


def databases_not_ready(store: Store) -> list[Cause]:
    """Providers' databases for which a person has to do something before a file is taken; each is looked at."""
    if fleet.is_at_work(store):
        # Who is behind now will not be for long; the next look tells who is left.
        return []
    # First: who is active by now was at head before; one whose registration is on its way is not looked at.
    active = [provider for provider in store.providers() if provider.status is ProviderStatus.ACTIVE]
    found = {one.provider: one for one in fleet.overview(store) if one.state not in _READY}
    return [_cause(provider, found[provider.slug]) for provider in active if provider.slug in found]


def _cause(provider: RegisteredProvider, found: fleet.DatabaseRevision) -> Cause:
    if found.state is fleet.RevisionStatus.BEHIND and found.revision is not None:
        return provider_behind(provider, found.revision, revisions.head(SchemaHistory.PROVIDER))
    return provider_not_ready(provider, str(found.state), found.revision)
