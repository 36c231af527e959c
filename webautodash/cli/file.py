"""``webautodash file``: files that are not stored."""

from typing import Annotated

import typer

from webautodash.cli.exit_status import PROBLEMS
from webautodash.cli.options import AfterOption, ByOption, JsonOption, LimitOption, OnlyProviderOption, WhyOption
from webautodash.cli.terminal.file_reports import print_file, show_report
from webautodash.cli.terminal.output import print_line, show_json
from webautodash.cli.terminal.results import show_advice, show_listing
from webautodash.client import WebAutoDash
from webautodash.client.files import NOT_STORED
from webautodash.client.ingest import IngestReport
from webautodash.domain.vocabulary import FileState
from webautodash.domain.wording import counted
from webautodash.errors import UsageError

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_COLUMNS = {
    "id": "id",
    "state": "state",
    "file": "path",
    "provider": "provider",
    "attempts": "attempts",
    "next attempt": "next_attempt_at",
    "since": "first_seen_at",
    "kind": "kind",
    "reason": "reason",
}
_StateOption = Annotated[
    list[FileState] | None, typer.Option("--state", metavar="|".join(FileState), help="Only this state. Repeatable.")
]
_PathsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH", help="As `file list` shows it, or relative to the working directory.", show_default=False
    ),
]


@app.command("list", epilog="Example: webautodash file list --state held")
def list_(
    state: _StateOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Include every state, also stored files.")] = False,
    provider: OnlyProviderOption = None,
    limit: LimitOption = 50,
    after: AfterOption = None,
    as_json: JsonOption = False,
) -> None:
    """List files that are not stored, with the reason."""
    if everything and state:
        raise UsageError("--all and --state cannot be combined")
    with WebAutoDash() as webautodash:
        states = () if everything else state or NOT_STORED
        found = webautodash.files.search(states, provider, limit=limit, after=after)
    show_listing(found, _COLUMNS, "no such files", as_json=as_json)
    if not as_json:
        show_advice(one.kind for one in found.items)


@app.command(epilog="Examples: webautodash file retry gary_wang/a.json; webautodash file retry --state held")
def retry(
    paths: _PathsArgument = None,
    state: _StateOption = None,
    provider: OnlyProviderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Reset the attempts of files, so that they are read again.

    The monitor reads them, or the next ingest.
    """
    with WebAutoDash() as webautodash:
        done = webautodash.files.retry(paths or (), states=state or (), provider=provider)
    _show_paths(done, "will be read again", as_json)


@app.command(
    epilog="Example: webautodash file accept gary_wang/a.json --extracted-at 2024-02-04T09:00:00 --by Ann --why 'clock'"
)
def accept(
    ctx: typer.Context,
    path: Annotated[str, typer.Argument(metavar="PATH", help="As `file list` shows it.", show_default=False)],
    by: ByOption,
    why: WhyOption,
    extracted_at: Annotated[
        str | None,
        typer.Option("--extracted-at", metavar="TIME", help="The right time of a file that is held as future_time."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Store a held file because a person confirms it."""
    with WebAutoDash() as webautodash:
        outcome = webautodash.files.accept(path, by=by, why=why, extracted_at=extracted_at)
    report = IngestReport((outcome,))
    print_file(outcome)
    show_report(report, as_json=as_json, quiet=ctx.obj.quiet)
    if report.problems:
        raise typer.Exit(PROBLEMS)


@app.command(epilog="Example: webautodash file forget gary_wang/a.json")
def forget(
    paths: _PathsArgument = None,
    state: _StateOption = None,
    provider: OnlyProviderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete the recorded state of files; stored data are kept.

    Files that no longer exist leave the list, the others count as new.
    """
    with WebAutoDash() as webautodash:
        done = webautodash.files.forget(paths or (), states=state or (), provider=provider)
    _show_paths(done, "forgotten", as_json)


def _show_paths(paths: list[str], what: str, as_json: bool) -> None:
    if as_json:
        show_json({"files": paths})
    else:
        print_line(f"{counted(len(paths), 'file')} {what}")
