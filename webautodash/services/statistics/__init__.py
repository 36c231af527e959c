"""Statistics of one provider or of all, and the current status of the installation."""

from webautodash.services.statistics.current_status import (
    AlertStatus,
    LastDay,
    MonitoringStatistics,
    MonitoringStatus,
    MonitorStatus,
    ProviderDatabaseStatistics,
    ProviderSummary,
    Status,
    status,
)
from webautodash.services.statistics.provider_statistics import ProviderStatistics, Statistics, statistics

__all__ = [
    "AlertStatus",
    "LastDay",
    "MonitorStatus",
    "MonitoringStatistics",
    "MonitoringStatus",
    "ProviderDatabaseStatistics",
    "ProviderStatistics",
    "ProviderSummary",
    "Statistics",
    "Status",
    "statistics",
    "status",
]
