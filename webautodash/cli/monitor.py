"""``webautodash monitor``."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer

from webautodash.cli.advice import explain
from webautodash.cli.exit_status import PROBLEMS
from webautodash.cli.options import WorkersOption
from webautodash.cli.terminal.file_reports import MonitorMessages, print_file
from webautodash.cli.terminal.log_output import print_notice
from webautodash.client import WebAutoDash
from webautodash.client.ingest import FileOutcome, collect_rarely, preload_workers
from webautodash.client.monitor import LONGEST_INTERVAL, SHORTEST_INTERVAL, MonitorEvents, MonitorLoop, MonitorTrouble
from webautodash.domain.wording import counted

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(
    epilog="Examples: webautodash monitor; webautodash monitor --interval 60 --workers 2; webautodash monitor --once"
)
def monitor(
    ctx: typer.Context,
    interval: Annotated[
        float,
        typer.Option(
            "--interval",
            min=SHORTEST_INTERVAL,
            max=LONGEST_INTERVAL,
            metavar="SECONDS",
            help="Time between two passes.",
        ),
    ] = 10.0,
    once: Annotated[bool, typer.Option("--once", help="Make one pass over the existing files, for cron.")] = False,
    workers: WorkersOption = 1,
) -> None:
    """Ingest new files continuously.

    A file is ingested once its size and modification time no longer change. A temporary failure is retried with
    growing pauses; a file that fails for good is held until it changes or `webautodash file retry` resets it. SIGTERM
    and Ctrl-C finish the current file and end the monitor with status 0; a second signal ends it at once. Several
    monitors may watch the same folder, on one machine or on many. `webautodash status` shows their state.
    """
    if workers > 1:
        preload_workers()
    collect_rarely()
    problems: list[FileOutcome] = []

    def on_file_once(outcome: FileOutcome) -> None:
        print_file(outcome)
        if outcome.is_problem:
            problems.append(outcome)

    def print_trouble(trouble: MonitorTrouble) -> None:
        print_notice(trouble.message if trouble.error is None else explain(trouble.error))

    messages = MonitorMessages()
    if once:
        events = MonitorEvents(on_file_once, on_trouble=print_trouble)
    elif ctx.obj.quiet:
        events = MonitorEvents(messages.file, on_trouble=print_trouble)
    else:
        events = MonitorEvents(messages.file, messages.pass_ended, print_trouble)
    with (
        WebAutoDash() as webautodash,
        webautodash.foreground_monitor(interval, workers=workers, events=events) as watching,
        _stopped_by_signals(watching),
    ):
        if once:
            watching.run_once()
        else:
            if not ctx.obj.quiet:
                results = webautodash.settings.results_dir
                print_notice(f"watching {results} every {interval:g} s; Ctrl-C ends it", logging.INFO)
            watching.run()
    if problems:
        print_notice(f"problems: {counted(len(problems), 'file')}; see `webautodash status`")
        raise typer.Exit(PROBLEMS)


@contextmanager
def _stopped_by_signals(watching: MonitorLoop) -> Iterator[None]:
    """Within the block, the first signal stops the monitor after the current file, a second one ends the process."""
    is_stopping = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal is_stopping
        if is_stopping:
            # The current transaction is rolled back: a file is stored whole or not at all.
            os._exit(128 + number)
        is_stopping = True
        watching.stop()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
