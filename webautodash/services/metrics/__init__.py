"""Figures for Prometheus, out of the system database alone: no provider's database is opened for them."""

from webautodash.services.metrics.collector import StoreCollector
from webautodash.services.metrics.endpoint import serving

__all__ = ["StoreCollector", "serving"]
