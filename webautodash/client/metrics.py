"""Figures for Prometheus, read from the system database alone."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from webautodash.client.installation import Group
from webautodash.errors import WebAutoDashError
from webautodash.services.callbacks import ignore
from webautodash.services.metrics import StoreCollector as StoreCollector, serving


class Metrics(Group):
    """Methods about metrics: ``WebAutoDash().metrics``."""

    def collector(self, on_reading: Callable[[WebAutoDashError | None], object] = ignore) -> StoreCollector:
        """Return a Prometheus collector that reads the system database at each scrape.

        ``on_reading`` is called after each reading with its error, or with None.
        """
        return StoreCollector(self._installation.settings, on_reading)

    def serve(self, collector: StoreCollector, host: str, port: int) -> AbstractContextManager[str]:
        """Serve ``/metrics`` over HTTP within a ``with`` block, whose value is the address; port 0 is any free one."""
        return serving(collector, host, port)
