"""The results of ``status``, ``statistics``, ``coverage`` and ``verify``, and the parts of lists."""

from webautodash.domain.coverage import DayRange as DayRange
from webautodash.repositories.coverage import (
    MissingPatient as MissingPatient,
    SearchedSession as SearchedSession,
)
from webautodash.repositories.set_aside import Incomplete as Incomplete
from webautodash.services.coverage import (
    Coverage as Coverage,
    PatientCoverage as PatientCoverage,
)
from webautodash.services.paging import Listing as Listing, Unreadable as Unreadable
from webautodash.services.statistics import (
    AlertStatus as AlertStatus,
    LastDay as LastDay,
    MonitorStatus as MonitorStatus,
    ProviderStatistics as ProviderStatistics,
    ProviderSummary as ProviderSummary,
    Statistics as Statistics,
    Status as Status,
)
from webautodash.services.verify import (
    Divergence as Divergence,
    OnExtractions as OnExtractions,
    ProviderVerification as ProviderVerification,
    Verification as Verification,
)
