"""``webautodash metrics``."""

import signal
import sys
import time
from contextlib import AbstractContextManager, closing
from pathlib import Path
from threading import Lock
from typing import Annotated, NoReturn

import typer

from webautodash.atomic_file import replace_file
from webautodash.cli.advice import explain
from webautodash.cli.terminal.log_output import print_notice
from webautodash.cli.terminal.output import print_line
from webautodash.client import WebAutoDash
from webautodash.client.metrics import StoreCollector
from webautodash.errors import UsageError, WebAutoDashError, without_context

app = typer.Typer(add_completion=False, rich_markup_mode=None)

# A signal during a sleep is handled when it ends.
_PAUSE_SECONDS = 1.0
_READABLE_BY_ALL = 0o644


@app.command(
    epilog="Examples: webautodash metrics; webautodash metrics --serve; webautodash metrics --every 60 "
    "--file /var/lib/prometheus/node-exporter/webautodash.prom"
)
def metrics(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="PATH", help="Write to this file, atomically, for the node_exporter."),
    ] = None,
    every: Annotated[
        float | None,
        typer.Option("--every", min=1, max=86400, metavar="SECONDS", help="Write the file again at this interval."),
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve http://HOST:PORT/metrics until SIGTERM or Ctrl-C.")
    ] = False,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on; the default is this machine only.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="Port to listen on; 0 is any free one.")
    ] = 9477,
) -> None:
    """Export figures for Prometheus: files, patients, conflicts, durations, monitors, alerts, the log.

    They are read at each export, from the system database alone. If it cannot be read, webautodash_up is 0.
    """
    if serve and file is not None:
        raise UsageError("--serve and --file cannot be combined")
    if every is not None and file is None:
        raise UsageError("--every needs --file")
    problem = _Problem(repeats=serve or every is not None)
    group = WebAutoDash().metrics
    # A service manager stops the command with SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with closing(group.collector(problem)) as collector:
        if serve:
            _serve(group.serve(collector, host, port), host, port, quiet=ctx.obj.quiet)
        elif file is not None:
            _write(collector, file, every)
        else:
            sys.stdout.buffer.write(collector.text())
            sys.stdout.buffer.flush()
    if problem.error is not None:
        raise problem.error


class _Problem:
    """The error of the last reading; if the readings repeat, each new error is printed once."""

    def __init__(self, *, repeats: bool) -> None:
        self.error: WebAutoDashError | None = None
        self._repeats, self._lock = repeats, Lock()

    def __call__(self, error: WebAutoDashError | None) -> None:
        with self._lock:
            if self._repeats and error is not None and str(error) != str(self.error):
                print_notice(f"{explain(error)}; webautodash_up is 0 until then")
            self.error = error


@without_context
def _serve(server: AbstractContextManager[str], host: str, port: int, *, quiet: bool) -> NoReturn:
    try:
        with server as address:
            if not quiet:
                print_line(address)
                sys.stdout.flush()
            while True:
                time.sleep(_PAUSE_SECONDS)
    except OSError as error:
        raise UsageError(f"cannot listen on {host}, port {port}: {error.strerror}") from None


@without_context
def _write(collector: StoreCollector, file: Path, every: float | None) -> None:
    while True:
        try:
            replace_file(file, collector.text(), _READABLE_BY_ALL)
        except OSError as error:
            raise UsageError(f"--file {file}: {error.strerror}") from None
        if every is None:
            return
        time.sleep(every)
