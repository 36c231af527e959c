"""What somebody should know that no file brings: monitors that are silent, databases that are behind."""

from collections.abc import Sequence

from webautodash.domain.alerts import Cause
from webautodash.domain.vocabulary import MonitorState, ProviderStatus
from webautodash.models.base import utc_now
from webautodash.repositories import MonitorRepository
from webautodash.repositories.monitors import MonitorKey
from webautodash.services import fleet, migrate
from webautodash.services.alerts import (
    DeliveryReport,
    deliver_due,
    monitor_silent,
    provider_behind,
    raise_alerts,
)
from webautodash.services.migrate import History
from webautodash.services.store import Store


def look_and_send(store: Store) -> DeliveryReport:
    """Look around once and send all that is due, as a monitor does by itself; what stops the look stops no sending."""
    try:
        raise_all(store, [*silent_monitors(store), *databases_behind(store)])
    finally:
        report = deliver_due(store)
    return report


def raise_all(store: Store, causes: Sequence[Cause]) -> None:
    """Write an alert for each cause that has none, in a transaction of its own."""
    if causes:
        store.system.run(lambda session: raise_alerts(session, store.settings, causes, utc_now()))


def silent_monitors(store: Store, besides: MonitorKey | None = None) -> list[Cause]:
    """Monitors that should have been heard of and were not, ``besides`` the one that asks."""
    with store.system.reading() as session:
        known = MonitorRepository(session).all()
    gone = [one for one in known if one.silent or one.state is MonitorState.LOST]
    return [monitor_silent(one) for one in gone if one.key != besides]


def databases_behind(store: Store) -> list[Cause]:
    """Providers' databases that have to be migrated before a file is taken; each is looked at."""
    if fleet.is_at_work(store):
        # Who is behind now will not be for long; the next look tells who is left.
        return []
    # First: who is active by now was at head before; one whose registration is on its way is not looked at.
    active = [provider for provider in store.providers() if provider.status is ProviderStatus.ACTIVE]
    behind = {one.provider: one.revision for one in fleet.overview(store) if one.state is fleet.Standing.BEHIND}
    return [
        provider_behind(provider, revision, migrate.head(History.PROVIDER))
        for provider in active
        if (revision := behind.get(provider.slug)) is not None
    ]
