"""``webautodash doctor``."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.exit_status import PROBLEMS, UNREACHABLE, WRONG_USE
from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.output import complain, say, show_json
from webautodash.domain.wording import counted
from webautodash.errors import UsageError
from webautodash.services.doctor import Finding, Severity, examine, examine_given, examine_isolation

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_GAP = 2
# As every command ends where it comes upon these; any other error is 1.
_STATUS = {"server.unreachable": UNREACHABLE, "settings.invalid": WRONG_USE}


@app.command()
def doctor(
    ctx: typer.Context,
    isolation: Annotated[
        bool,
        typer.Option(
            "--isolation",
            help="Prove instead that providers are kept apart: try each account on every other database, compare whose "
            "each database says it is, look for PRNs where none may be.",
        ),
    ] = False,
    log: Annotated[
        list[Path] | None,
        typer.Option("--log", metavar="FILE", help="With --isolation: look for PRNs in this file too. Repeatable."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Is everything right? Server, rights, settings, folders, databases; each problem with its cure.

    Changes nothing. The exit status is 1 where there is an error, 2 where a setting is wrong, and 3 where the server is
    out of reach; warnings do not count.
    """
    if log and not isolation:
        raise UsageError("--log goes with --isolation")
    report = examine_given(partial(examine_isolation, logs=log or ()) if isolation else examine)
    if as_json:
        show_json({"counts": report.counts, "findings": report.findings})
    else:
        _show([one for one in report.findings if one.is_problem or not ctx.obj.quiet])
    errors, warnings = report.counts[Severity.ERROR], report.counts[Severity.WARNING]
    if errors:
        complain(f"problems: {counted(errors, 'error')}, {counted(warnings, 'warning')}")
        raise typer.Exit(max(_STATUS.get(one.code, PROBLEMS) for one in report.findings))


def _show(findings: Sequence[Finding]) -> None:
    # No table that wraps: a cure is there to be copied.
    severity = max((len(one.severity) for one in findings), default=0) + _GAP
    code = max((len(one.code) for one in findings), default=0) + _GAP
    for one in findings:
        say(f"{one.severity:<{severity}}{one.code:<{code}}{one.subject}: {one.message}")
        if one.cure is not None:
            say(f"{'':<{severity}}{'cure:':<{code}}{one.cure}")
