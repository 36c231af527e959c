"""``webautodash conflict``: recorded differences and their review."""

import json
from typing import Annotated

import typer

from webautodash.cli.options import (
    AfterOption,
    AnyProviderArgument,
    ByOption,
    JsonOption,
    LimitOption,
    NumberArgument,
    ProviderArgument,
    SeverityOption,
    StatusOption,
    TypeOption,
    WhyOption,
)
from webautodash.cli.terminal.output import show
from webautodash.cli.terminal.results import show_listing
from webautodash.cli.terminal.tables import show_fields
from webautodash.client import WebAutoDash
from webautodash.client.conflicts import ConflictFilter, ReviewedConflict, ValueSource
from webautodash.domain.vocabulary import OPEN_CONFLICTS, ConflictStatus
from webautodash.errors import UsageError

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_COLUMNS = {
    "provider": "provider",
    "id": "id",
    "severity": "severity",
    "status": "status",
    "type": "conflict_type",
    "PRN": "prn",
    "what": "description",
    "found": "detected_at",
}


@app.command("list", epilog="Example: webautodash conflict list gary_wang --severity high")
def list_(
    provider: AnyProviderArgument = None,
    status: StatusOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Include every status, also recorded duplicates.")] = False,
    conflict_type: TypeOption = None,
    severity: SeverityOption = None,
    prn: Annotated[str | None, typer.Option("--prn", metavar="PRN", help="Only this patient.")] = None,
    limit: LimitOption = 50,
    after: AfterOption = None,
    as_json: JsonOption = False,
) -> None:
    """List unresolved conflicts, most severe first.

    Conflicts in review are included. Among equally severe ones the oldest come first.
    """
    if everything and status:
        raise UsageError("--all and --status cannot be combined")
    with WebAutoDash() as webautodash:
        found = webautodash.conflicts.search(
            provider,
            ConflictFilter(() if everything else status or OPEN_CONFLICTS, conflict_type, severity, prn),
            limit=limit,
            after=after,
        )
    empty = "no such conflicts" if everything or status else "no conflict waits for review"
    show_listing(found, _COLUMNS, empty, as_json=as_json)


@app.command("show", epilog="Example: webautodash conflict show gary_wang 7")
def show_(provider: ProviderArgument, conflict_id: NumberArgument, as_json: JsonOption = False) -> None:
    """Show one conflict with both values and every step of its review."""
    with WebAutoDash() as webautodash:
        found = webautodash.conflicts.show(provider, conflict_id)
    show(found, _show_conflict, as_json=as_json)


@app.command(epilog="Example: webautodash conflict resolve gary_wang 7 --by 'Ann' --why 'asked the patient'")
def resolve(
    provider: ProviderArgument,
    conflict_id: NumberArgument,
    by: ByOption,
    why: WhyOption,
    status: Annotated[ConflictStatus, typer.Option("--status", help="The new status of the conflict.")] = (
        ConflictStatus.RESOLVED
    ),
    as_json: JsonOption = False,
) -> None:
    """Set the status of a conflict. Any status may follow any other; every step is kept."""
    with WebAutoDash() as webautodash:
        found = webautodash.conflicts.resolve(provider, conflict_id, status, by=by, why=why)
    show(found, _show_conflict, as_json=as_json)


def _show_conflict(found: ReviewedConflict) -> None:
    one = found.conflict
    show_fields(
        {
            "conflict": f"{one.id} of {one.provider}",
            "status": one.status,
            "severity": one.severity,
            "type": one.conflict_type,
            "PRN": one.prn,
            "what": one.description,
            "field": one.field_name,
            "old value": _values(one.old_value),
            "new value": _values(one.new_value),
            "old file": _file(found.old_source, one.session_id_1),
            "new file": _file(found.new_source, one.session_id_2),
            "found": one.detected_at,
            "review": [
                f"{step.old_status} -> {step.new_status} by {step.reviewed_by}, "
                f"{step.reviewed_at:%Y-%m-%d %H:%M}Z: {step.notes}"
                for step in found.reviews
            ],
        }
    )


def _values(value: object) -> object:
    """A list as one item per line, an item with its fields; deeper nesting as JSON."""
    if isinstance(value, list):
        return [_item(item) for item in value] or "(none)"
    return _item(value) if value is not None else None


def _item(value: object) -> str:
    if isinstance(value, dict):
        # The field that names the item comes first.
        names = sorted(value, key=lambda name: (not name.endswith(("_name", "_text")), name))
        return "; ".join(f"{name.replace('_', ' ')}: {_item(value[name])}" for name in names)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _file(source: ValueSource, session_id: int) -> str:
    extracted = f", extracted {source.extracted_at:%Y-%m-%d %H:%M}Z" if source.extracted_at else ""
    return f"{source.path}{extracted} (session {session_id})"
