"""The outbox of the alerts: what was found, for which channel, and the digests that tell it."""

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
    """Something that somebody should be told of: counts and numbers, never a value out of a patient's record."""

    __tablename__ = "alerts"
    __table_args__ = table_options(one_of("kind", AlertKind))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    # Unique: whether a cause is known already; of two that find it at once one adds it.
    cause_key: Mapped[Sha256] = mapped_column(unique=True)
    kind: Mapped[Word]
    severity: Mapped[Word | None]
    provider: Mapped[Identifier | None]
    database_name: Mapped[Identifier | None]
    message: Mapped[Prose]
    details: Mapped[Json | None]
    created_at: Mapped[datetime]


class AlertDigest(SystemBase):
    """One message to one channel, about one alert or many; it has its alerts before it is first sent."""

    __tablename__ = "alert_digests"
    __table_args__ = table_options(
        one_of("channel", AlertChannel),
        one_of("state", DigestState),
        # "Which of this channel's are due", at every look; "which have failed", for the status.
        Index(None, "state", "channel", "next_attempt_at"),
        # "When was this channel's last one made", before the next.
        Index(None, "channel", "created_at"),
    )

    id: Mapped[BigId] = mapped_column(primary_key=True)
    idempotency_key: Mapped[Word] = mapped_column(unique=True)
    """32 hexadecimal digits, the same in every attempt: by them whoever receives it knows a repeat."""
    channel: Mapped[Word]
    state: Mapped[Word]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    last_error: Mapped[Name | None]
    """Without any secret: a type, a code, a number."""
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class AlertDelivery(SystemBase):
    """One alert for one channel; without a digest it waits for the next one."""

    __tablename__ = "alert_deliveries"
    __table_args__ = table_options(
        # An alert goes to a channel once; and the index under the foreign key.
        UniqueConstraint("alert_id", "channel"),
        # "What waits for this channel's next digest", at every look; "what is in this digest", when it is sent.
        Index(None, "digest_id", "channel"),
    )

    id: Mapped[BigId] = mapped_column(primary_key=True)
    alert_id: Mapped[BigId] = mapped_column(ForeignKey("alerts.id"))
    channel: Mapped[Word]
    digest_id: Mapped[BigId | None] = mapped_column(ForeignKey("alert_digests.id"))
