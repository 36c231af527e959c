"""Review of what was ingested: conflicts, patients that were set aside, and corrections of stored data.

``conflicts``, ``patients``, ``sessions`` and ``set_aside`` each have their own ``search`` and ``show``.
"""

from webautodash.services.review import (
    conflicts as conflicts,
    patients as patients,
    sessions as sessions,
    set_aside as set_aside,
)
from webautodash.services.review.conflicts import (
    Conflict as Conflict,
    ReviewedConflict as ReviewedConflict,
    ValueSource as ValueSource,
)
from webautodash.services.review.patients import (
    Chart as Chart,
    Extraction as Extraction,
    PatientHistory as PatientHistory,
    Person as Person,
)
from webautodash.services.review.retry_patients import (
    RetryOutcome as RetryOutcome,
    accept_set_aside as accept_set_aside,
    retry_set_aside as retry_set_aside,
)
from webautodash.services.review.sessions import (
    DecidedSession as DecidedSession,
    SessionSummary as SessionSummary,
    TimeCorrection as TimeCorrection,
)
from webautodash.services.review.set_aside import (
    SetAsideDetail as SetAsideDetail,
    SetAsideEntry as SetAsideEntry,
)
from webautodash.services.review.stored_failures import (
    StoredReview as StoredReview,
    StoredReviews as StoredReviews,
    review_stored as review_stored,
)
