"""Recorded differences and duplicates, and the steps of their review."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.vocabulary import ConflictStatus, ConflictType, Severity
from webautodash.models.base import BigId, Name, Prn, Prose, ProviderBase, Word, one_of, table_options


class DataConflict(ProviderBase):
    """A difference between stored data and a file, with both values; or a recorded duplicate."""

    __tablename__ = "data_conflicts"
    __table_args__ = table_options(
        one_of("conflict_type", ConflictType),
        one_of("severity", Severity),
        one_of("status", ConflictStatus),
        # Unresolved conflicts by severity: few rows among many recorded duplicates.
        Index(None, "status", "severity"),
    )

    id: Mapped[BigId] = mapped_column(primary_key=True)
    # Index: one patient's conflicts, for the patient's history and for `conflict list --prn`.
    patient_id: Mapped[BigId] = mapped_column(ForeignKey("patients.id"), index=True)
    prn: Mapped[Prn]
    conflict_type: Mapped[Word]
    severity: Mapped[Word]
    status: Mapped[Word]
    field_name: Mapped[Name]
    old_value: Mapped[Prose | None]
    new_value: Mapped[Prose | None]
    # No query uses this index: it is the one that servers require for a foreign key.
    extraction_session_id_1: Mapped[BigId] = mapped_column(ForeignKey("extraction_sessions.id"), index=True)
    """The session that the old value comes from."""
    # Index: the conflicts of one file, for its alert.
    extraction_session_id_2: Mapped[BigId] = mapped_column(ForeignKey("extraction_sessions.id"), index=True)
    """The session that the new value comes from."""
    # Index: the conflicts of a file that arrived late.
    found_in_session_id: Mapped[BigId | None] = mapped_column(index=True)
    """The session that was compared, if it is not the session of the new value: its file arrived late."""
    conflict_description: Mapped[Prose]
    detected_at: Mapped[datetime]
    reviewed_by: Mapped[Name | None]
    reviewed_at: Mapped[datetime | None]
    resolution_notes: Mapped[Prose | None]


class ConflictReview(ProviderBase):
    """One step in the review of a conflict: who set which status, when and why. Append-only."""

    __tablename__ = "conflict_reviews"
    # Unique: of two people who decide at the same time, the second has to look again.
    __table_args__ = table_options(
        Index("uq_conflict_reviews_conflict_id_step", "conflict_id", "step", unique=True), append_only=True
    )

    id: Mapped[BigId] = mapped_column(primary_key=True)
    conflict_id: Mapped[BigId] = mapped_column(ForeignKey("data_conflicts.id"))
    step: Mapped[int | None]
    """1, 2, 3 ... within the conflict."""
    old_status: Mapped[Word]
    new_status: Mapped[Word]
    reviewed_by: Mapped[Name]
    reviewed_at: Mapped[datetime]
    notes: Mapped[Prose]
    # No query uses this index: it is the one that servers require for a foreign key.
    session_decision_id: Mapped[BigId | None] = mapped_column(ForeignKey("session_decisions.id"), index=True)
    """The correction of a session that made this step; NULL if a person reviewed the conflict itself."""
