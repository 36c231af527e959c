"""Patients of a file that were set aside."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.models.base import BigId, Created, Name, Prn, Prose, ProviderBase, Word, table_options


class SetAsidePatient(Created, ProviderBase):
    """A patient that could not be taken in, kept whole and unchanged until it is."""

    __tablename__ = "set_aside_patients"
    __table_args__ = table_options(
        # One row for each position in a file; also serves the foreign key.
        UniqueConstraint("extraction_session_id", "position"),
        # Patients to extract again: few rows of one reason among many that were taken in.
        Index(None, "reason", "prn"),
    )

    id: Mapped[BigId] = mapped_column(primary_key=True)
    extraction_session_id: Mapped[BigId] = mapped_column(ForeignKey("extraction_sessions.id"))
    prn: Mapped[Prn | None]
    """NULL if the PRN cannot be read reliably."""
    position: Mapped[int]
    reason: Mapped[Word]
    detail: Mapped[Name]
    raw_json: Mapped[Prose]
    taken_in_at: Mapped[datetime | None]
    decided_by: Mapped[Name | None]
    """The person who accepted the patient, if that was needed; the time is ``taken_in_at``."""
    decided_why: Mapped[Prose | None]
    # Index: finds what became of an extraction that was set aside after it had been stored.
    patient_extraction_id: Mapped[BigId | None] = mapped_column(ForeignKey("patient_extractions.id"), index=True)
    """The stored extraction that a review set aside; NULL for a patient that was never stored."""
    is_stored_whole: Mapped[bool | None]
    """Whether the tables hold everything in ``raw_json``: false after a correction, and for the text of an error."""
