"""``webautodash ingest``."""

import gc
from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.exit_status import PROBLEMS
from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.file_reports import as_document, complain_of, listening, show_report
from webautodash.cli.terminal.output import show_json
from webautodash.config import Settings
from webautodash.services.ingest.ingest_run import ingest_paths
from webautodash.services.ingest.workers import INGEST, make_ready
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(
    epilog="Examples: webautodash ingest; webautodash ingest Results/gary_wang; webautodash ingest new.json --json"
)
def ingest(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files or folders; without any the Results folder.", show_default=False),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            min=1,
            max=64,
            help="Processes, of 2 connections or more; different providers go at once.",
        ),
    ] = 1,
    rehash: Annotated[
        bool,
        typer.Option("--rehash", "--force", help="Read every file, also those that look as they did when stored."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Store extraction files; what is stored already is left alone.

    Each file is stored whole or not at all. New providers are registered on the way, each with a database of its own.
    Files that were rejected, or that hold patients that had to be set aside, are named on stderr. A file that is
    stored and has the path, size and time of change that it had then is not opened again, also when it is named here.
    """
    if workers > 1:
        make_ready(INGEST)
    # What was imported stays: no collection of garbage has to look through it again.
    gc.freeze()
    with Store.prepare(Settings.load(), unattended=True) as store, listening(ctx.obj) as listener:
        report = ingest_paths(
            store,
            paths or [],
            workers=workers,
            rehash=rehash,
            on_file=listener.on_file,
            on_progress=listener.on_progress,
        )
    if as_json:
        show_json(as_document(report))
    elif not ctx.obj.quiet:
        show_report(report)
    complain_of(report)
    if report.problems:
        raise typer.Exit(PROBLEMS)
