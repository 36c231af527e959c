"""``webautodash metrics``."""

import signal
import sys
import time
from pathlib import Path
from threading import Lock
from typing import Annotated, NoReturn

import typer

from webautodash.atomic_file import replace_file
from webautodash.cli.terminal.output import complain, say
from webautodash.config import Settings
from webautodash.errors import UsageError, WebAutoDashError, without_context
from webautodash.services.metrics import StoreCollector, serving

app = typer.Typer(add_completion=False, rich_markup_mode=None)

# A signal that comes just before a sleep is answered after it.
_PAUSE_SECONDS = 1.0
_FOR_ALL_TO_READ = 0o644


@app.command(
    epilog="Examples: webautodash metrics; webautodash metrics --serve; webautodash metrics --every 60 "
    "--file /var/lib/prometheus/node-exporter/webautodash.prom"
)
def metrics(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="PATH", help="Into this file, always whole, for the node_exporter."),
    ] = None,
    every: Annotated[
        float | None,
        typer.Option("--every", min=1, max=86400, metavar="SECONDS", help="Write the file again and again."),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Answer http://HOST:PORT/metrics until SIGTERM or Ctrl-C.")
    ] = False,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; the default is for this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 is any free one.")] = 9477,
) -> None:
    """Figures for Prometheus: files, patients, conflicts, durations, what waits, monitors, alerts, the log.

    Each time they are read anew, from the system database alone. While that cannot be read webautodash_up is 0.
    """
    if serve and file is not None:
        raise UsageError("--serve and --file exclude each other")
    if every is not None and file is None:
        raise UsageError("--every needs --file")
    heard = _Trouble(lasting=serve or every is not None)
    collector = StoreCollector(Settings.load(), heard)
    # What the service manager asks for is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if serve:
        _serve(collector, host, port, quiet=ctx.obj.quiet)
    elif file is not None:
        _write(collector, file, every)
    else:
        sys.stdout.buffer.write(collector.text())
        sys.stdout.buffer.flush()
    if heard.error is not None:
        raise heard.error


class _Trouble:
    """What stands in the way of reading; where there is more to come it is said at once, once however long it lasts."""

    def __init__(self, *, lasting: bool) -> None:
        self.error: WebAutoDashError | None = None
        self._lasting, self._lock = lasting, Lock()

    def __call__(self, error: WebAutoDashError | None) -> None:
        with self._lock:
            if self._lasting and error is not None and str(error) != str(self.error):
                complain(f"{error}; webautodash_up is 0 until it is back")
            self.error = error


@without_context
def _serve(collector: StoreCollector, host: str, port: int, *, quiet: bool) -> NoReturn:
    try:
        with serving(collector, host, port) as address:
            if not quiet:
                say(address)
                sys.stdout.flush()
            while True:
                time.sleep(_PAUSE_SECONDS)
    except OSError as error:
        raise UsageError(f"cannot listen on {host}, port {port}: {error.strerror}") from None


@without_context
def _write(collector: StoreCollector, file: Path, every: float | None) -> None:
    while True:
        try:
            replace_file(file, collector.text(), _FOR_ALL_TO_READ)
        except OSError as error:
            raise UsageError(f"--file {file}: {error.strerror}") from None
        if every is None:
            return
        time.sleep(every)
