"""Decisions that people made about whole sessions."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.models.base import BigId, Name, Prose, ProviderBase, Word, table_options


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
