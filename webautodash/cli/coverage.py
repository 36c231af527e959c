"""``webautodash coverage``."""

from typing import Annotated

import typer

from webautodash.cli.exit_status import exit_with_problems
from webautodash.cli.options import JsonOption, ProviderArgument, parse_day
from webautodash.cli.terminal.output import print_line, show
from webautodash.cli.terminal.tables import show_fields, show_items
from webautodash.client import WebAutoDash
from webautodash.client.reports import Coverage, DayRange
from webautodash.domain.wording import counted

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_SESSION_COLUMNS = {
    "session": "id",
    "medication": "target_medication",
    "from": "start_date",
    "to": "end_date",
    "extracted": "extracted_at",
    "found": "found",
    "set aside": "set_aside",
    "file": "path",
}
_PATIENT_COLUMNS = {"PRN": "prn", "session": "session_id", "set aside": "set_aside_id", "reason": "reason"}
_MOST_SHOWN = 20
_SECONDS_OF_A_DAY = 86_400


@app.command(epilog="Example: webautodash coverage gary_wang --medication Lisinopril --from 2024-01-01 --to 2024-12-31")
def coverage(
    provider: ProviderArgument,
    medication: Annotated[
        str, typer.Option("--medication", metavar="NAME", help="Target medication of the search.", show_default=False)
    ],
    start: Annotated[str, typer.Option("--from", metavar="DAY", help="First day: 2024-01-01.", show_default=False)],
    end: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day: 2024-12-31.", show_default=False)],
    prns: Annotated[
        list[str] | None, typer.Option("--prn", metavar="PRN", help="For this patient. Repeatable.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell whether what a search would extract is stored: the sessions that cover it, and the days that none covers.

    A session covers the days of its date range for its target medication, one for `all` for every medication. With
    --prn, only a session with a complete extraction of the patient counts. Exit status 1: a day is not covered.
    """
    first, last = parse_day("--from", start), parse_day("--to", end)
    with WebAutoDash() as webautodash:
        found = webautodash.coverage(provider, medication, first, last, prns=prns or ())
    show(found, _show_coverage, as_json=as_json)
    missing = counted(sum(one.days for one in found.uncovered), "day")
    exit_with_problems([] if found.is_covered else [f"not covered: {missing} of {found.days.days:,}"])


def _show_coverage(found: Coverage) -> None:
    age = found.newest_age_seconds
    show_fields(
        {
            "provider": found.provider,
            "medication": found.medication,
            "days": _range(found.days),
            "covered": "yes" if found.is_covered else "no",
            "not covered": [_range(one) for one in found.uncovered],
            "newest": found.newest_at,
            "age of newest": None if age is None else counted(age // _SECONDS_OF_A_DAY, "day"),
            "patients": [
                f"{one.prn}: {counted(len(one.sessions), 'session')}, "
                + ("covered" if not one.uncovered else f"not covered: {', '.join(map(_range, one.uncovered))}")
                for one in found.patients
            ],
        }
    )
    _show_first(_SESSION_COLUMNS, found.sessions)
    _show_first(_PATIENT_COLUMNS, found.missing_patients)


def _show_first(columns: dict[str, str], items: tuple[object, ...]) -> None:
    if items:
        print_line("")
        show_items(columns, items[:_MOST_SHOWN])
    if len(items) > _MOST_SHOWN:
        print_line(f"first {_MOST_SHOWN} of {len(items):,}; to see all: --json")


def _range(days: DayRange) -> str:
    return f"{days.start_date} to {days.end_date}" if days.start_date != days.end_date else str(days.start_date)
