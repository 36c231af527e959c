"""Results of migrations: planned, done, and earlier runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from webautodash.cli.advice import explain, explain_revision, resume_advice, with_advice
from webautodash.cli.exit_status import PROBLEMS, exit_with_problems
from webautodash.cli.terminal.log_output import print_notice
from webautodash.cli.terminal.output import print_line, show_json
from webautodash.cli.terminal.progress_bar import progress_line
from webautodash.cli.terminal.tables import show_fields, show_table
from webautodash.cli.terminal.verbosity import Verbosity
from webautodash.client.fleet import DryRun, FleetReport, MigrationResult, OnResult, Run, RunReport
from webautodash.domain.vocabulary import MigrationState
from webautodash.domain.wording import counted


@contextmanager
def migration_progress(verbosity: Verbosity) -> Iterator[OnResult]:
    """Show a progress line on a terminal within the block: how many databases are done, and the last one."""
    with progress_line(verbosity, "reading the revisions", updates_per_second=4) as update:
        failed = 0

        def on_result(result: MigrationResult, done: int, of: int) -> None:
            nonlocal failed
            failed += result.state is MigrationState.FAILED
            update(f"{done:,} of {of:,} databases, {failed} failed; {result.database}", done, of)

        yield on_result


def show_runs(runs: Sequence[Run]) -> None:
    """Print earlier runs, a line each."""
    show_table(
        ["run", "what", "state", "started", "by", "version", "done", "failed", "left"],
        [
            (
                each.id,
                each.kind,
                each.state,
                each.started_at,
                _process(each),
                each.code_version,
                each.databases.get(MigrationState.DONE, 0),
                each.databases.get(MigrationState.FAILED, 0),
                each.databases.get(MigrationState.WAITING, 0) + each.databases.get(MigrationState.RUNNING, 0),
            )
            for each in runs
        ],
    )


def show_run(report: RunReport) -> None:
    """Print one run and each of its databases; errors on stderr."""
    run = report.run
    show_fields(
        {
            "run": run.id,
            "what": run.kind,
            "state": run.state,
            "started": run.started_at,
            "finished": run.finished_at,
            "by": _process(run),
            "version": run.code_version,
            "arguments": [
                f"{name.replace('_', ' ')}: {', '.join(value) if isinstance(value, list) else value}"
                for name, value in run.arguments.items()
                if value not in (None, [], False)
            ],
        }
    )
    show_table(
        ["database", "from", "to", "state", "reached", "attempts", "seconds", "sha256 of the statements"],
        [
            (
                each.database,
                each.before or "empty",
                each.target,
                each.state,
                each.reached,
                each.attempts,
                _seconds(each.seconds),
                each.sql_sha256,
            )
            for each in report.databases
        ],
    )
    for each in report.databases:
        if each.error:
            print_notice(f"{each.database}: {with_advice(each.error, each.error_kind, {'database': each.database})}")
    if run.kind == "up" and run.state is MigrationState.FAILED:
        print_notice(resume_advice(run.id))


def show_plan(plan: DryRun, *, as_json: bool) -> None:
    """Print a dry run; problems on stderr with exit status 1."""
    if as_json:
        show_json(plan)
    elif not plan.databases:
        print_line("nothing would be done")
    else:
        show_table(
            ["wave", "database", "from", "to", "revisions"],
            [
                (
                    one.wave or ("canary" if one.provider else "first"),
                    one.database,
                    one.before or "empty",
                    one.target,
                    ", ".join(one.revisions) or "finishes an interrupted migration",
                )
                for one in plan.databases
            ],
        )
    exit_with_problems(map(explain_revision, plan.refused))


def show_report(report: FleetReport, *, as_json: bool) -> None:
    """Print what a run did; failures on stderr with exit status 1."""
    changed = [one for one in report.results if one.done or one.error]
    if as_json:
        show_json(report)
    elif changed:
        show_table(
            ["database", "from", "to", "state", "seconds"],
            [
                (one.database, _revision(one, one.before), _revision(one, one.after), one.state, _seconds(one.seconds))
                for one in changed
            ],
        )
    elif not report.left:
        print_line(f"{counted(len(report.results), 'database')}, all at head; nothing to do")
    for one in report.results:
        if one.cause is not None:
            print_notice(f"problem: {explain(one.cause)}")
    if report.left:
        print_notice(f"problem: {counted(report.left, 'database')} not begun: {report.stopped}")
    if report.run is not None and (report.failures or report.left):
        print_notice(resume_advice(report.run))
    if report.failures or report.left:
        raise typer.Exit(PROBLEMS)


def _revision(result: MigrationResult, revision: str | None) -> str:
    # A database that could not be read may have any revision.
    return revision or ("?" if result.error else "empty")


def _process(run: Run) -> str:
    return f"{run.started_by}@{run.host}, process {run.pid}"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f}"
