"""``webautodash patient``: what is known of patients."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer

from webautodash.cli.options import JsonOption, LimitOption, PrnArgument, ProviderArgument
from webautodash.cli.terminal.output import say, show_fields, show_json, show_table
from webautodash.config import Settings
from webautodash.domain.extraction.clinical_lists import LISTS
from webautodash.domain.wording import counted
from webautodash.errors.commands import quoted
from webautodash.services.review import patients
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="What is known of patients.")


@app.command("list", epilog="Example: webautodash patient list gary_wang --name smith")
def list_(
    provider: ProviderArgument,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="Only with this in the name; its case does not count.")
    ] = None,
    limit: LimitOption = 50,
    after: Annotated[str | None, typer.Option("--after", metavar="PRN", help="Continue behind this PRN.")] = None,
    as_json: JsonOption = False,
) -> None:
    """A provider's patients, by PRN."""
    with Store.open(Settings.load()) as store:
        page = patients.search(store, provider, name, limit, after)
    if as_json:
        show_json(page)
        return
    if not page.items:
        say("no patients")
        return
    show_table(
        ["PRN", "name", "date of birth", "gender", "as of"],
        [
            (one.prn, one.patient_name, one.date_of_birth or one.date_of_birth_text, one.gender, one.as_of)
            for one in page.items
        ],
    )
    if page.next is not None:
        say(f"more: --after={quoted(str(page.next))}")


@app.command()
def show(provider: ProviderArgument, prn: PrnArgument, as_json: JsonOption = False) -> None:
    """One patient: the latest demographics, and the lists of the newest complete extraction."""
    with Store.open(Settings.load()) as store:
        chart = patients.show(store, provider, prn)
    if as_json:
        show_json(chart)
        return
    fields = asdict(chart.patient)
    fields["others"] = _named_values(fields.pop("other_demographics"))
    show_fields({name.replace("_", " "): value for name, value in fields.items()})
    say("")
    if chart.incomplete_extractions:
        say(f"{counted(chart.incomplete_extractions, 'extraction')} set aside, not shown here; see `patient history`")
    if chart.extraction is None:
        say("no complete extraction: what this patient has is not known")
        return
    _show_extractions((chart.extraction,))
    for which in LISTS:
        rows, columns = chart.lists.get(which.name, []), which.shown_columns
        say("")
        say(f"{which.title}: {len(rows)}")
        if rows:
            show_table(
                [column.removesuffix("_text").replace("_", " ") for column in columns],
                [[_named_values(row[one]) if one == "extra" else row[one] for one in columns] for row in rows],
            )


@app.command()
def history(provider: ProviderArgument, prn: PrnArgument, as_json: JsonOption = False) -> None:
    """Every extraction of one patient, newest first, and the conflicts that each brought."""
    with Store.open(Settings.load()) as store:
        told = patients.history(store, provider, prn)
    if as_json:
        show_json(told)
        return
    say(f"{told.patient.prn}  {told.patient.patient_name or ''}".rstrip())
    _show_extractions(told.extractions)


def _named_values(fields: Mapping[str, object] | None) -> list[str]:
    """Fields without a column, each with its name; lists and objects as JSON, so that it is clear what they hold."""
    return [
        f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in (fields or {}).items()
    ]


def _show_extractions(extractions: tuple[patients.Extraction, ...]) -> None:
    show_table(
        ["extraction", "extracted", "medication", "from", "to", "status", "rows", "conflicts"],
        [
            (
                one.id,
                one.extracted_at,
                one.target_medication,
                one.start_date,
                one.end_date,
                one.status if one.duplicate_of is None else f"{one.status} of {one.duplicate_of}",
                sum(one.rows.values()),
                [f"{each.id} {each.field_name} ({each.severity}, {each.status})" for each in one.conflicts],
            )
            for one in extractions
        ],
    )
