"""``webautodash monitor``."""

import gc
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import Annotated

import typer

from webautodash.cli.exit_status import PROBLEMS
from webautodash.cli.terminal.file_reports import Watcher, tell
from webautodash.cli.terminal.output import complain
from webautodash.config import Settings
from webautodash.domain.wording import counted
from webautodash.services.ingest.progress import unheard
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.ingest.results_folder import check_results_folder
from webautodash.services.ingest.workers import INGEST, make_ready
from webautodash.services.monitor import LONGEST_INTERVAL, SHORTEST_INTERVAL, Monitor, open_store

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
            help="From one look to the next.",
        ),
    ] = 10.0,
    once: Annotated[bool, typer.Option("--once", help="One pass over what is there, for cron.")] = False,
    workers: Annotated[
        int,
        typer.Option("--workers", min=1, max=64, help="Processes, of 2 connections or more; providers go at once."),
    ] = 1,
) -> None:
    """Keep storing new files as they come.

    A file is taken once its size and time of change have rested. What fails is tried again with growing pauses; what
    fails for good is held until it changes or `webautodash file retry` asks for it. SIGTERM and Ctrl-C finish the file
    in hand and end it with status 0; a second one ends it at once. Several may watch the same folder, on one machine
    or on many. `webautodash status` tells from any other shell how it goes.
    """
    if workers > 1:
        make_ready(INGEST)
    # What was imported stays: no collection of garbage has to look through it again.
    gc.freeze()
    problems: list[FileOutcome] = []

    def on_file_once(outcome: FileOutcome) -> None:
        tell(outcome)
        if outcome.is_problem:
            problems.append(outcome)

    watcher = Watcher()
    settings = Settings.load()
    check_results_folder(settings)
    with open_store(settings) as store:
        watching = Monitor(
            store,
            interval=interval,
            workers=workers,
            on_file=on_file_once if once else watcher.file,
            on_pass=unheard if once or ctx.obj.quiet else watcher.taken,
            on_trouble=complain,
        )
        with closing(watching), _until_told(watching):
            if once:
                watching.run_once()
            else:
                if not ctx.obj.quiet:
                    watched = f"{store.settings.results_dir} every {interval:g} s"
                    complain(f"watching {watched}; Ctrl-C ends it", logging.INFO)
                watching.run()
    if problems:
        complain(f"problems: {counted(len(problems), 'file')}; see `webautodash status`")
        raise typer.Exit(PROBLEMS)


@contextmanager
def _until_told(watching: Monitor) -> Iterator[None]:
    """The first signal asks it to leave, another one ends it."""
    told = False

    def leave(number: int, _frame: FrameType | None) -> None:
        nonlocal told
        if told:
            # What is in hand is undone; it is stored whole or not at all.
            os._exit(128 + number)
        told = True
        watching.stop()

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
