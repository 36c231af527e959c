"""``webautodash patient``: stored patients."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from webautodash.cli.options import JsonOption, LimitOption, PrnArgument, ProviderArgument, parse_day, parse_time
from webautodash.cli.terminal.output import print_line, show, show_json
from webautodash.cli.terminal.tables import show_fields, show_table
from webautodash.client import WebAutoDash
from webautodash.client.patients import Chart, Extraction, PatientFilter, PatientHistory
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.wording import counted, shell_word

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("list", epilog="Example: webautodash patient list gary_wang --name smith")
def list_(
    provider: ProviderArgument,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="TEXT", help="Name or last name starts with this; case and accents do not count."
        ),
    ] = None,
    born: Annotated[str | None, typer.Option("--born", metavar="DATE", help="Born on this day: 1966-03-10.")] = None,
    medication: Annotated[
        str | None,
        typer.Option(
            "--medication", metavar="TEXT", help="Has a medication now whose name starts with this, in any case."
        ),
    ] = None,
    diagnosis: Annotated[
        str | None,
        typer.Option("--diagnosis", metavar="CODE", help="Has a diagnosis now whose ICD-10 code starts with this."),
    ] = None,
    seen_since: Annotated[
        str | None,
        typer.Option(
            "--seen-since", metavar="TIME", help="Last extracted at this time or later; a date, or an age: 7d."
        ),
    ] = None,
    limit: LimitOption = 50,
    after: Annotated[str | None, typer.Option("--after", metavar="PRN", help="Continue after this PRN.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List a provider's patients, by PRN.

    With several conditions, those that satisfy all. "Now" is the newest complete extraction.
    """
    with WebAutoDash() as webautodash:
        since = None if seen_since is None else parse_time("--seen-since", seen_since, webautodash.settings.zone)
        day = None if born is None else parse_day("--born", born)
        wanted = PatientFilter(name, day, medication, diagnosis, since)
        page = webautodash.patients.search(provider, wanted, limit=limit, after=after)
    if as_json:
        show_json(page)
        return
    if not page.items:
        print_line("no patients")
        return
    show_table(
        ["PRN", "name", "date of birth", "gender", "as of"],
        [
            (one.prn, one.patient_name, one.date_of_birth or one.date_of_birth_text, one.gender, one.as_of)
            for one in page.items
        ],
    )
    if page.next is not None:
        print_line(f"more: --after={shell_word(str(page.next))}")


@app.command("show", epilog="Example: webautodash patient show gary_wang WB123456")
def show_(provider: ProviderArgument, prn: PrnArgument, as_json: JsonOption = False) -> None:
    """Show one patient.

    The demographics are the latest, the lists are those of the newest complete extraction.
    """
    with WebAutoDash() as webautodash:
        chart = webautodash.patients.show(provider, prn)
    show(chart, _show_chart, as_json=as_json)


@app.command(epilog="Example: webautodash patient history gary_wang WB123456")
def history(provider: ProviderArgument, prn: PrnArgument, as_json: JsonOption = False) -> None:
    """Show all extractions of a patient with their conflicts."""
    with WebAutoDash() as webautodash:
        found = webautodash.patients.history(provider, prn)
    show(found, _show_history, as_json=as_json)


def _show_chart(chart: Chart) -> None:
    fields = asdict(chart.patient)
    fields["others"] = _named_values(fields.pop("other_demographics"))
    show_fields({name.replace("_", " "): value for name, value in fields.items()})
    print_line("")
    if chart.incomplete_extractions:
        number = counted(chart.incomplete_extractions, "extraction")
        print_line(f"{number} set aside, not shown here; see `webautodash patient history`")
    if chart.extraction is None:
        print_line("no complete extraction: the patient's lists are unknown")
        return
    _show_extractions((chart.extraction,))
    for which in LISTS:
        rows, columns = chart.lists.get(which.name, []), which.shown_columns
        print_line("")
        print_line(f"{which.title}: {len(rows)}")
        if rows:
            show_table(
                [column.removesuffix("_text").replace("_", " ") for column in columns],
                [[_named_values(row[one]) if one == "extra" else row[one] for one in columns] for row in rows],
            )


def _show_history(found: PatientHistory) -> None:
    print_line(f"{found.patient.prn}  {found.patient.patient_name or ''}".rstrip())
    _show_extractions(found.extractions)


def _named_values(fields: Mapping[str, object] | None) -> list[str]:
    """Fields without a column, each with its name; lists and objects as JSON, which keeps their structure visible."""
    return [
        f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in (fields or {}).items()
    ]


def _show_extractions(extractions: Sequence[Extraction]) -> None:
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
