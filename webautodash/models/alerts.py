"""The outbox of alerts: what was found, for which channel, and the digests that are sent."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.alerts import AlertChannel, AlertKind, DigestState
from webautodash.models.base import (
    BigId,
    Identifier,
    Json,
    Name,
    Prose,
    Sha256,
    SystemBase,
    Word,
    one_of,
    table_options,
)


class Alert(SystemBase):
    """One alert: counts and numbers, never a value from a patient's record."""

    __tablename__ = "alerts"
    __table_args__ = table_options(one_of("kind", AlertKind))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    # Unique: of two processes that find the same cause at the same time, one adds it.
    cause_key: Mapped[Sha256] = mapped_column(unique=True)
    kind: Mapped[Word]
    severity: Mapped[Word | None]
    provider: Mapped[Identifier | None]
    database_name: Mapped[Identifier | None]
    message: Mapped[Prose]
    details: Mapped[Json | None]
    created_at: Mapped[datetime]


class AlertDigest(SystemBase):
    """One message to one channel, about one or more alerts, which are fixed before it is first sent."""

    __tablename__ = "alert_digests"
    __table_args__ = table_options(
        one_of("channel", AlertChannel),
        one_of("state", DigestState),
        # The digests of a channel that are due, at every check; failed digests, for the status.
        Index(None, "state", "channel", "next_attempt_at"),
        # The time of the channel's last digest, before the next one is made.
        Index(None, "channel", "created_at"),
    )

    id: Mapped[BigId] = mapped_column(primary_key=True)
    idempotency_key: Mapped[Word] = mapped_column(unique=True)
    """32 hexadecimal digits, the same in every attempt, so that the receiver can recognise a repeat."""
    channel: Mapped[Word]
    state: Mapped[Word]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    last_error: Mapped[Name | None]
    """An error type, code or number; never a secret."""
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class AlertDelivery(SystemBase):
    """One alert for one channel. Without a digest it waits for the channel's next one."""

    __tablename__ = "alert_deliveries"
    __table_args__ = table_options(
        # An alert goes to a channel once; also serves the foreign key.
        UniqueConstraint("alert_id", "channel"),
        # The alerts that wait for a channel's next digest, at every check; the alerts of a digest, when it is sent.
        Index(None, "digest_id", "channel"),
    )

    id: Mapped[BigId] = mapped_column(primary_key=True)
    alert_id: Mapped[BigId] = mapped_column(ForeignKey("alerts.id"))
    channel: Mapped[Word]
    digest_id: Mapped[BigId | None] = mapped_column(ForeignKey("alert_digests.id"))
