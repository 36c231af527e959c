"""Review of what was ingested: conflicts, patients that were set aside, and corrections of stored data.

``conflicts``, ``patients``, ``sessions`` and ``set_aside`` each have their own ``search`` and ``show``.
"""

from webautodash.services.review import conflicts, patients, sessions, set_aside
from webautodash.services.review.conflicts import Conflict, Review, ReviewedConflict, ValueSource
from webautodash.services.review.patients import Chart, ConflictMention, Extraction, PatientHistory, Person
from webautodash.services.review.retry_patients import RetryOutcome, accept_set_aside, retry_set_aside
from webautodash.services.review.sessions import DecidedSession, SessionSummary, TimeCorrection
from webautodash.services.review.set_aside import Incomplete, SetAsideDetail, SetAsideEntry
from webautodash.services.review.stored_failures import StoredReview, StoredReviews, review_stored

__all__ = [
    "Chart",
    "Conflict",
    "ConflictMention",
    "DecidedSession",
    "Extraction",
    "Incomplete",
    "PatientHistory",
    "Person",
    "RetryOutcome",
    "Review",
    "ReviewedConflict",
    "SessionSummary",
    "SetAsideDetail",
    "SetAsideEntry",
    "StoredReview",
    "StoredReviews",
    "TimeCorrection",
    "ValueSource",
    "accept_set_aside",
    "conflicts",
    "patients",
    "retry_set_aside",
    "review_stored",
    "sessions",
    "set_aside",
]
