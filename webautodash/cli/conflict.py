"""``webautodash conflict``: the review of recorded differences."""

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
from webautodash.cli.terminal.listing import show_listing
from webautodash.cli.terminal.output import show_fields, show_json
from webautodash.config import Settings
from webautodash.domain.vocabulary import OPEN_CONFLICTS, ConflictStatus
from webautodash.errors import UsageError
from webautodash.services.review import conflicts
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The review of recorded differences.")

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
    everything: Annotated[bool, typer.Option("--all", help="Of every status, recorded duplicates too.")] = False,
    conflict_type: TypeOption = None,
    severity: SeverityOption = None,
    prn: Annotated[str | None, typer.Option("--prn", metavar="PRN", help="Only this patient's.")] = None,
    limit: LimitOption = 50,
    after: AfterOption = None,
    as_json: JsonOption = False,
) -> None:
    """What waits for review, worst first, then oldest first: the unresolved and those in review."""
    if everything and status:
        raise UsageError("--all and --status exclude each other")
    wanted = () if everything else tuple(status or OPEN_CONFLICTS)
    with Store.open(Settings.load()) as store:
        found = conflicts.search(
            store,
            provider,
            statuses=wanted,
            conflict_type=conflict_type,
            least=severity,
            prn=prn,
            limit=limit,
            after=after,
        )
    nothing = "no conflicts of this kind" if everything or status else "nothing waits for review"
    show_listing(found, _COLUMNS, nothing, as_json=as_json)


@app.command()
def show(provider: ProviderArgument, conflict_id: NumberArgument, as_json: JsonOption = False) -> None:
    """One conflict with both values, and every step of its review."""
    with Store.open(Settings.load()) as store:
        found = conflicts.show(store, provider, conflict_id)
    _show(found, as_json)


@app.command(epilog="Example: webautodash conflict resolve gary_wang 7 --by 'Ann' --why 'asked the patient'")
def resolve(
    provider: ProviderArgument,
    conflict_id: NumberArgument,
    by: ByOption,
    why: WhyOption,
    status: Annotated[ConflictStatus, typer.Option("--status", help="What the conflict is from now on.")] = (
        ConflictStatus.RESOLVED
    ),
    as_json: JsonOption = False,
) -> None:
    """Take a step in a conflict's review; any status may follow any other, and every step is kept."""
    with Store.open(Settings.load()) as store:
        found = conflicts.resolve(store, provider, conflict_id, status, by=by, why=why)
    _show(found, as_json)


def _show(found: conflicts.ReviewedConflict, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
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
    """A list an item a line, an item with its fields; what is nested deeper as JSON."""
    if isinstance(value, list):
        return [_item(item) for item in value] or "(none)"
    return _item(value) if value is not None else None


def _item(value: object) -> str:
    if isinstance(value, dict):
        # The field that names the item first.
        names = sorted(value, key=lambda name: (not name.endswith(("_name", "_text")), name))
        return "; ".join(f"{name.replace('_', ' ')}: {_item(value[name])}" for name in names)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _file(source: conflicts.Source, session_id: int) -> str:
    extracted = f", extracted {source.extracted_at:%Y-%m-%d %H:%M}Z" if source.extracted_at else ""
    return f"{source.path}{extracted} (session {session_id})"
