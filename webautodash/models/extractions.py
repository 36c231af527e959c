"""Ingested files, what each said of each patient, and what could not be taken in."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.models.base import (
    BigId,
    Created,
    Demographic,
    Json,
    Name,
    Prn,
    Prose,
    ProviderBase,
    Sha256,
    Word,
    one_of,
    table_options,
)


class ExtractionSession(Created, ProviderBase):
    """One ingested file. ``content_sha256`` commits with the file's data: that is what makes it stored once."""

    __tablename__ = "extraction_sessions"
    __table_args__ = table_options()

    id: Mapped[BigId] = mapped_column(primary_key=True)
    # Unique: whether the file is stored already, asked once a file; of two workers one is refused.
    content_sha256: Mapped[Sha256] = mapped_column(unique=True)
    criteria_key: Mapped[Sha256]
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    job_name: Mapped[Name | None]
    portal_name: Mapped[Name | None]
    extraction_mode: Mapped[Name | None]
    provider_name: Mapped[Name | None]
    provider_directory: Mapped[Name | None]
    target_url: Mapped[Prose | None]
    patient_identifier: Mapped[Name | None]
    target_medication: Mapped[Name | None]
    start_date: Mapped[date | None]
    end_date: Mapped[date | None]
    extracted_at: Mapped[datetime | None]
    results_filename: Mapped[Name | None]
    path: Mapped[Prose]
    """Where the file lay when it was ingested, below Results."""
    extra: Mapped[Json | None]
    """Fields of the file's metadata that have no column, or do not fit theirs, as they came."""

    total_patients_found: Mapped[int]
    successful_extractions: Mapped[int]
    failed_extractions: Mapped[int]
    conflicts_detected: Mapped[int]
    patients_new: Mapped[int]
    patients_stored: Mapped[int]
    patients_changed: Mapped[int]
    patients_duplicate: Mapped[int]
    medications: Mapped[int]
    diagnoses: Mapped[int]
    allergies: Mapped[int]
    health_concerns: Mapped[int]
    # Nullable with a default: an earlier version of the program leaves it out.
    other_records: Mapped[int | None] = mapped_column(server_default="0")


class SessionDecision(ProviderBase):
    """What a person decided about a session: a held file is right, its time, a patient is accepted. Never changed."""

    __tablename__ = "session_decisions"
    # One session's decisions, and the index under the foreign key.
    __table_args__ = table_options(Index(None, "extraction_session_id", "decided_at"), append_only=True)

    id: Mapped[BigId] = mapped_column(primary_key=True)
    extraction_session_id: Mapped[BigId] = mapped_column(ForeignKey("extraction_sessions.id"))
    kind: Mapped[Word]
    """Why the file was held, what was corrected, or `set_aside_accepted`, whose new value is the patient's number."""
    old_value: Mapped[Name | None]
    new_value: Mapped[Name | None]
    decided_by: Mapped[Name]
    decided_at: Mapped[datetime]
    why: Mapped[Prose]


class PatientExtraction(Demographic, ProviderBase):
    """What one session said of one patient; a duplicate has no clinical rows and points at the one that has."""

    __tablename__ = "patient_extractions"
    __table_args__ = table_options(
        one_of("processing_status", ProcessingStatus),
        # One PRN once a session; the ids of the rows that a batch has just written are read by it.
        UniqueConstraint("extraction_session_id", "prn"),
        # "This patient's latest extraction with these criteria", asked for every patient of every file.
        Index(None, "patient_id", "criteria_key", "extracted_at"),
    )

    id: Mapped[BigId] = mapped_column(primary_key=True)
    prn: Mapped[Prn]
    patient_id: Mapped[BigId] = mapped_column(ForeignKey("patients.id"))
    extraction_session_id: Mapped[BigId] = mapped_column(ForeignKey("extraction_sessions.id"))
    criteria_key: Mapped[Sha256]
    """The session's; empty where the extraction is not whole, and nothing is compared with it."""
    extracted_at: Mapped[datetime | None]
    position: Mapped[int]
    """Place in the file, from 0."""
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
    # No look-up goes by it: MySQL and MariaDB want an index under every foreign key.
    duplicate_of_id: Mapped[BigId | None] = mapped_column(ForeignKey("patient_extractions.id"), index=True)
    extra: Mapped[Json | None]
    row_checks: Mapped[Prose | None]
    """A CRC-32 of this row and of each of its clinical rows, see ``domain.row_checks``; none in earlier rows."""


class SetAsidePatient(Created, ProviderBase):
    """A patient that could not be taken in, whole and as it came, until it is."""

    __tablename__ = "set_aside_patients"
    __table_args__ = table_options(
        # One place of a file once, and the index under the foreign key.
        UniqueConstraint("extraction_session_id", "position"),
        # Whom the robot has to extract again: few of a reason among many that were taken in.
        Index(None, "reason", "prn"),
    )

    id: Mapped[BigId] = mapped_column(primary_key=True)
    extraction_session_id: Mapped[BigId] = mapped_column(ForeignKey("extraction_sessions.id"))
    prn: Mapped[Prn | None]
    """Where it can be read for certain."""
    position: Mapped[int]
    reason: Mapped[Word]
    detail: Mapped[Name]
    raw_json: Mapped[Prose]
    taken_in_at: Mapped[datetime | None]
    decided_by: Mapped[Name | None]
    """The person who accepted it, where that was needed; the time is ``taken_in_at``."""
    decided_why: Mapped[Prose | None]
    # Index: what became of an extraction that was set aside after it had been stored.
    patient_extraction_id: Mapped[BigId | None] = mapped_column(ForeignKey("patient_extractions.id"), index=True)
    """The stored extraction that a review set aside; none for a patient that was never stored."""
    is_stored_whole: Mapped[bool | None]
    """Whether all that ``raw_json`` says is in the tables: not after a correction, nor the text of an error."""
