"""The master rows of a provider's patients, and the record of each patient in each session."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models.base import (
    BigId,
    Created,
    Demographic,
    Json,
    Name,
    NameKey,
    Prn,
    Prose,
    ProviderBase,
    Sha256,
    Word,
    one_of,
    table_options,
)


class Patient(Created, Demographic, ProviderBase):
    """One person in one provider's database, identified by PRN; the portal's UUID changes between extractions.

    The values are those of the extraction with the latest ``extracted_at``. A value that it lacks is kept from before.
    """

    __tablename__ = "patients"
    # Found by birth date.
    __table_args__ = table_options(Index(None, "date_of_birth"))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    # Unique: the identity, by which a batch inserts, locks and finds its patients.
    prn: Mapped[Prn] = mapped_column(unique=True)
    other_demographics: Mapped[Json | None]
    """Fields of ``demographics_printable`` that have no column; NULL in rows of early versions."""
    # Found by the beginning of the name, or of the last name.
    name_key: Mapped[NameKey | None] = mapped_column(index=True)
    """The name without case, accents and punctuation, first name first; see ``domain.patient_names``."""
    last_name_key: Mapped[NameKey | None] = mapped_column(index=True)
    """The same with the last name first."""
    as_of: Mapped[datetime | None]
    """``extracted_at`` of the extraction that these values come from."""
    # No query uses this index: it is the one that servers require for a foreign key.
    extraction_session_id: Mapped[BigId] = mapped_column(ForeignKey("extraction_sessions.id"), index=True)
    """The session that these values come from."""
    updated_at: Mapped[datetime]


class PatientExtraction(Demographic, ProviderBase):
    """The record of one patient in one session. A duplicate has no clinical rows: it refers to one that has."""

    __tablename__ = "patient_extractions"
    __table_args__ = table_options(
        one_of("processing_status", ProcessingStatus),
        # A PRN occurs once in a session; also serves to read back the ids of the rows that a batch has just inserted.
        UniqueConstraint("extraction_session_id", "prn"),
        # The patient's latest extraction with the same criteria, read for every patient of every file.
        Index(None, "patient_id", "criteria_key", "extracted_at"),
    )

    id: Mapped[BigId] = mapped_column(primary_key=True)
    prn: Mapped[Prn]
    patient_id: Mapped[BigId] = mapped_column(ForeignKey("patients.id"))
    extraction_session_id: Mapped[BigId] = mapped_column(ForeignKey("extraction_sessions.id"))
    criteria_key: Mapped[Sha256]
    """The session's key; empty if the extraction is incomplete, and then it is never compared."""
    extracted_at: Mapped[datetime | None]
    position: Mapped[int]
    """Position in the file, from 0."""
    filter_medication_name: Mapped[Prose | None]
    filter_medication_strength: Mapped[Name | None]
    filter_start_date: Mapped[Name | None]
    filter_stop_date: Mapped[Name | None]
    filter_last_seen: Mapped[Name | None]
    filter_provider: Mapped[Name | None]
    summary_page_url: Mapped[Prose | None]
    extraction_method: Mapped[Name | None]
    found_at: Mapped[Name | None]
    data_checksum: Mapped[Sha256]
    processing_status: Mapped[Word]
    # No query uses this index: it is the one that servers require for a foreign key.
    duplicate_of_id: Mapped[BigId | None] = mapped_column(ForeignKey("patient_extractions.id"), index=True)
    extra: Mapped[Json | None]
    row_checks: Mapped[Prose | None]
    """CRC-32 of this row and of each of its clinical rows, see ``domain.row_checks``; NULL in rows of early versions.
    """
