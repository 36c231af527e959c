"""``webautodash doctor``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.doctor_cures import cure_of
from webautodash.cli.exit_status import PROBLEMS, UNREACHABLE, WRONG_USE
from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.log_output import print_notice
from webautodash.cli.terminal.output import print_line, show_json
from webautodash.client import WebAutoDash
from webautodash.client.doctor import DoctorReport, Finding, FindingSeverity, invalid_settings
from webautodash.domain.wording import counted
from webautodash.errors import ConfigurationError, UsageError

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_GAP = 2
# The statuses that every command has for these; any other error is 1.
_STATUS = {"server.unreachable": UNREACHABLE, "settings.invalid": WRONG_USE}


@app.command(epilog="Examples: webautodash doctor; webautodash doctor --isolation --log /var/log/webautodash.log")
def doctor(
    ctx: typer.Context,
    isolation: Annotated[
        bool,
        typer.Option(
            "--isolation",
            help="Check instead that providers are separated: try each account on every other database, compare the "
            "recorded owner of each database, search for PRNs outside the provider databases.",
        ),
    ] = False,
    log: Annotated[
        list[Path] | None,
        typer.Option("--log", metavar="FILE", help="With --isolation: search this file for PRNs too. Repeatable."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check server, rights, settings, folders and databases, and suggest a fix for each problem.

    Changes nothing. The exit status is 1 for an error, 2 for an invalid setting, 3 for an unreachable server; warnings
    do not count.
    """
    if log and not isolation:
        raise UsageError("--log needs --isolation")
    report = _examine(isolation=isolation, logs=log or ())
    if as_json:
        show_json({"counts": report.counts, "findings": [_as_document(one) for one in report.findings]})
    else:
        _show([one for one in report.findings if one.is_problem or not ctx.obj.quiet])
    errors, warnings = report.counts[FindingSeverity.ERROR], report.counts[FindingSeverity.WARNING]
    if errors:
        print_notice(f"problems: {counted(errors, 'error')}, {counted(warnings, 'warning')}")
        raise typer.Exit(max(_STATUS.get(one.code, PROBLEMS) for one in report.findings))


def _examine(*, isolation: bool, logs: Sequence[Path]) -> DoctorReport:
    try:
        webautodash = WebAutoDash()
    except ConfigurationError as error:
        return invalid_settings(error)
    return webautodash.doctor.examine_isolation(logs) if isolation else webautodash.doctor.examine()


def _show(findings: Sequence[Finding]) -> None:
    # Not as a table, which would wrap: so that a fix can be copied.
    severity = max((len(one.severity) for one in findings), default=0) + _GAP
    code = max((len(one.code) for one in findings), default=0) + _GAP
    for one in findings:
        print_line(f"{one.severity:<{severity}}{one.code:<{code}}{one.subject}: {one.message}")
        if (fix := cure_of(one)) is not None:
            print_line(f"{'':<{severity}}{'fix:':<{code}}{fix}")


def _as_document(one: Finding) -> dict[str, object]:
    return {
        "code": one.code,
        "severity": one.severity,
        "subject": one.subject,
        "message": one.message,
        "cure": cure_of(one),
    }
