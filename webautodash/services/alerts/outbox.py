"""The outbox: what is raised is written with what caused it, and stays until it is delivered or given up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from webautodash.config import Settings
from webautodash.domain.alerts import AlertChannel, Cause, DigestState
from webautodash.errors import NotFound
from webautodash.repositories.alerts import Delivery
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.alerts.rules import rules_of
from webautodash.services.store import Store


def raise_alerts(work: SystemWork, settings: Settings, causes: Sequence[Cause], now: datetime) -> int:
    """Write an alert for each cause that a channel wants and that has none, in the caller's transaction.

    ``session`` is on the system database. A cause that is known adds nothing, also where two find it at once.

    Returns how many there were to write.
    """
    rules = rules_of(settings)
    wanted = {
        cause.key: (cause, channels)
        for cause in causes
        if (channels := [channel for channel, each in rules.items() if each.want(cause.kind, cause.severity)])
    }
    if not wanted:
        return 0
    alerts = work.alerts
    new = wanted.keys() - alerts.known(wanted)
    if new:
        numbers = alerts.add({key: wanted[key][0] for key in new}, now)
        alerts.address({number: wanted[key][1] for key, number in numbers.items()})
    return len(new)


@dataclass(frozen=True, slots=True)
class FailedDigest:
    """A message that was given up; ``webautodash alert retry`` has it tried anew."""

    id: int
    channel: AlertChannel
    alerts: int
    attempts: int
    last_error: str | None
    created_at: datetime


def failed_digests(store: Store) -> list[FailedDigest]:
    """The messages that were given up, oldest first."""
    with store.system.reading() as work:
        digests = work.alert_digests
        failed = digests.failed()
        counts = digests.count(failed) if failed else {}
    return [
        FailedDigest(one.id, one.channel, counts.get(one.id, 0), one.attempts, one.last_error, one.created_at)
        for one in failed
    ]


def waiting(store: Store) -> dict[AlertChannel, int]:
    """How many alerts wait for their channel's next message."""
    with store.system.reading() as work:
        return work.alerts.waiting()


def search(store: Store, *, state: DigestState | None = None, limit: int = 50) -> list[Delivery]:
    """The latest alerts, once for each of their channels, the newest first."""
    with store.system.reading() as work:
        return work.alerts.search(state, limit)


def retry(store: Store, digest_id: int | None = None) -> int:
    """Have the messages that were given up, or one of them, tried anew; how many.

    Raises NotFound for a number that no such message has.
    """
    number = store.system.run(lambda work: work.alert_digests.reopen(digest_id))
    if digest_id is not None and not number:
        raise NotFound(f"failed digest {digest_id}", "the alerts")
    return number


def forget(store: Store, digest_ids: Sequence[int]) -> int:
    """Have messages that were given up no longer stand there as failed: a person knows; how many.

    Their causes stay known and are not raised anew. Raises NotFound where one of the numbers is of no such message, and
    then all stay.
    """

    def transaction(work: SystemWork) -> int:
        digests = work.alert_digests
        failed = {one.id for one in digests.failed()}
        for number in digest_ids:
            if number not in failed:
                raise NotFound(f"failed digest {number}", "the alerts")
        return digests.forget(digest_ids)

    return store.system.run(transaction)
