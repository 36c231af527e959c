"""The outbox: alerts are stored together with what caused them, and stay until they are delivered or given up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from webautodash.config import Settings
from webautodash.domain.alerts import AlertChannel, Cause, DigestState
from webautodash.errors import NotFound
from webautodash.repositories.alerts import Delivery
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.alerts.channels import rules_of
from webautodash.services.store import Store


def raise_alerts(work: SystemWork, settings: Settings, causes: Sequence[Cause], now: datetime) -> int:
    """Raise an alert for each cause that a channel wants and that has none, in the caller's transaction.

    Idempotent and safe to run concurrently. Returns the number of new alerts.
    """
    rules = rules_of(settings)
    wanted = {
        cause.key: (cause, channels)
        for cause in causes
        if (channels := [channel for channel, each in rules.items() if each.want(cause.kind, cause.severity)])
    }
    if not wanted:
        return 0
    new = wanted.keys() - work.alerts.existing(wanted)
    if new:
        numbers = work.alerts.add({key: wanted[key][0] for key in new}, now)
        work.alerts.address({number: wanted[key][1] for key, number in numbers.items()})
    return len(new)


@dataclass(frozen=True, slots=True)
class FailedDigest:
    """A digest that was given up; ``retry_digests`` sends it again."""

    id: int
    channel: AlertChannel
    alerts: int
    attempts: int
    last_error: str | None
    created_at: datetime


def failed_digests(store: Store) -> list[FailedDigest]:
    """The digests that were given up, oldest first."""
    with store.system.reading() as work:
        digests = work.alert_digests
        failed = digests.failed()
        counts = digests.count(failed) if failed else {}
    return [
        FailedDigest(one.id, one.channel, counts.get(one.id, 0), one.attempts, one.last_error, one.created_at)
        for one in failed
    ]


def search_alerts(store: Store, *, state: DigestState | None = None, limit: int = 50) -> list[Delivery]:
    """The latest alerts, once per channel, newest first."""
    with store.system.reading() as work:
        return work.alerts.search(state, limit)


def retry_digests(store: Store, digest_id: int | None = None) -> int:
    """Send all digests that were given up, or one of them, again. Returns how many.

    Raises NotFound if no such digest has this number.
    """
    number = store.system.run(lambda work: work.alert_digests.reopen(digest_id))
    if digest_id is not None and not number:
        raise NotFound(f"failed digest {digest_id}", "the alerts")
    return number


def forget_digests(store: Store, digest_ids: Sequence[int]) -> int:
    """Delete digests that were given up, which a person has dealt with. Returns how many.

    Their causes are not raised again. Raises NotFound, and deletes none, if no such digest has one of the numbers.
    """

    def transaction(work: SystemWork) -> int:
        digests = work.alert_digests
        failed = {one.id for one in digests.failed()}
        for number in digest_ids:
            if number not in failed:
                raise NotFound(f"failed digest {number}", "the alerts")
        return digests.forget(digest_ids)

    return store.system.run(transaction)
