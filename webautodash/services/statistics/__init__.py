"""Statistics of one provider or of all, and the current status of the installation."""

from webautodash.services.statistics.current_status import (
    AlertStatus as AlertStatus,
    LastDay as LastDay,
    MonitorStatus as MonitorStatus,
    ProviderSummary as ProviderSummary,
    Status as Status,
    status as status,
)
from webautodash.services.statistics.provider_statistics import (
    ProviderStatistics as ProviderStatistics,
    Statistics as Statistics,
    statistics as statistics,
)
