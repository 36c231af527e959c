"""The outbox of a provider's database: what the system database has yet to record."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.vocabulary import EventKind
from webautodash.models.base import BigId, Created, ProviderBase, Word, one_of, table_options


class PendingEvent(Created, ProviderBase):
    """A change that the system database may not know yet: counts and numbers, never a patient's value.

    It commits with the change and is deleted once the system database has its alert, file state and counters.
    """

    __tablename__ = "pending_events"
    __table_args__ = table_options(one_of("kind", EventKind))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    kind: Mapped[Word]
    # No foreign keys: a row lives for a second, and their indexes would cost every file.
    session_id: Mapped[int | None] = mapped_column(BigInteger)
    """The session that it is about; none where it is about the whole database."""
    set_aside_id: Mapped[int | None] = mapped_column(BigInteger)
    """The set-aside patient that was taken in, or waits for another decision."""
    conflicts: Mapped[int]
    set_aside: Mapped[int]
    """Patients that were set aside, of those found."""
    found: Mapped[int]
