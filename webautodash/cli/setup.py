"""``webautodash setup``."""

import sys
from typing import Annotated

import typer

from webautodash.cli.exit_status import PROBLEMS
from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.file_reports import as_document, complain_of, listening, show_report
from webautodash.cli.terminal.output import complain, say, show_json
from webautodash.config import Settings
from webautodash.domain.wording import counted
from webautodash.errors import UsageError, without_context
from webautodash.services.ingest.report import FileResult
from webautodash.services.registry.setup import SetupReport, Survey, set_up, survey

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def setup(
    ctx: typer.Context,
    auto: Annotated[bool, typer.Option("--auto", help="Ask nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """From nothing to a working store.

    Checks the connection, creates the system database, registers the providers found in Results, creates their
    databases, ingests what is there, and says what to do next. Safe to repeat: what is there is left as it is.
    """
    settings = Settings.load()
    found = survey(settings)
    if not (as_json or ctx.obj.quiet):
        _describe(found)
    if not auto and not found.system_exists and not _agreed(f"Create the system database {found.system_database}?"):
        complain("nothing was created")
        raise typer.Exit(PROBLEMS)
    wanted = bool(found.files) and (auto or _agreed(f"Ingest {counted(found.files, 'file')} in {found.results}?"))
    with listening(ctx.obj) as listener:
        done = set_up(settings, ingest=wanted, on_file=listener.on_file, on_progress=listener.on_progress)
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
        _show(done, found, ingested=wanted)
    complain_of(done.report)
    if done.report.problems:
        raise typer.Exit(PROBLEMS)


@without_context
def _agreed(question: str) -> bool:
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        complain("")
        raise UsageError(f"{question} Nobody answers here; say --auto") from None


def _describe(found: Survey) -> None:
    say(f"server: {found.where}, reached")
    say(f"system database: {found.system_database}, {'there' if found.system_exists else 'not there yet'}")
    say(f"Results: {counted(found.files, 'file')} in {found.results}")


def _show(done: SetupReport, found: Survey, *, ingested: bool) -> None:
    if done.created_system:
        say(f"created {done.system_database}")
    if done.registered:
        say(f"registered {', '.join(done.registered)}")
    if ingested:
        say("")
        show_report(done.report)
        say("")
    say("Next:")
    if any(outcome.conflicts for outcome in done.report.files):
        say("  webautodash conflict list     the differences that wait for review")
    if done.report.count([FileResult.PARTIAL]):
        say("  webautodash set-aside list    the patients that could not be taken in")
    say("  webautodash stats             how much there is")
    say(f"  webautodash ingest            again, whenever new files are in {found.results}/<provider>/")
