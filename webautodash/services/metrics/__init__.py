"""Figures for Prometheus, read from the system database alone: no provider database is opened."""

from webautodash.services.metrics.collector import StoreCollector as StoreCollector
from webautodash.services.metrics.endpoint import serving as serving
