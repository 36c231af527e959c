"""``webautodash log``."""

import sys
from typing import Annotated

import typer

from webautodash.cli.exit_status import PROBLEMS, end_with
from webautodash.cli.options import JsonOption, LimitOption, OnlyProviderOption
from webautodash.cli.terminal import verbosity
from webautodash.cli.terminal.follow_log import follow
from webautodash.cli.terminal.output import complain, say, show_json, show_table
from webautodash.cli.terminal.times import moment
from webautodash.config import Settings
from webautodash.domain.vocabulary import Level
from webautodash.domain.wording import counted
from webautodash.errors import UsageError
from webautodash.services.registry.providers import resolve
from webautodash.services.store import Store
from webautodash.services.system_log import entries as system_log
from webautodash.services.system_log import retention
from webautodash.services.system_log.tail import Following, Wanted

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.callback(
    invoke_without_command=True,
    epilog="Examples: webautodash log --level WARNING --since 2d; webautodash log --follow --json",
)
def log(
    ctx: typer.Context,
    level: Annotated[Level, typer.Option("--level", help="This level and above.", case_sensitive=False)] = Level.INFO,
    component: Annotated[
        str | None,
        typer.Option("--component", metavar="NAME", help="Only of this part: ingest, monitor, providers, migrate."),
    ] = None,
    provider: OnlyProviderOption = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Only from then on: 2025-03-10, 2025-03-10T09:00, 90m, 2h, 7d."),
    ] = None,
    limit: LimitOption = 100,
    before: Annotated[int | None, typer.Option("--before", metavar="ID", help="Only older than this entry.")] = None,
    follow_: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C; with --json a line each.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """The latest entries of the system log, the newest last. It never holds a patient's value."""
    if ctx.invoked_subcommand is not None:
        _require_nothing_asked(ctx)
        return
    if follow_ and before is not None:
        raise UsageError("--follow and --before exclude each other")
    settings = Settings.load()
    start = None if since is None else moment("--since", since, settings.zone)
    with Store.open(settings) as store:
        slug = None if provider is None else resolve(store, provider).slug
        if follow_:
            follow(Following(store, Wanted(level, component, slug, start)), limit, as_json=as_json)
        entries = system_log.search(
            store, level=level, component=component, provider=slug, since=start, limit=limit, before_id=before
        )
    if as_json:
        show_json(entries)
    elif not entries:
        say("no entries")
    else:
        show_table(
            ["id", "time", "level", "component", "event", "provider", "message"],
            [
                (one.id, one.created_at, one.level, one.component, one.event, one.provider, one.message)
                for one in entries
            ],
        )


@app.command(epilog="Example, for cron: webautodash log prune --older-than 90d --yes")
def prune(
    older_than: Annotated[
        str,
        typer.Option("--older-than", metavar="TIME", help="90d, or before 2025-03-10; 1d or more.", show_default=False),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete old entries of the system log, whatever their level, component or provider, and other old records.

    These are: alerts that were delivered before the given time, monitors whose last heartbeat is older, and runs of
    `migrate` that ended before it and that nobody can resume; the rows of stored files that are gone from Results, if
    their data are in the provider's database; and the JSON of set-aside patients that were taken in whole before it.
    An alert that is due stays. One that could not be delivered stays until `alert retry` or `alert forget`.
    """
    settings = Settings.load()
    before = moment("--older-than", older_than, settings.zone)
    with Store.open(settings) as store:
        found = retention.prunable(store, before)
        if not dry_run:
            if not yes and found.total:
                _ask(found)
            found = retention.prune(store, before)
    if as_json:
        show_json(found)
    else:
        say(f"{_told(found)} {'would be ' if dry_run else ''}deleted")
    end_with(f"{problem.slug}: {problem.problem}" for problem in found.problems)


def _require_nothing_asked(ctx: typer.Context) -> None:
    """Raise where a filter stands before a command that knows none: it would delete what the filter leaves out."""
    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(str(parameter.name))
        if parameter.name not in verbosity.NAMES and source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"{parameter.opts[0]} is for `webautodash log` alone, not for {ctx.invoked_subcommand}")


def _ask(found: retention.Pruned) -> None:
    if not sys.stdin.isatty():
        raise UsageError(f"{_told(found)} are not deleted without an answer; give --yes")
    if not typer.confirm(f"Delete {_told(found)}?", err=True):
        complain("nothing was deleted")
        raise typer.Exit(PROBLEMS)


def _told(found: retention.Pruned) -> str:
    parts = [f"{found.entries:,} {'entry' if found.entries == 1 else 'entries'}"]
    parts += [
        counted(number, what)
        for number, what in (
            (found.alerts, "delivered alert"),
            (found.monitors, "monitor"),
            (found.migrations, "migration run"),
            (found.files, "vanished file"),
            (found.kept_json, "kept JSON text"),
        )
        if number
    ]
    return f"{', '.join(parts)} from before {found.before:%Y-%m-%d %H:%M %Z}"
