"""Ingested files: each is one extraction session."""

from webautodash.client.installation import Group
from webautodash.repositories.session_decisions import RecordedDecision as RecordedDecision
from webautodash.repositories.sessions import SessionFilter as SessionFilter
from webautodash.services.paging import Listing
from webautodash.services.review import (
    DecidedSession as DecidedSession,
    SessionSummary as SessionSummary,
    TimeCorrection as TimeCorrection,
    sessions,
)


class ExtractionSessions(Group):
    """Methods about extraction sessions: ``WebAutoDash().extraction_sessions``."""

    def search(
        self,
        provider: str | None = None,
        wanted: SessionFilter | None = None,
        *,
        limit: int = 50,
        after: int | None = None,
    ) -> Listing[SessionSummary]:
        """List ingested files in the order in which they were stored, of one provider or of all.

        Raises UsageError if ``wanted`` has a last day or time that is earlier than the first.
        """
        return sessions.search(self._store, provider, wanted, limit=limit, after=after)

    def show(self, provider: str, session_id: int) -> DecidedSession:
        """Return a session with the decisions about it. Raises NotFound."""
        return sessions.show(self._store, provider, session_id)

    def set_time(
        self, provider: str, session_id: int, time: str, *, by: str, why: str, dry_run: bool = False
    ) -> TimeCorrection:
        """Correct the time of a session, then the values and conflicts that followed from the wrong one.

        Raises UsageError without ``by`` or ``why`` and for an invalid time, NotFound for an unknown number.
        """
        corrected = sessions.CorrectedTime(session_id, time, by, why)
        return sessions.set_time(self._store, provider, corrected, dry_run=dry_run)
