"""Arguments and options that several commands share, and times as a user types them."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated

import typer

from webautodash.domain.vocabulary import ConflictStatus, ConflictType, Severity
from webautodash.errors import UsageError, without_context

ProviderArgument = Annotated[str, typer.Argument(metavar="PROVIDER", help="Slug, name or alias.", show_default=False)]
AnyProviderArgument = Annotated[
    str | None,
    typer.Argument(metavar="PROVIDER", help="Slug, name or alias; by default all providers.", show_default=False),
]
OnlyProviderOption = Annotated[
    str | None, typer.Option("--provider", metavar="PROVIDER", help="Only this provider: slug, name or alias.")
]
ProvidersOption = Annotated[
    list[str] | None,
    typer.Option("--provider", metavar="PROVIDER", help="Only this provider: slug, name or alias. Repeatable."),
]
PrnArgument = Annotated[str, typer.Argument(metavar="PRN", help="Patient record number.", show_default=False)]
NumberArgument = Annotated[int, typer.Argument(metavar="ID", help="Number in the list.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else there.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=10_000, metavar="N", help="List at most N items.")]
AfterOption = Annotated[int | None, typer.Option("--after", metavar="ID", help="Continue after this number.")]
StatusOption = Annotated[
    list[ConflictStatus] | None,
    typer.Option("--status", metavar="|".join(ConflictStatus), help="Only this status. Repeatable."),
]
TypeOption = Annotated[ConflictType | None, typer.Option("--type", help="Only this type.")]
SeverityOption = Annotated[Severity | None, typer.Option("--severity", help="Only this severity and above.")]
ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.", show_default=False)]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason.", show_default=False)]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and change nothing.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]
WorkersOption = Annotated[
    int,
    typer.Option(
        "--workers",
        min=1,
        max=64,
        metavar="N",
        help="Number of processes; each needs 2 or more connections and works on other providers.",
    ),
]
FolderArgument = Annotated[
    Path | None, typer.Argument(metavar="FOLDER", help="By default WEBAUTODASH_RESULTS_DIR.", show_default=False)
]

_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@without_context
def parse_time(option: str, text: str, zone: tzinfo) -> datetime:
    """Parse an ISO date or time, by default in ``zone``, or an age such as 7d. Raises UsageError with the option."""
    try:
        if ago := _AGO.fullmatch(text.strip()):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        time = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise UsageError(f"{option} takes 2025-03-10, 2025-03-10T09:00, or an age: 90m, 2h, 7d") from None
    return time if time.tzinfo is not None else time.replace(tzinfo=zone)


@without_context
def parse_day(option: str, text: str) -> date:
    """Parse an ISO date. Raises UsageError with the option."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{option} takes a day such as 2025-03-10") from None
