"""What earlier sessions of a provider tell about the files that are usual."""

from datetime import datetime

from sqlalchemy import func, select

from webautodash.domain.extraction.document.session_metadata import SessionRecord
from webautodash.domain.suspicious_files import ListCounts
from webautodash.models import ExtractionSession
from webautodash.repositories.base import Repository

_SAME_PORTAL = ("portal_name", "profile", "extraction_mode")
"""What sessions have in common that tell what is usual."""
_MOST_READ = 1_000
"""The latest sessions among which they are looked for, so that other portals' sessions cost little."""


class SessionHistoryRepository(Repository):
    """The latest rows of ``extraction_sessions``, reduced to what is compared."""

    def latest_times(self, limit: int) -> list[datetime]:
        """When the latest sessions were stored."""
        statement = select(ExtractionSession.created_at).order_by(ExtractionSession.id.desc()).limit(limit)
        return list(self._session.scalars(statement))

    def list_counts(self, record: SessionRecord, limit: int) -> list[ListCounts]:
        """The counts of the latest sessions with the portal, profile and extraction mode of ``record``."""
        newest = select(func.max(ExtractionSession.id)).scalar_subquery()
        same = [getattr(ExtractionSession, name) == record.values.get(name) for name in _SAME_PORTAL]
        statement = (
            select(ExtractionSession.list_counts)
            .where(ExtractionSession.id > newest - _MOST_READ, ExtractionSession.list_counts.is_not(None), *same)
            .order_by(ExtractionSession.id.desc())
            .limit(limit)
        )
        return [ListCounts(**counts) for counts in self._session.scalars(statement) if counts is not None]
