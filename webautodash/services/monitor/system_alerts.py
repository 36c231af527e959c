"""Raises the alerts that no file causes, about monitors and databases, and sends all alerts."""

import time
from collections.abc import Sequence
from contextlib import suppress
from threading import Event, Thread

from webautodash.domain.alerts import Cause
from webautodash.domain.dates import utc_now
from webautodash.domain.overdue import MOST_TIMES, ended, overdue
from webautodash.domain.vocabulary import MonitorState, ProviderStatus
from webautodash.errors import WebAutoDashError
from webautodash.repositories.monitors import MonitorKey
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services import fleet, revisions
from webautodash.services.alerts import (
    DeliveryReport,
    deliver_due,
    monitor_silent,
    provider_behind,
    provider_came_back,
    provider_not_ready,
    provider_overdue,
    raise_alerts,
)
from webautodash.services.ingest import FileLog
from webautodash.services.monitor.heartbeat import Heartbeat
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

# Every database is opened, and every process of this machine is looked up, once in this time.
_CHECK_SECONDS = 300.0
# A database that cannot be read may only be busy; `doctor` reports a lasting fault.
_READY = frozenset({fleet.RevisionStatus.CURRENT, fleet.RevisionStatus.UNREADABLE})


def check_and_send(store: Store) -> DeliveryReport:
    """Check monitors and databases once and send what is due, as a monitor does. A failed check stops no sending."""
    try:
        record_pending(store)
        raise_all(store, [*silent_monitors(store), *databases_not_ready(store), *overdue_providers(store)])
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
                # A database that cannot be read has its own alert.
                found = store.read_if_possible(provider, lambda work: work.sessions.counts())
                if found is not None and found != known.get(provider.id):
                    file_log.recount(provider)


def silent_monitors(store: Store, own: MonitorKey | None = None) -> list[Cause]:
    """Monitors without a recent heartbeat; ``own`` is the caller's, which is left out."""
    with store.system.reading() as work:
        known = work.monitors.all()
    gone = [one for one in known if one.silent or one.state is MonitorState.LOST]
    return [monitor_silent(one) for one in gone if one.key != own]


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


def overdue_providers(store: Store) -> list[Cause]:
    """Providers whose files are overdue, and those whose files came after such an alert. Reads every database."""
    causes: list[Cause] = []
    back: dict[str, Cause] = {}
    for provider in store.providers():
        if provider.status is not ProviderStatus.ACTIVE:
            continue
        times = store.read_if_possible(provider, lambda work: work.session_history.latest_times(MOST_TIMES)) or []
        if (found := overdue(times, utc_now())) is not None:
            causes.append(provider_overdue(provider, found))
        if (before := ended(times)) is not None:
            back[provider_overdue(provider, before).key] = provider_came_back(provider, before)
    if back:
        with store.system.reading() as work:
            alerted = work.alerts.existing(back)
        causes += [cause for key, cause in back.items() if key in alerted]
    return causes


class SystemAlerts:
    """Checks and sends in a thread of its own, so that a mail server that does not answer delays no file."""

    def __init__(self, store: Store, heartbeat: Heartbeat, interval: float) -> None:
        self._store, self._heartbeat = store, heartbeat
        self._pause = max(1.0, min(interval, 10.0))
        self._last_check: float | None = None
        self._stopped = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Repeat ``run_once`` in a thread."""
        self._thread = Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def stop(self, wait_seconds: float = 1.0) -> None:
        """Stop the thread. An alert that is being sent is sent again by the next monitor if it does not arrive."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(wait_seconds)

    def run_once(self) -> None:
        """Raise alerts, then send those that are due. An error is ignored: if it lasts, it occurs again."""
        with suppress(WebAutoDashError):
            self._raise_alerts()
        with suppress(WebAutoDashError):
            deliver_due(self._store)

    def _run(self) -> None:
        while True:
            self.run_once()
            if self._stopped.wait(self._pause):
                return

    def _raise_alerts(self) -> None:
        raise_all(self._store, silent_monitors(self._store, self._heartbeat.key))
        if self._last_check is None or time.monotonic() - self._last_check >= _CHECK_SECONDS:
            self._heartbeat.mark_lost()
            record_pending(self._store)
            raise_all(self._store, [*databases_not_ready(self._store), *overdue_providers(self._store)])
            self._last_check = time.monotonic()
