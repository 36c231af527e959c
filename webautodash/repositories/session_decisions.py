"""Decisions of people about sessions."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from webautodash.models import SessionDecision
from webautodash.repositories.base import Repository, from_row


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """A decision about a session. Rows are added, never changed or deleted."""

    kind: str
    """The reason why the file was held, or the kind of correction."""
    old_value: str | None
    new_value: str | None
    decided_by: str
    decided_at: datetime
    why: str


class SessionDecisionRepository(Repository):
    """Rows of ``session_decisions``."""

    def add(self, session_id: int, decisions: Sequence[RecordedDecision]) -> list[int]:
        """Add decisions about a session. Returns their numbers."""
        rows = [SessionDecision(extraction_session_id=session_id, **asdict(one)) for one in decisions]
        self._session.add_all(rows)
        self._session.flush()
        return [row.id for row in rows]

    def of(self, session_id: int) -> tuple[RecordedDecision, ...]:
        """The decisions about a session, oldest first."""
        rows = self._session.scalars(
            select(SessionDecision)
            .where(SessionDecision.extraction_session_id == session_id)
            .order_by(SessionDecision.decided_at, SessionDecision.id)
        )
        return tuple(from_row(RecordedDecision, row) for row in rows)
