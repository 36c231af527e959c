"""The results of ``status``, ``statistics`` and ``verify``, and the parts of lists."""

from webautodash.services.paging import Listing, Unreadable
from webautodash.services.review.incomplete import Incomplete
from webautodash.services.statistics.current_status import (
    AlertStatus,
    LastDay,
    MonitorStatus,
    ProviderSummary,
    Status,
)
from webautodash.services.statistics.provider_statistics import ProviderStatistics, Statistics
from webautodash.services.verify import ProviderVerification, Verification
from webautodash.services.verify.divergence import Divergence
from webautodash.services.verify.verify_providers import OnExtractions

__all__ = [
    "AlertStatus",
    "Divergence",
    "Incomplete",
    "LastDay",
    "Listing",
    "MonitorStatus",
    "OnExtractions",
    "ProviderStatistics",
    "ProviderSummary",
    "ProviderVerification",
    "Statistics",
    "Status",
    "Unreadable",
    "Verification",
]
