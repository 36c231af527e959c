"""``webautodash setup``."""

import sys
from typing import Annotated

import typer

from webautodash.cli.exit_status import PROBLEMS
from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.file_reports import (
    as_document,
    ingest_options,
    print_problems,
    show_next_steps,
    show_report,
)
from webautodash.cli.terminal.log_output import print_notice
from webautodash.cli.terminal.output import print_line, show_json
from webautodash.client import WebAutoDash
from webautodash.client.ingest import collect_rarely
from webautodash.client.setup import SetupReport, SetupSurvey
from webautodash.domain.wording import counted
from webautodash.errors import UsageError, without_context

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: webautodash setup --auto")
def setup(
    ctx: typer.Context,
    auto: Annotated[bool, typer.Option("--auto", help="Ask no questions; answer all of them with yes.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Create the databases, register the providers found in Results, and ingest.

    Checks the connection, creates the system database, registers each provider in Results with its own database,
    ingests the files, and suggests the next commands. Safe to repeat: what exists is left as it is.
    """
    with WebAutoDash() as webautodash:
        found = webautodash.setup.survey()
        if not (as_json or ctx.obj.quiet):
            _show_survey(found)
        if (
            not auto
            and not found.system_exists
            and not _confirm(f"Create the system database {found.system_database}?")
        ):
            print_notice("nothing was created")
            raise typer.Exit(PROBLEMS)
        ingest = bool(found.files) and (auto or _confirm(f"Ingest {counted(found.files, 'file')} in {found.results}?"))
        collect_rarely()
        with ingest_options(ctx.obj) as options:
            done = webautodash.setup.run(ingest=ingest, on_file=options.on_file, on_progress=options.on_progress)
    if as_json:
        show_json(
            {
                "where": done.where,
                "system_database": done.system_database,
                "created_system": done.created_system,
                "registered": done.registered,
                "report": as_document(done.report),
            }
        )
    elif not ctx.obj.quiet:
        _show_report(done, found, ingested=ingest)
    print_problems(done.report)
    if done.report.problems:
        raise typer.Exit(PROBLEMS)


@without_context
def _confirm(question: str) -> bool:
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        print_notice("")
        raise UsageError("standard input is not a terminal; pass --auto") from None


def _show_survey(found: SetupSurvey) -> None:
    print_line(f"server: {found.where}, reached")
    print_line(f"system database: {found.system_database}, {'exists' if found.system_exists else 'does not exist yet'}")
    print_line(f"Results: {counted(found.files, 'file')} in {found.results}")


def _show_report(done: SetupReport, found: SetupSurvey, *, ingested: bool) -> None:
    if done.created_system:
        print_line(f"created {done.system_database}")
    if done.registered:
        print_line(f"registered {', '.join(done.registered)}")
    if ingested:
        print_line("")
        show_report(done.report)
    show_next_steps(
        done.report,
        ("stats", "to count what is stored"),
        ("ingest", f"again, whenever new files are in {found.results}/<provider>/"),
    )
