"""``webautodash migrate``: the schemas of all databases."""

import sys
from typing import Annotated

import typer

from webautodash.cli.exit_status import end_with
from webautodash.cli.options import JsonOption, LimitOption, ProvidersOption
from webautodash.cli.terminal.fleet_reports import listening, show_plan, show_report, show_run, show_runs
from webautodash.cli.terminal.output import complain, say, show_json, show_table
from webautodash.config import Settings
from webautodash.errors import UsageError
from webautodash.services import fleet
from webautodash.services.fleet import FleetReport, Plan, Wave
from webautodash.services.ingest.workers import MIGRATE, make_ready
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The schemas of all databases.")

ToOption = Annotated[
    str | None,
    typer.Option("--to", metavar="REV", help="This revision of the providers' history; by default the last."),
]
WorkersOption = Annotated[
    int, typer.Option("--workers", min=1, max=64, help="Processes, of 2 connections or more; databases go at once.")
]
_LAST_NUMBER = 2**63 - 1
RunArgument = Annotated[
    int, typer.Argument(metavar="RUN", min=1, max=_LAST_NUMBER, help="The number of the run.", show_default=False)
]


@app.command(epilog="Example: webautodash migrate up --workers 2 --canary gary_wang --wave 10% --max-failures 3")
def up(
    ctx: typer.Context,
    provider: ProvidersOption = None,
    to: ToOption = None,
    workers: WorkersOption = 1,
    canary: Annotated[
        list[str] | None,
        typer.Option("--canary", metavar="PROVIDER", help="Goes first; if it fails nothing else is begun. Repeatable."),
    ] = None,
    wave: Annotated[
        str | None,
        typer.Option("--wave", metavar="N|N%", help="So many, then the next if none failed, or --max-failures."),
    ] = None,
    max_failures: Annotated[
        int | None, typer.Option("--max-failures", min=1, metavar="N", help="After so many failures begin no other.")
    ] = None,
    contract: Annotated[
        bool,
        typer.Option("--contract", help="Also revisions after which an older program cannot work with a database."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and in which order.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring every database to this version's schema, the system database first; one that fails stops no other.

    A second call touches only what is left. What a call did is in `migrate history`.
    """
    plan = Plan(
        tuple(provider or ()),
        to,
        workers,
        tuple(canary or ()),
        Wave.parse(wave) if wave is not None else None,
        max_failures,
        contract,
    )
    if workers > 1 and not dry_run:
        make_ready(MIGRATE)
    with Store.attach(Settings.load()) as store:
        if dry_run:
            show_plan(fleet.dry_run(store, plan), as_json)
            return
        with listening(ctx.obj) as on_result:
            report = fleet.upgrade_all(store, plan, on_result)
    show_report(report, as_json)


@app.command()
def resume(ctx: typer.Context, run: RunArgument, workers: WorkersOption = 1, as_json: JsonOption = False) -> None:
    """Do what a run has left undone, and nothing else."""
    if workers > 1:
        make_ready(MIGRATE)
    with Store.open(Settings.load(), schema=True) as store, listening(ctx.obj) as on_result:
        report = fleet.resume(store, run, workers, on_result)
    show_report(report, as_json)


@app.command()
def history(
    run: Annotated[
        int | None, typer.Argument(metavar="[RUN]", min=1, max=_LAST_NUMBER, help="One run.", show_default=False)
    ] = None,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """What earlier runs did, newest first; of one run each database, how far it came, and what stopped it."""
    with Store.open(Settings.load(), schema=True) as store:
        if run is None:
            runs = fleet.runs(store, limit)
            if as_json:
                show_json(runs)
                return
            show_runs(runs)
            return
        report = fleet.run_report(store, run)
    if as_json:
        show_json(report)
        return
    show_run(report)


@app.command()
def current(provider: ProvidersOption = None, as_json: JsonOption = False) -> None:
    """Which revision each database is at."""
    with Store.attach(Settings.load()) as store:
        found = fleet.overview(store, provider or ())
    if as_json:
        show_json(found)
    else:
        show_table(
            ["database", "provider", "revision", "head", "state"],
            [(one.database, one.provider, one.revision, one.head, one.state) for one in found],
        )
    end_with(
        one.error or f"{one.database} is {one.state}; `webautodash migrate up`"
        for one in found
        if one.state is not fleet.Standing.AT_HEAD
    )


@app.command()
def sql(provider: ProvidersOption = None, to: ToOption = None, as_json: JsonOption = False) -> None:
    """The statements that `up` would send, and their SHA-256, which `up` records of what it sent."""
    with Store.attach(Settings.load()) as store:
        found = fleet.scripts(store, provider or (), to)
    if as_json:
        show_json(found)
        end_with(found.problems)
        return
    for each in found.scripts:
        others = len(each.databases) - 1
        also = f" and {others} more" if others else ""
        say(f"-- {each.databases[0]}{also}: {each.before or 'empty'} to {each.target}, sha256 {each.sha256}")
        for step in each.steps:
            say(f"-- {step.revision}")
            for statement in step.statements:
                say(f"{statement};")
    if not found.scripts:
        say("-- nothing would be sent")
    end_with(found.problems)


@app.command()
def check(provider: ProvidersOption = None, as_json: JsonOption = False) -> None:
    """Whether each database's tables are what its revision makes; what hands have changed is named."""
    with Store.open(Settings.load(), schema=True) as store:
        reports = fleet.check_all(store, provider or ())
    if as_json:
        show_json(reports)
    else:
        for one in reports:
            if not one.differences and not one.error:
                say(f"{one.database}: no drift")
    end_with(
        [f"{one.database}: {one.error}" for one in reports if one.error]
        + [f"{one.database}: {difference}" for one in reports for difference in one.differences]
    )


@app.command()
def down(
    provider: Annotated[
        str, typer.Option("--provider", metavar="PROVIDER", help="Whose database.", show_default=False)
    ],
    to: Annotated[str, typer.Option("--to", metavar="REV", help="The revision to go back to.", show_default=False)],
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Rows and values that the way back takes away may go.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take one provider's database back to an earlier revision, for an earlier version of the program."""
    with Store.open(Settings.load(), schema=True) as store:
        way = fleet.way_back(store, provider, to)
        fleet.require_no_loss(way, accept_loss=accept_loss)
        for loss in way.losses:
            complain(f"takes away: {loss.rows} of {loss.what}")
        if not yes:
            _ask(way)
        result = fleet.downgrade(store, way, accept_loss=accept_loss)
    show_report(FleetReport(None, (result,)), as_json)


def _ask(way: fleet.WayBack) -> None:
    question = f"{way.database} goes from {way.before} back to {way.target}. Type {way.provider} to go on"
    if not sys.stdin.isatty():
        raise UsageError(f"{way.database} is not taken back without an answer; give --yes")
    if typer.prompt(question, err=True, default="", show_default=False) != way.provider:
        raise UsageError("that is not the provider's name; nothing was done")
