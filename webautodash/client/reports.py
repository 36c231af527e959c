"""The results of ``status``, ``statistics`` and ``verify``, and the parts of lists."""

from webautodash.services.paging import Listing, Unreadable
from webautodash.services.review import Incomplete
from webautodash.services.statistics import (
    AlertStatus,
    LastDay,
    MonitorStatus,
    ProviderStatistics,
    ProviderSummary,
    Statistics,
    Status,
)
from webautodash.services.verify import Divergence, OnExtractions, ProviderVerification, Verification

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
