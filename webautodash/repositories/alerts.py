"""The outbox: alerts and their channels."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, or_, select

from webautodash.database.products.inserts import OnExisting
from webautodash.domain.alerts import AlertChannel, AlertKind, Cause, DigestState
from webautodash.domain.vocabulary import Severity
from webautodash.models import Alert, AlertDelivery, AlertDigest
from webautodash.repositories.base import Repository, from_row
from webautodash.repositories.rows import insert_rows


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """One alert, as its channels send it."""

    id: int
    kind: AlertKind
    severity: Severity | None
    provider: str | None
    database_name: str | None
    message: str
    details: Any
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert for one channel; the values of the digest are None until it has one."""

    alert: RaisedAlert
    channel: AlertChannel
    state: DigestState
    digest_id: int | None = None
    attempts: int | None = None
    next_attempt_at: datetime | None = None
    delivered_at: datetime | None = None
    last_error: str | None = None


class AlertRepository(Repository):
    """Rows of ``alerts``, and of ``alert_deliveries`` until they have a digest."""

    def existing(self, keys: Collection[str]) -> set[str]:
        """The keys of causes that already have an alert."""
        return set(self._session.scalars(select(Alert.cause_key).where(Alert.cause_key.in_(keys))))

    def add(self, causes: Mapping[str, Cause], now: datetime) -> dict[str, int]:
        """Add an alert for each cause, by its key, unless another process adds it now. Returns the ids by key."""
        # In one order in every process, which prevents deadlocks.
        rows = [_row(causes[key], now) for key in sorted(causes)]
        insert_rows(self._session, Alert, rows, OnExisting("cause_key"))
        # Only a locking read sees what another process has just committed.
        statement = select(Alert.cause_key, Alert.id).where(Alert.cause_key.in_(causes)).with_for_update()
        return dict(self._session.execute(statement).all())

    def address(self, channels: Mapping[int, Sequence[AlertChannel]]) -> None:
        """Assign alerts to channels, by their ids; an alert that has channels keeps them."""
        statement = select(AlertDelivery.alert_id).where(AlertDelivery.alert_id.in_(channels)).with_for_update()
        before = set(self._session.scalars(statement))
        rows = [
            {"alert_id": number, "channel": channel}
            for number, each in sorted(channels.items())
            if number not in before
            for channel in each
        ]
        insert_rows(self._session, AlertDelivery, rows)

    def waiting(self) -> dict[AlertChannel, int]:
        """How many alerts wait for the next digest of their channel; channels without any are left out."""
        statement = (
            select(AlertDelivery.channel, func.count())
            .where(AlertDelivery.digest_id.is_(None))
            .group_by(AlertDelivery.channel)
        )
        return {AlertChannel(channel): number for channel, number in self._session.execute(statement)}

    def undelivered(self) -> dict[tuple[AlertChannel, DigestState], int]:
        """How many alerts of each channel are pending or were given up; zeros are left out."""
        in_digests = (
            select(AlertDigest.channel, AlertDigest.state, func.count())
            .join(AlertDelivery, AlertDelivery.digest_id == AlertDigest.id)
            .where(AlertDigest.state.in_([DigestState.PENDING, DigestState.FAILED]))
            .group_by(AlertDigest.channel, AlertDigest.state)
        )
        found = Counter({(channel, DigestState.PENDING): number for channel, number in self.waiting().items()})
        for channel, state, number in self._session.execute(in_digests):
            found[AlertChannel(channel), DigestState(state)] += number
        return found

    def of_digest(self, digest_id: int) -> list[RaisedAlert]:
        """The alerts of a digest, oldest first."""
        statement = (
            select(Alert)
            .join(AlertDelivery, AlertDelivery.alert_id == Alert.id)
            .where(AlertDelivery.digest_id == digest_id)
            .order_by(Alert.created_at, Alert.id)
        )
        return [_alert(row) for row in self._session.scalars(statement)]

    def search(self, state: DigestState | None = None, limit: int = 100) -> list[Delivery]:
        """The latest deliveries in this state, newest first."""
        reached = func.coalesce(AlertDigest.state, str(DigestState.PENDING))
        statement = (
            select(Alert, AlertDelivery, AlertDigest)
            .join(AlertDelivery, AlertDelivery.alert_id == Alert.id)
            .outerjoin(AlertDigest, AlertDelivery.digest_id == AlertDigest.id)
            .order_by(AlertDelivery.id.desc())
            .limit(limit)
        )
        if state is not None:
            statement = statement.where(reached == str(state))
        return [_delivery(*row) for row in self._session.execute(statement)]

    def count_delivered(self, moment: datetime) -> int:
        """How many alerts were raised, and delivered to all their channels, before ``moment``."""
        return self._number(select(func.count()).select_from(_delivered(moment).subquery()))

    def delete_delivered(self, moment: datetime, most: int) -> int:
        """Delete at most ``most`` of the alerts that ``count_delivered`` counts. Returns how many."""
        numbers = self._session.scalars(_delivered(moment).order_by(Alert.id).limit(most)).all()
        if not numbers:
            return 0
        connection = self._session.connection()
        connection.execute(delete(AlertDelivery).where(AlertDelivery.alert_id.in_(numbers)))
        return connection.execute(delete(Alert).where(Alert.id.in_(numbers))).rowcount


def _delivered(moment: datetime) -> Select[int]:
    """Also alerts without a channel, whose digest was deleted after it was given up."""
    due = (
        select(AlertDelivery.id)
        .outerjoin(AlertDigest, AlertDelivery.digest_id == AlertDigest.id)
        .where(
            AlertDelivery.alert_id == Alert.id,
            or_(
                AlertDigest.id.is_(None), AlertDigest.state != DigestState.DELIVERED, AlertDigest.delivered_at >= moment
            ),
        )
    )
    return select(Alert.id).where(Alert.created_at < moment, ~due.exists())


def _row(cause: Cause, now: datetime) -> dict[str, Any]:
    return {
        "cause_key": cause.key,
        "kind": cause.kind,
        "severity": cause.severity,
        "provider": cause.provider,
        "database_name": cause.database_name,
        "message": cause.message,
        "details": dict(cause.details) or None,
        "created_at": now,
    }


def _alert(row: Alert) -> RaisedAlert:
    return from_row(RaisedAlert, row, severity=None if row.severity is None else Severity(row.severity))


def _delivery(alert: Alert, delivery: AlertDelivery, digest: AlertDigest | None) -> Delivery:
    raised, channel = _alert(alert), AlertChannel(delivery.channel)
    if digest is None:
        return Delivery(raised, channel, DigestState.PENDING)
    return from_row(Delivery, digest, alert=raised, channel=channel, digest_id=digest.id)
