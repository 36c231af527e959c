"""``webautodash stats``."""

from typing import TYPE_CHECKING

import typer

from webautodash.cli.advice import explain_unreadable
from webautodash.cli.exit_status import exit_with_problems
from webautodash.cli.options import AnyProviderArgument, JsonOption
from webautodash.cli.terminal.output import print_line, show_json
from webautodash.cli.terminal.tables import show_fields, show_numbers
from webautodash.client import WebAutoDash
from webautodash.domain.extraction.lists.clinical_lists import LISTS

if TYPE_CHECKING:
    from webautodash.client.reports import ProviderStatistics, Statistics

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_NUMBERS = {
    "patients": "total_patients",
    "files": "total_sessions",
    "extractions": "total_extractions",
    "found": "found",
    "stored": "stored",
    "changed": "changed",
    "duplicates": "duplicates",
    "set aside": "set_aside",
}
_AFTER_ROWS = {"unresolved": "unresolved_conflicts", "last extraction": "last_extraction"}
_LABELS = (*_NUMBERS, *(which.title for which in LISTS), *_AFTER_ROWS)


@app.command(epilog="Examples: webautodash stats; webautodash stats gary_wang --json")
def stats(provider: AnyProviderArgument = None, as_json: JsonOption = False) -> None:
    """Count what is stored.

    Patients found = stored + changed + duplicates + set aside.
    """
    with WebAutoDash() as webautodash:
        found = webautodash.statistics(provider)
    if as_json:
        show_json(found)
    elif provider is not None and found.providers:
        _show_one(found.providers[0])
    elif found.providers:
        _show_all(found)
    elif not found.problems:
        print_line("a registration is in progress" if found.total_providers else "no provider is registered yet")
    exit_with_problems(f"{problem.slug}: {explain_unreadable(problem)}" for problem in found.problems)


def _show_all(found: "Statistics") -> None:
    rows: list[list[object]] = [[one.name, *_values(one)] for one in found.providers]
    if len(rows) > 1:
        rows.append(["total", *_values(found)])
    show_numbers(["provider", *_LABELS], rows)


def _show_one(one: "ProviderStatistics") -> None:
    show_fields(
        {"provider": one.name, "database": one.database_name}
        | dict(zip(_LABELS, _values(one), strict=True))
        | {"conflicts": one.total_conflicts}
        | {f"  {word.replace('_', ' ')}": number for word, number in one.conflicts_by_type.items()}
        | {f"  {word}": number for word, number in one.conflicts_by_severity.items()}
    )


def _values(of: "Statistics | ProviderStatistics") -> list[object]:
    """The values under ``_LABELS``."""
    before, after = ([getattr(of, name) for name in names.values()] for names in (_NUMBERS, _AFTER_ROWS))
    return [*before, *(of.rows[which.name] for which in LISTS), *after]
