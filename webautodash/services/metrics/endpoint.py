"""``/metrics`` over HTTP.

prometheus_client's own server answers at every path, waits forever for a silent client and prints tracebacks.
"""

import logging
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from webautodash.errors import where_from
from webautodash.services.metrics.collector import StoreCollector

PATH = "/metrics"
_CLIENT_TIMEOUT_SECONDS = 10
_PLAIN = [("Content-Type", "text/plain; charset=utf-8")]


@contextmanager
def serving(collector: StoreCollector, host: str, port: int) -> Iterator[str]:
    """Serve within the context, whose value is the address; port 0 is any free one. Raises OSError."""
    with make_server(host, port, _application(collector), _Server, _Handler) as server:
        thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
        thread.start()
        shown = f"[{host}]" if ":" in host else host
        try:
            yield f"http://{shown}:{server.server_port}{PATH}"
        finally:
            server.shutdown()


def _application(collector: StoreCollector) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    metrics = make_wsgi_app(collector.registry)

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH:
            start_response("404 Not Found", _PLAIN)
            return [f"not found; see {PATH}\n".encode()]
        try:
            return metrics(environ, start_response)  # type: ignore[no-any-return]
        except Exception as error:  # the next scrape may go well
            logging.getLogger("webautodash.metrics").error("%s", where_from(error))
            start_response("500 Internal Server Error", _PLAIN)
            return [b"the metrics could not be read\n"]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    """A thread per request, so that a slow client delays no other."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
        found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self.address_family = found[0][0]
        super().__init__(address, handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that disconnects early."""


class _Handler(WSGIRequestHandler):
    """Without a log line per request, and with a timeout for a client that sends nothing."""

    timeout = _CLIENT_TIMEOUT_SECONDS

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Log nothing."""
