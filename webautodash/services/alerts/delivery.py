"""Delivery of the outbox: alerts are bundled into digests, each sent until it arrives or is given up.

A digest is stored with its key and its alerts before it is first sent. A process that is killed later leaves it
pending, and the next one sends it again: each alert is delivered at least once, and the key identifies a repeat.
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
from webautodash.services.alerts.channels import configured, send
from webautodash.services.alerts.message import message_of
from webautodash.services.leases import HeldLease, leased
from webautodash.services.store import Store

_MOST_ALERTS = 1000
_NOT_CONFIGURED = "the channel is no longer configured"
_LONGEST_REASON = 255


@dataclass(frozen=True, slots=True)
class DigestResult:
    """The result of one attempt to deliver a digest; a pending one is tried again."""

    digest_id: int
    channel: AlertChannel
    alerts: int
    state: DigestState
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What was sent, and the channels that another process is sending on."""

    results: tuple[DigestResult, ...]
    busy: tuple[AlertChannel, ...]

    @property
    def problems(self) -> tuple[DigestResult, ...]:
        """The digests that did not arrive."""
        return tuple(result for result in self.results if result.state is not DigestState.DELIVERED)


def deliver_due(store: Store) -> DeliveryReport:
    """Send what is due on every channel: repeats first, then one new digest if the last is old enough.

    An error of a channel is not raised: it is in the report and in the outbox. A channel on which another process is
    sending is skipped. Raises the errors of the system database.
    """
    results: list[DigestResult] = []
    busy: list[AlertChannel] = []
    channels = configured(store.settings)
    with store.system.reading() as work:
        is_misdated = work.alert_digests.is_misdated()
    if is_misdated:
        store.system.run(lambda work: work.alert_digests.redate())
    for channel in _with_work(store, channels):
        try:
            with leased(store.system, f"alerts:{channel}", "sending alerts", store.settings.lease_seconds) as lease:
                attempt = _send_due if channel in channels else _give_up
                for result in attempt(store, channel, lease):
                    results.append(result)  # also if the lease is lost later
        except (LeaseHeld, LeaseLost):
            busy.append(channel)
    return DeliveryReport(tuple(results), tuple(busy))


def _with_work(store: Store, channels: Collection[AlertChannel]) -> list[AlertChannel]:
    """The channels on which something is due, and former channels with alerts."""
    with store.system.reading() as work:
        digests, waiting = work.alert_digests, work.alerts.waiting()

        def has_work(channel: AlertChannel) -> bool:
            if channel not in channels:
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
    # Another process may have taken over while this one was suspended.
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
    """Give up what waits for a former channel: a person sees it as failed, and can retry it."""

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
