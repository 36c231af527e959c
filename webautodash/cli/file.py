"""``webautodash file``: files that were not taken."""

from typing import Annotated

import typer

from webautodash.cli.exit_status import PROBLEMS
from webautodash.cli.options import AfterOption, ByOption, JsonOption, LimitOption, OnlyProviderOption, WhyOption
from webautodash.cli.terminal.file_reports import as_document, show_report, tell
from webautodash.cli.terminal.listing import show_listing
from webautodash.cli.terminal.output import say, show_json
from webautodash.config import Settings
from webautodash.domain.vocabulary import FileState
from webautodash.domain.wording import counted
from webautodash.errors import UsageError
from webautodash.services.ingest import file_states
from webautodash.services.ingest.accept_file import accept_file
from webautodash.services.ingest.report import IngestReport
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Files that wait, were rejected or are held.")

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
_StateOption = Annotated[list[FileState] | None, typer.Option("--state", help="Only of this state; repeatable.")]
_PathsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="PATH", help="As `file list` shows it, or from the working folder.", show_default=False),
]


@app.command("list", epilog="Example: webautodash file list --state held")
def list_(
    state: _StateOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Of every state, what is stored too.")] = False,
    provider: OnlyProviderOption = None,
    limit: LimitOption = 50,
    after: AfterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Files that are not stored, and why; with options others too."""
    if everything and state:
        raise UsageError("--all and --state exclude each other")
    states = () if everything else tuple(state or file_states.NOT_TAKEN)
    with Store.open(Settings.load()) as store:
        found = file_states.search(store, states, provider, limit=limit, after=after)
    show_listing(found, _COLUMNS, "no such files", as_json=as_json)


@app.command(epilog="Examples: webautodash file retry gary_wang/a.json; webautodash file retry --state held")
def retry(
    paths: _PathsArgument = None,
    state: _StateOption = None,
    provider: OnlyProviderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have files tried again, as if they had never failed: by the monitor, or the next `webautodash ingest`."""
    with Store.open(Settings.load()) as store:
        done = file_states.try_again(store, _chosen(store, paths, state, provider, watched=True))
    _say(done, "to be tried again", as_json)


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
    """Store a file that is held, because a person says that it is right."""
    with Store.prepare(Settings.load()) as store:
        outcome = accept_file(store, path, by=by, why=why, extracted_at=extracted_at)
    report = IngestReport((outcome,))
    tell(outcome)
    if as_json:
        show_json(as_document(report))
    elif not ctx.obj.quiet:
        show_report(report)
    if report.problems:
        raise typer.Exit(PROBLEMS)


@app.command()
def forget(
    paths: _PathsArgument = None,
    state: _StateOption = None,
    provider: OnlyProviderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget what is known of files: those that are gone leave the list, others are as if just found.

    What was stored of them stays stored.
    """
    with Store.open(Settings.load()) as store:
        done = file_states.forget(store, _chosen(store, paths, state, provider))
    _say(done, "forgotten", as_json)


def _chosen(
    store: Store,
    paths: list[str] | None,
    states: list[FileState] | None,
    provider: str | None,
    *,
    watched: bool = False,
) -> list[str]:
    if bool(paths) == bool(states or provider):
        raise UsageError("name files, or choose them by --state and --provider")
    if paths:
        return paths
    return file_states.waiting_paths(store, tuple(states or file_states.NOT_TAKEN), provider, watched=watched)


def _say(paths: list[str], what: str, as_json: bool) -> None:
    if as_json:
        show_json({"files": paths})
    else:
        say(f"{counted(len(paths), 'file')} {what}")
