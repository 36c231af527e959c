"""What waits in the outbox goes out: bundled into digests, each sent until it arrives or is given up.

A digest has its key and its alerts before it is first sent. Whoever is killed after that leaves it pending, and the
next one sends the same digest again: every alert is delivered at least once, and a repeat can be told by its key.
"""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from webautodash.domain.alerts import AlertChannel, DigestState
from webautodash.domain.retries import retry_pause
from webautodash.errors import DeliveryFailed, LeaseHeld, LeaseLost
from webautodash.repositories.alert_digests import Digest
from webautodash.repositories.alerts import RaisedAlert
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.alerts.channels import send
from webautodash.services.alerts.message import message_of
from webautodash.services.alerts.rules import configured
from webautodash.services.leases import HeldLease, leased
from webautodash.services.store import Store

_MOST_ALERTS = 1000
_NOT_CONFIGURED = "the channel is not configured any more"
_LONGEST_REASON = 255


@dataclass(frozen=True, slots=True)
class DigestResult:
    """How one attempt to deliver a digest ended; a pending one is tried again."""

    digest_id: int
    channel: AlertChannel
    alerts: int
    state: DigestState
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What was sent, and the channels that another process is at work on."""

    results: tuple[DigestResult, ...]
    busy: tuple[AlertChannel, ...]

    @property
    def problems(self) -> tuple[DigestResult, ...]:
        """What did not arrive."""
        return tuple(result for result in self.results if result.state is not DigestState.DELIVERED)


def deliver_due(store: Store) -> DeliveryReport:
    """Send what is due on every channel: repeats first, then one new digest where the last is old enough.

    Nothing that a channel does raises; it stands in the report and in the outbox. A channel on which another process
    is at work is left to it. Where nothing is due this is one look.
    Raises what the system database raises.
    """
    results: list[DigestResult] = []
    busy: list[AlertChannel] = []
    there = configured(store.settings)
    with store.system.reading() as work:
        is_misdated = work.alert_digests.is_misdated()
    if is_misdated:
        store.system.run(lambda work: work.alert_digests.redate())
    for channel in _with_work(store, there):
        try:
            with leased(store.system, f"alerts:{channel}", "sending alerts", store.settings.lease_seconds) as lease:
                attempt = _send_due if channel in there else _give_up
                for result in attempt(store, channel, lease):
                    results.append(result)  # what was sent before a lease was lost counts
        except (LeaseHeld, LeaseLost):
            busy.append(channel)
    return DeliveryReport(tuple(results), tuple(busy))


def _with_work(store: Store, there: Collection[AlertChannel]) -> list[AlertChannel]:
    """The channels on which something is due, or that are gone and have something left."""
    with store.system.reading() as work:
        digests, waiting = work.alert_digests, work.alerts.waiting()

        def has_work(channel: AlertChannel) -> bool:
            if channel not in there:
                return channel in waiting or bool(digests.pending(channel))
            rested = channel in waiting and digests.has_rested(channel, store.settings.alert_interval)
            return rested or bool(digests.due(channel))

        return [channel for channel in AlertChannel if has_work(channel)]


def _send_due(store: Store, channel: AlertChannel, lease: HeldLease) -> Iterator[DigestResult]:
    with store.system.reading() as work:
        due = work.alert_digests.due(channel)
    for digest in due:
        yield _send(store, digest, lease)
    made = store.system.run(lambda work: _make(work, channel, store.settings.alert_interval))
    if made is not None:
        yield _send(store, made, lease)


def _make(work: SystemWork, channel: AlertChannel, interval: int) -> Digest | None:
    digests = work.alert_digests
    return digests.make(channel, _MOST_ALERTS) if digests.has_rested(channel, interval) else None


def _send(store: Store, digest: Digest, lease: HeldLease) -> DigestResult:
    with store.system.reading() as work:
        alerts = work.alerts.of_digest(digest.id)
    # Somebody else may have taken over while this process was stopped.
    lease.require()
    try:
        note = send(store, digest.channel, message_of(digest.key, alerts))
    except DeliveryFailed as error:
        return _failed(store, digest, alerts, error.reason)
    store.system.run(lambda work: work.alert_digests.delivered(digest, note))
    return DigestResult(digest.id, digest.channel, len(alerts), DigestState.DELIVERED, note)


def _failed(store: Store, digest: Digest, alerts: list[RaisedAlert], reason: str) -> DigestResult:
    attempts, reason = digest.attempts + 1, reason[:_LONGEST_REASON]
    last = attempts >= store.settings.alert_attempts
    seconds = math.ceil(retry_pause(attempts, store.settings.alert_retry_seconds))

    def write(work: SystemWork) -> None:
        if last:
            work.alert_digests.give_up(digest, reason)
        else:
            work.alert_digests.try_again(digest, reason, seconds)

    store.system.run(write)
    state = DigestState.FAILED if last else DigestState.PENDING
    return DigestResult(digest.id, digest.channel, len(alerts), state, reason)


def _give_up(store: Store, channel: AlertChannel, lease: HeldLease) -> Iterator[DigestResult]:
    """What waits for a channel that is gone is kept as failed: a person sees it, and can have it back."""

    def transaction(work: SystemWork) -> list[Digest]:
        digests = work.alert_digests
        while digests.make(channel, _MOST_ALERTS) is not None:
            pass
        pending = digests.pending(channel)
        for digest in pending:
            digests.give_up(digest, _NOT_CONFIGURED, attempted=False)
        return pending

    lease.require()
    given_up = store.system.run(transaction)
    with store.system.reading() as work:
        counts = work.alert_digests.count(given_up)
    for digest in given_up:
        yield DigestResult(digest.id, channel, counts.get(digest.id, 0), DigestState.FAILED, _NOT_CONFIGURED)
