"""The outbox of a provider's database: changes that the system database has yet to record."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.vocabulary import EventKind
from webautodash.models.base import BigId, Created, ProviderBase, Word, one_of, table_options


class PendingEvent(Created, ProviderBase):
    """A change that the system database may not have recorded yet: counts and numbers, never a patient's value.

    The row commits with the change. It is deleted when the system database has the alert, file state and counters.
    """

    __tablename__ = "pending_events"
    __table_args__ = table_options(one_of("kind", EventKind))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    kind: Mapped[Word]
    # No foreign keys: a row lives for about a second, and their indexes would slow down every file.
    session_id: Mapped[int | None] = mapped_column(BigInteger)
    """The session that the event is about; NULL if it is about the whole database."""
    set_aside_id: Mapped[int | None] = mapped_column(BigInteger)
    """The set-aside patient that was taken in, or that needs another decision."""
    conflicts: Mapped[int]
    set_aside: Mapped[int]
    """Number of patients set aside, out of ``found``."""
    found: Mapped[int]
