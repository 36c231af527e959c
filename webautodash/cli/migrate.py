"""``webautodash migrate``: the schemas of all databases."""

import sys
from typing import Annotated

import typer

from webautodash.cli.advice import explain, explain_revision
from webautodash.cli.exit_status import exit_with_problems
from webautodash.cli.options import DryRunOption, JsonOption, LimitOption, ProvidersOption, WorkersOption, YesOption
from webautodash.cli.terminal.fleet_reports import migration_progress, show_plan, show_report, show_run, show_runs
from webautodash.cli.terminal.log_output import print_notice
from webautodash.cli.terminal.output import print_line, show, show_json
from webautodash.cli.terminal.tables import show_items
from webautodash.client import WebAutoDash
from webautodash.client.fleet import DowngradePlan, FleetReport, Plan, RevisionStatus, Scripts, Wave, preload_workers
from webautodash.errors import UsageError

app = typer.Typer(add_completion=False, rich_markup_mode=None)

ToOption = Annotated[
    str | None,
    typer.Option("--to", metavar="REV", help="Target revision of the provider databases; by default the last."),
]
_LAST_NUMBER = 2**63 - 1
RunArgument = Annotated[
    int, typer.Argument(metavar="RUN", min=1, max=_LAST_NUMBER, help="Number of the run.", show_default=False)
]
_COLUMNS = {"database": "database", "provider": "provider", "revision": "revision", "head": "head", "state": "state"}


@app.command(epilog="Example: webautodash migrate up --workers 2 --canary gary_wang --wave 10% --max-failures 3")
def up(
    ctx: typer.Context,
    provider: ProvidersOption = None,
    to: ToOption = None,
    workers: WorkersOption = 1,
    canary: Annotated[
        list[str] | None,
        typer.Option("--canary", metavar="PROVIDER", help="Migrate this provider first; stop if it fails. Repeatable."),
    ] = None,
    wave: Annotated[
        str | None,
        typer.Option(
            "--wave",
            metavar="N|N%",
            help="Migrate N databases, or N percent, at a time; stop after a failure, or after --max-failures.",
        ),
    ] = None,
    max_failures: Annotated[
        int | None, typer.Option("--max-failures", min=1, metavar="N", help="Stop after N failures.")
    ] = None,
    contract: Annotated[
        bool,
        typer.Option(
            "--contract", help="Include breaking revisions, after which an older program cannot use a database."
        ),
    ] = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Migrate every database, the system database first.

    The target is this version's schema. A failure does not stop the other databases. A second call does what is left.
    `migrate history` lists the calls.
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
        preload_workers()
    with WebAutoDash() as webautodash:
        if dry_run:
            show_plan(webautodash.fleet.dry_run(plan), as_json=as_json)
            return
        with migration_progress(ctx.obj) as on_result:
            report = webautodash.fleet.upgrade(plan, on_result=on_result)
    show_report(report, as_json=as_json)


@app.command(epilog="Example: webautodash migrate resume 7")
def resume(ctx: typer.Context, run: RunArgument, workers: WorkersOption = 1, as_json: JsonOption = False) -> None:
    """Migrate the databases that an earlier run did not finish."""
    if workers > 1:
        preload_workers()
    with WebAutoDash() as webautodash, migration_progress(ctx.obj) as on_result:
        report = webautodash.fleet.resume(run, workers=workers, on_result=on_result)
    show_report(report, as_json=as_json)


@app.command(epilog="Examples: webautodash migrate history; webautodash migrate history 7")
def history(
    run: Annotated[
        int | None, typer.Argument(metavar="RUN", min=1, max=_LAST_NUMBER, help="Show this run.", show_default=False)
    ] = None,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """List earlier runs, newest first, or show one of them."""
    with WebAutoDash() as webautodash:
        if run is None:
            show(webautodash.fleet.runs(limit), show_runs, as_json=as_json)
        else:
            show(webautodash.fleet.run(run), show_run, as_json=as_json)


@app.command(epilog="Example: webautodash migrate current --json")
def current(provider: ProvidersOption = None, as_json: JsonOption = False) -> None:
    """List the revision of each database."""
    with WebAutoDash() as webautodash:
        found = webautodash.fleet.revisions(provider or ())
    show(found, lambda revisions: show_items(_COLUMNS, revisions), as_json=as_json)
    exit_with_problems(explain_revision(one) for one in found if one.state is not RevisionStatus.CURRENT)


@app.command(epilog="Example: webautodash migrate sql --provider gary_wang")
def sql(provider: ProvidersOption = None, to: ToOption = None, as_json: JsonOption = False) -> None:
    """Print the statements that `up` would send, with their SHA-256."""
    with WebAutoDash() as webautodash:
        found = webautodash.fleet.scripts(provider or (), to)
    show(found, _show_scripts, as_json=as_json)
    exit_with_problems(map(explain_revision, found.refused))


@app.command(epilog="Example: webautodash migrate check --provider gary_wang")
def check(provider: ProvidersOption = None, as_json: JsonOption = False) -> None:
    """Compare the tables of each database with its revision.

    Differences are listed, such as manual changes.
    """
    with WebAutoDash() as webautodash:
        reports = webautodash.fleet.check(provider or ())
    if as_json:
        show_json(reports)
    else:
        for one in reports:
            if not one.differences and not one.error:
                print_line(f"{one.database}: no drift")
    exit_with_problems(
        [f"{one.database}: {explain(one.cause)}" for one in reports if one.cause]
        + [f"{one.database}: {difference}" for one in reports for difference in one.differences]
    )


@app.command(epilog="Example: webautodash migrate down --provider gary_wang --to p0005")
def down(
    provider: Annotated[
        str, typer.Option("--provider", metavar="PROVIDER", help="The provider of the database.", show_default=False)
    ],
    to: Annotated[str, typer.Option("--to", metavar="REV", help="The earlier revision.", show_default=False)],
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Accept that the downgrade deletes rows and values.")
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Downgrade one provider's database to an earlier revision."""
    with WebAutoDash() as webautodash:
        way = webautodash.fleet.plan_downgrade(provider, to, accept_loss=accept_loss)
        for loss in way.losses:
            print_notice(f"deletes {loss.rows} of {loss.what}")
        if not yes:
            _confirm(way)
        result = webautodash.fleet.downgrade(way, accept_loss=accept_loss)
    show_report(FleetReport(None, (result,)), as_json=as_json)


def _confirm(way: DowngradePlan) -> None:
    if not sys.stdin.isatty():
        raise UsageError(f"{way.database}: a downgrade needs confirmation; pass --yes")
    question = f"{way.database} goes from {way.before} back to {way.target}. Type {way.provider} to continue"
    if typer.prompt(question, err=True, default="", show_default=False) != way.provider:
        raise UsageError("not the provider's slug; nothing was changed")


def _show_scripts(found: Scripts) -> None:
    for each in found.scripts:
        others = len(each.databases) - 1
        also = f" and {others} more" if others else ""
        print_line(f"-- {each.databases[0]}{also}: {each.before or 'empty'} to {each.target}, sha256 {each.sha256}")
        for step in each.steps:
            print_line(f"-- {step.revision}")
            for statement in step.statements:
                print_line(f"{statement};")
    if not found.scripts:
        print_line("-- nothing would be sent")
