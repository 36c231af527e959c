"""Digests of alerts: created, tried, delivered or given up. All times are those of the database server."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update

from webautodash.domain.alerts import AlertChannel, DigestState
from webautodash.domain.retries import LONGEST_SECONDS
from webautodash.models import AlertDelivery, AlertDigest
from webautodash.repositories.base import Repository, from_row


@dataclass(frozen=True, slots=True)
class Digest:
    """One digest and the state of its delivery."""

    id: int
    key: str
    channel: AlertChannel
    state: DigestState
    attempts: int
    next_attempt_at: datetime | None
    last_error: str | None
    created_at: datetime
    delivered_at: datetime | None


class DigestRepository(Repository):
    """Rows of ``alert_digests``, and their alerts in ``alert_deliveries``."""

    def due(self, channel: AlertChannel) -> list[Digest]:
        """The digests of a channel that are due, oldest first."""
        now = self._moment()
        return self._of(
            AlertDigest.state == DigestState.PENDING,
            AlertDigest.channel == channel,
            or_(AlertDigest.next_attempt_at.is_(None), AlertDigest.next_attempt_at <= now),
        )

    def is_misdated(self) -> bool:
        """Whether a digest is due later than after the longest pause, because a clock was wrong."""
        return self._session.scalars(select(AlertDigest.id).where(*self._misdated()).limit(1)).first() is not None

    def redate(self) -> None:
        """Make such digests due after the longest pause."""
        end = self._moment(int(LONGEST_SECONDS))
        self._change(update(AlertDigest).where(*self._misdated()).values(next_attempt_at=end))

    def _misdated(self) -> tuple[ColumnElement[bool], ...]:
        end = self._moment(int(LONGEST_SECONDS))
        return AlertDigest.state == DigestState.PENDING, AlertDigest.next_attempt_at > end

    def pending(self, channel: AlertChannel) -> list[Digest]:
        """The digests of a channel that are not delivered yet, due or not."""
        return self._of(AlertDigest.state == DigestState.PENDING, AlertDigest.channel == channel)

    def failed(self) -> list[Digest]:
        """The digests that were given up, oldest first."""
        return self._of(AlertDigest.state == DigestState.FAILED)

    def has_rested(self, channel: AlertChannel, seconds: int) -> bool:
        """Whether the channel's last digest is at least ``seconds`` old, or there is none."""
        since, now = self._moment(-seconds), self._moment()
        # A digest in the future has a time of a clock that was wrong.
        statement = select(AlertDigest.id).where(
            AlertDigest.channel == channel, AlertDigest.created_at > since, AlertDigest.created_at <= now
        )
        return self._session.scalars(statement.limit(1)).first() is None

    def make(self, channel: AlertChannel, most: int) -> Digest | None:
        """Create a digest of the oldest alerts that wait for one, at most ``most``; None if no alert waits."""
        waiting = (
            select(AlertDelivery.id)
            .where(AlertDelivery.channel == channel, AlertDelivery.digest_id.is_(None))
            .order_by(AlertDelivery.id)
            .limit(most)
            .with_for_update()
        )
        numbers = self._session.scalars(waiting).all()
        if not numbers:
            return None
        key, now = uuid4().hex, self._moment()
        values = {"channel": channel, "state": DigestState.PENDING, "next_attempt_at": now, "created_at": now}
        self._session.execute(insert(AlertDigest).values(idempotency_key=key, attempts=0, **values))
        (made,) = self._of(AlertDigest.idempotency_key == key)
        self._change(update(AlertDelivery).where(AlertDelivery.id.in_(numbers)).values(digest_id=made.id))
        return made

    def delivered(self, digest: Digest, note: str | None) -> None:
        """Record that a digest arrived, with a remark of the channel."""
        now = self._moment()
        self._set(
            digest,
            state=DigestState.DELIVERED,
            attempts=digest.attempts + 1,
            next_attempt_at=None,
            last_error=note,
            delivered_at=now,
        )

    def try_again(self, digest: Digest, error: str, seconds: int) -> None:
        """Record that a digest did not arrive; the next attempt follows after ``seconds``."""
        then = self._moment(seconds)
        self._set(digest, attempts=digest.attempts + 1, next_attempt_at=then, last_error=error)

    def give_up(self, digest: Digest, error: str, *, attempted: bool = True) -> None:
        """Record that there is no other attempt unless a person asks for it."""
        attempts = digest.attempts + attempted
        self._set(digest, state=DigestState.FAILED, attempts=attempts, next_attempt_at=None, last_error=error)

    def reopen(self, digest_id: int | None = None) -> int:
        """Make the digests that were given up, or one of them, pending again. Returns how many."""
        statement = update(AlertDigest).where(AlertDigest.state == DigestState.FAILED)
        if digest_id is not None:
            statement = statement.where(AlertDigest.id == digest_id)
        now = self._moment()
        reopened = statement.values(state=DigestState.PENDING, attempts=0, next_attempt_at=now)
        return int(self._change(reopened))

    def forget(self, numbers: Collection[int]) -> int:
        """Delete digests that were given up; the channel no longer gets their alerts. Returns how many."""
        failed = select(AlertDigest.id).where(AlertDigest.id.in_(numbers), AlertDigest.state == DigestState.FAILED)
        return self._delete(self._session.scalars(failed.with_for_update()).all())

    def delete_empty(self, moment: datetime, most: int) -> int:
        """Delete at most ``most`` digests that were delivered before ``moment`` and have no alerts. Returns how many.

        The latest of each channel stays: it determines when the next may be created.
        """
        latest = self._session.scalars(select(func.max(AlertDigest.id)).group_by(AlertDigest.channel)).all()
        has_alerts = select(AlertDelivery.id).where(AlertDelivery.digest_id == AlertDigest.id).exists()
        empty = select(AlertDigest.id).where(
            AlertDigest.state == DigestState.DELIVERED,
            AlertDigest.delivered_at < moment,
            AlertDigest.id.not_in(latest),
            ~has_alerts,
        )
        return self._delete(self._session.scalars(empty.order_by(AlertDigest.id).limit(most)).all())

    def _delete(self, numbers: Sequence[int]) -> int:
        if numbers:
            connection = self._session.connection()
            connection.execute(delete(AlertDelivery).where(AlertDelivery.digest_id.in_(numbers)))
            connection.execute(delete(AlertDigest).where(AlertDigest.id.in_(numbers)))
        return len(numbers)

    def count(self, digests: Sequence[Digest]) -> dict[int, int]:
        """How many alerts each digest has, by id."""
        statement = (
            select(AlertDelivery.digest_id, func.count())
            .where(AlertDelivery.digest_id.in_([digest.id for digest in digests]))
            .group_by(AlertDelivery.digest_id)
        )
        return {number: count for number, count in self._session.execute(statement) if number is not None}

    def _of(self, *conditions: ColumnElement[bool]) -> list[Digest]:
        statement = select(AlertDigest).where(*conditions).order_by(AlertDigest.created_at, AlertDigest.id)
        return [from_row(Digest, row, key=row.idempotency_key) for row in self._session.scalars(statement)]

    def _set(self, digest: Digest, **values: object) -> None:
        self._change(update(AlertDigest).where(AlertDigest.id == digest.id).values(**values))
