"""``webautodash stats``."""

import typer

from webautodash.cli.exit_status import end_with
from webautodash.cli.options import AnyProviderArgument, JsonOption
from webautodash.cli.terminal.output import say, show_fields, show_json, show_numbers
from webautodash.config import Settings
from webautodash.domain.extraction.clinical_lists import LISTS
from webautodash.services.statistics.provider_statistics import ProviderStatistics, Statistics, statistics
from webautodash.services.store import Store

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


def _values(of: Statistics | ProviderStatistics) -> list[object]:
    """The values under ``_LABELS``."""
    before, after = ([getattr(of, name) for name in names.values()] for names in (_NUMBERS, _AFTER_ROWS))
    return [*before, *(of.rows[which.name] for which in LISTS), *after]


@app.command()
def stats(provider: AnyProviderArgument = None, as_json: JsonOption = False) -> None:
    """How much there is, of one provider or of all.

    Patients found = stored + changed + duplicates + set aside.
    """
    with Store.open(Settings.load()) as store:
        found = statistics(store, provider)
    if as_json:
        show_json(found)
    elif provider is not None and found.providers:
        _show_one(found.providers[0])
    elif found.providers:
        _show_all(found)
    elif not found.problems:
        say("a registration is under way" if found.total_providers else "no provider is registered yet")
    end_with(f"{problem.slug}: {problem.problem}" for problem in found.problems)


def _show_all(found: Statistics) -> None:
    rows: list[list[object]] = [[one.name, *_values(one)] for one in found.providers]
    if len(rows) > 1:
        rows.append(["total", *_values(found)])
    show_numbers(["provider", *_LABELS], rows)


def _show_one(one: ProviderStatistics) -> None:
    show_fields(
        {"provider": one.name, "database": one.database_name}
        | dict(zip(_LABELS, _values(one), strict=True))
        | {"conflicts": one.total_conflicts}
        | {f"  {word.replace('_', ' ')}": number for word, number in one.conflicts_by_type.items()}
        | {f"  {word}": number for word, number in one.conflicts_by_severity.items()}
    )
