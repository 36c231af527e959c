"""Extraction sessions, one row for each ingested file, and decisions that people made about whole sessions."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.models.base import BigId, Created, Json, Name, Prose, ProviderBase, Sha256, Word, table_options


class ExtractionSession(Created, ProviderBase):
    """One ingested file. ``content_sha256`` is unique and commits with the file's data: a file is stored only once."""

    __tablename__ = "extraction_sessions"
    __table_args__ = table_options()

    id: Mapped[BigId] = mapped_column(primary_key=True)
    # Unique: looked up once per file; of two workers that store the same file, the second is refused.
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
    profile: Mapped[Name | None]
    """Name of the profile by which the file was read; null for sessions of versions without profiles."""
    profile_sha256: Mapped[Sha256 | None]
    """SHA-256 of the profile's text."""
    list_counts: Mapped[Json | None]
    """Numbers of patients of the file: `patients` (all), `counted` (complete ones), and `empty`, by list those who have
    no item in it. Null for files of one patient and for sessions of versions that did not count."""
    path: Mapped[Prose]
    """Path of the file below Results when it was ingested."""
    extra: Mapped[Json | None]
    """Metadata fields that have no column, or whose value does not fit the column, unchanged."""

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
    # Nullable with a default: earlier versions of the program do not write this column.
    other_records: Mapped[int | None] = mapped_column(server_default="0")


class SessionDecision(ProviderBase):
    """A decision about a session: accept a held file, correct its time, or accept a patient. Append-only."""

    __tablename__ = "session_decisions"
    # Serves the list of a session's decisions, and the foreign key.
    __table_args__ = table_options(Index(None, "extraction_session_id", "decided_at"), append_only=True)

    id: Mapped[BigId] = mapped_column(primary_key=True)
    extraction_session_id: Mapped[BigId] = mapped_column(ForeignKey("extraction_sessions.id"))
    kind: Mapped[Word]
    """Why the file was held, what was corrected, or `set_aside_accepted`, with the set-aside patient's id as new value.
    """
    old_value: Mapped[Name | None]
    new_value: Mapped[Name | None]
    decided_by: Mapped[Name]
    decided_at: Mapped[datetime]
    why: Mapped[Prose]
