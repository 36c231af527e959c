"""The master rows of a provider's patients."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.models.base import BigId, Created, Demographic, Json, Prn, ProviderBase, table_options


class Patient(Created, Demographic, ProviderBase):
    """One person in one provider's database, identified by PRN; the portal's UUID changes and identifies nobody.

    The values are those of the extraction with the latest ``extracted_at``. A value that it lacks is kept from before.
    """

    __tablename__ = "patients"
    __table_args__ = table_options()

    id: Mapped[BigId] = mapped_column(primary_key=True)
    # Unique: the identity, by which a batch inserts, locks and finds its patients.
    prn: Mapped[Prn] = mapped_column(unique=True)
    other_demographics: Mapped[Json | None]
    """Fields of ``demographics_printable`` that have no column; NULL in rows of early versions."""
    as_of: Mapped[datetime | None]
    """``extracted_at`` of the extraction that these values come from."""
    # No query uses this index: it is the one that servers require for a foreign key.
    extraction_session_id: Mapped[BigId] = mapped_column(ForeignKey("extraction_sessions.id"), index=True)
    """The session that these values come from."""
    updated_at: Mapped[datetime]
