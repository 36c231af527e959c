"""What a run over the fleet does, did, or would do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from webautodash.cli.exit_status import PROBLEMS, end_with
from webautodash.cli.terminal.output import complain, say, show_fields, show_json, show_table
from webautodash.cli.terminal.progress_bar import moving_line
from webautodash.cli.terminal.verbosity import Verbosity
from webautodash.domain.vocabulary import MigrationState
from webautodash.domain.wording import counted
from webautodash.services import fleet
from webautodash.services.fleet import FleetReport, MigrationResult, OnResult, Run
from webautodash.services.ingest.progress import unheard


@contextmanager
def listening(said: Verbosity) -> Iterator[OnResult]:
    """A moving line on a terminal: how many databases are done, and which was the last."""
    if not said.shows_progress:
        yield unheard
        return
    with moving_line("looking at the databases", times_a_second=4) as move:
        failed = 0

        def on_result(result: MigrationResult, done: int, of: int) -> None:
            nonlocal failed
            failed += result.state is MigrationState.FAILED
            move(f"{done:,} of {of:,} databases, {failed} failed; {result.database}", done, of)

        yield on_result


def show_runs(runs: Sequence[Run]) -> None:
    """The last runs, a line each."""
    show_table(
        ["run", "what", "state", "started", "by", "version", "done", "failed", "left"],
        [
            (
                each.id,
                each.kind,
                each.state,
                each.started_at,
                _who(each),
                each.code_version,
                each.databases.get(MigrationState.DONE, 0),
                each.databases.get(MigrationState.FAILED, 0),
                each.databases.get(MigrationState.WAITING, 0) + each.databases.get(MigrationState.RUNNING, 0),
            )
            for each in runs
        ],
    )


def show_run(report: fleet.RunReport) -> None:
    """One run, and each of its databases."""
    found = report.run
    show_fields(
        {
            "run": found.id,
            "what": found.kind,
            "state": found.state,
            "started": found.started_at,
            "finished": found.finished_at,
            "by": _who(found),
            "version": found.code_version,
            "arguments": [
                f"{name.replace('_', ' ')}: {', '.join(value) if isinstance(value, list) else value}"
                for name, value in found.arguments.items()
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
            complain(f"{each.database}: {each.error}")


def show_plan(found: fleet.DryRun, as_json: bool) -> None:
    """A dry run; what stands in the way on stderr, and an exit status of 1."""
    if as_json:
        show_json(found)
    elif not found.databases:
        say("nothing would be done")
    else:
        show_table(
            ["wave", "database", "from", "to", "revisions"],
            [
                (
                    one.wave or ("canary" if one.provider else "first"),
                    one.database,
                    one.before or "empty",
                    one.target,
                    ", ".join(one.revisions) or "finishes what was interrupted",
                )
                for one in found.databases
            ],
        )
    end_with(found.problems)


def show_report(report: FleetReport, as_json: bool) -> None:
    """What a run did; what it could not do on stderr, and an exit status of 1."""
    touched = [one for one in report.results if one.done or one.error]
    if as_json:
        show_json(report)
    elif touched:
        show_table(
            ["database", "from", "to", "state", "seconds"],
            [
                (one.database, _revision(one, one.before), _revision(one, one.after), one.state, _seconds(one.seconds))
                for one in touched
            ],
        )
    elif not report.left:
        say(f"{counted(len(report.results), 'database')}, all at head; nothing to do")
    for one in report.failures:
        complain(f"problem: {one.error}")
    if report.left:
        complain(f"problem: {report.left} databases were not begun: {report.stopped}")
    if report.run is not None and (report.failures or report.left):
        complain(f"once that is put right: webautodash migrate resume {report.run}")
    if report.failures or report.left:
        raise typer.Exit(PROBLEMS)


def _revision(result: MigrationResult, revision: str | None) -> str:
    # What could not be looked at may have anything in it.
    return revision or ("?" if result.error else "empty")


def _who(run: Run) -> str:
    return f"{run.started_by}@{run.host}, process {run.pid}"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f}"
