"""``webautodash ingest``."""

from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.exit_status import PROBLEMS
from webautodash.cli.options import JsonOption, WorkersOption
from webautodash.cli.terminal.file_reports import ingest_options, print_problems, show_next_steps, show_report
from webautodash.client import WebAutoDash
from webautodash.client.ingest import collect_rarely, preload_workers

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(
    epilog="Examples: webautodash ingest; webautodash ingest Results/gary_wang; webautodash ingest new.json --json"
)
def ingest(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files or folders; by default the Results folder.", show_default=False),
    ] = None,
    workers: WorkersOption = 1,
    rehash: Annotated[
        bool, typer.Option("--rehash", "--force", help="Read every file, also those that appear unchanged.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Ingest extraction files, each once.

    Each file is stored whole or not at all. New providers are registered, each with its own database. Rejected files,
    and files with patients that were set aside, are listed on stderr. A stored file that has not changed is not read
    again, unless it is named here.
    """
    if workers > 1:
        preload_workers()
    collect_rarely()
    with WebAutoDash(unattended=True) as webautodash, ingest_options(ctx.obj, workers) as options:
        report = webautodash.ingest(paths or [], rehash=rehash, options=options)
    show_report(report, as_json=as_json, quiet=ctx.obj.quiet)
    if not (as_json or ctx.obj.quiet):
        show_next_steps(report)
    print_problems(report)
    if report.problems:
        raise typer.Exit(PROBLEMS)
