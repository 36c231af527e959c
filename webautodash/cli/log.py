"""``webautodash log``: the system log."""

import sys
import time
from operator import attrgetter
from typing import Annotated, NoReturn

import typer

from webautodash.cli.advice import explain, explain_unreadable
from webautodash.cli.exit_status import PROBLEMS, exit_with_problems
from webautodash.cli.options import DryRunOption, JsonOption, LimitOption, OnlyProviderOption, YesOption, parse_time
from webautodash.cli.terminal import verbosity
from webautodash.cli.terminal.log_output import print_notice
from webautodash.cli.terminal.output import print_line, show_json, show_json_line
from webautodash.cli.terminal.results import show_found
from webautodash.cli.terminal.tables import StreamedTable
from webautodash.client import WebAutoDash
from webautodash.client.log import LogEntry, LogFilter, LogTail, Pruned
from webautodash.domain.vocabulary import Level
from webautodash.domain.wording import counted
from webautodash.errors import UsageError, WebAutoDashError

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_PAUSE_SECONDS = 1.0
_COLUMNS = {
    "id": "id",
    "time": "created_at",
    "level": "level",
    "component": "component",
    "event": "event",
    "provider": "provider",
    "message": "message",
}


@app.callback(
    invoke_without_command=True,
    epilog="Examples: webautodash log --level WARNING --since 2d; webautodash log --follow --json",
)
def log(
    ctx: typer.Context,
    level: Annotated[
        Level, typer.Option("--level", help="Only this level and above.", case_sensitive=False)
    ] = Level.INFO,
    component: Annotated[
        str | None,
        typer.Option("--component", metavar="NAME", help="Only this component: ingest, monitor, providers, migrate."),
    ] = None,
    provider: OnlyProviderOption = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Only from this time: 2025-03-10, 2025-03-10T09:00, 90m, 2h, 7d."),
    ] = None,
    limit: LimitOption = 100,
    before: Annotated[int | None, typer.Option("--before", metavar="ID", help="Only older than this entry.")] = None,
    follow_: Annotated[
        bool,
        typer.Option("--follow", "-f", help="Also print new entries, until Ctrl-C; with --json, one line per entry."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the latest entries of the system log, newest last. It never contains a patient's values."""
    if ctx.invoked_subcommand is not None:
        _refuse_filters(ctx)
        return
    if follow_ and before is not None:
        raise UsageError("--follow and --before cannot be combined")
    with WebAutoDash() as webautodash:
        start = None if since is None else parse_time("--since", since, webautodash.settings.zone)
        wanted = LogFilter(level, component, provider, start)
        if follow_:
            _follow(webautodash.log.follow(wanted), limit, as_json=as_json)
        entries = webautodash.log.search(wanted, limit=limit, before_id=before)
    show_found(entries, _COLUMNS, "no entries", as_json=as_json)


@app.command(epilog="Example, for cron: webautodash log prune --older-than 90d --yes")
def prune(
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than",
            metavar="TIME",
            help="An age such as 90d, or a date such as 2025-03-10; at least 1d.",
            show_default=False,
        ),
    ],
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete old entries of the system log and other old records.

    Entries of every level, component and provider are deleted. The other records are: alerts that were delivered before
    that time; monitors whose last heartbeat is older; migration runs that ended before it and cannot be resumed; the
    rows of stored files that were deleted from Results, if their data are in the provider's database; and the JSON of
    set-aside patients that were stored completely before it. A pending alert is kept. A failed one is kept until `alert
    retry` or `alert forget`.
    """
    with WebAutoDash() as webautodash:
        before = parse_time("--older-than", older_than, webautodash.settings.zone)
        found = webautodash.log.prunable(before)
        if not dry_run:
            if not yes and found.total:
                _confirm(found)
            found = webautodash.log.prune(before)
    if as_json:
        show_json(found)
    else:
        print_line(f"{_counts(found)} {'would be ' if dry_run else ''}deleted")
    exit_with_problems(f"{problem.slug}: {explain_unreadable(problem)}" for problem in found.problems)


def _follow(log: LogTail, limit: int, *, as_json: bool) -> NoReturn:
    """Print the latest entries and then new ones, until Ctrl-C. An unreadable log is reported once and retried."""
    # The usual width of each column.
    table = StreamedTable(id=6, time=20, level=8, component=10, event=21, provider=16, message=0)

    def show(entries: list[LogEntry]) -> None:
        if as_json:
            for one in entries:
                show_json_line(one)
        else:
            table.show(list(map(attrgetter(*_COLUMNS.values()), entries)))

    show(log.begin(limit))
    reported: str | None = None
    while True:
        sys.stdout.flush()
        time.sleep(_PAUSE_SECONDS)
        try:
            entries = log.news()
        except WebAutoDashError as error:
            if str(error) != reported:
                reported = str(error)
                print_notice(f"{explain(error)}; trying again")
            continue
        reported = None
        show(entries)


def _refuse_filters(ctx: typer.Context) -> None:
    """Raise for a filter before a subcommand, which ignores it: it would delete what the filter excludes."""
    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(str(parameter.name))
        if parameter.name not in verbosity.NAMES and source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"{parameter.opts[0]} is an option of `webautodash log`, not of {ctx.invoked_subcommand}")


def _confirm(found: Pruned) -> None:
    if not sys.stdin.isatty():
        raise UsageError(f"{_counts(found)}: needs confirmation; pass --yes")
    if not typer.confirm(f"Delete {_counts(found)}?", err=True):
        print_notice("nothing was deleted")
        raise typer.Exit(PROBLEMS)


def _counts(found: Pruned) -> str:
    parts = [counted(found.entries, "entry", "entries")]
    parts += [
        counted(number, what)
        for number, what in (
            (found.alerts, "delivered alert"),
            (found.monitors, "monitor"),
            (found.migrations, "migration run"),
            (found.files, "deleted file"),
            (found.kept_json, "kept JSON text"),
        )
        if number
    ]
    return f"{', '.join(parts)} from before {found.before:%Y-%m-%d %H:%M %Z}"
