"""Results turn into JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum

import pytest

import webautodash
from webautodash import to_json
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.file_state_transitions import FileResult
from webautodash.domain.json_document import to_json_line
from webautodash.domain.vocabulary import Severity
from webautodash.services.ingest import FileOutcome, IngestReport
from webautodash.services.ingest.report import ProviderTotals


class Colour(Enum):
    """An enum that is no text."""

    RED = 1


@dataclass(frozen=True, slots=True)
class Inner:
    """A dataclass in another."""

    day: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Outer:
    """One field of each kind."""

    severity: Severity
    colour: Colour
    parts: tuple[Inner, ...]
    counts: dict[Severity, int]
    missing: None = None


def test_every_kind_of_value_that_a_result_holds() -> None:
    at = datetime(2024, 2, 4, 9, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    outer = Outer(Severity.HIGH, Colour.RED, (Inner(date(2024, 2, 4), at),), {Severity.LOW: 3})
    assert json.loads(to_json([outer])) == [
        {
            "severity": "high",
            "colour": 1,
            "parts": [{"day": "2024-02-04", "at": "2024-02-04T07:00:00.000005Z"}],
            "counts": {"low": 3},
            "missing": None,
        }
    ]
    assert to_json({"at": datetime(2024, 1, 1, tzinfo=UTC)}) == '{\n  "at": "2024-01-01T00:00:00Z"\n}'


def test_text_that_is_not_utf_8_is_escaped_and_read_again() -> None:
    text = to_json(["é\udcff"])
    assert text.encode()
    assert "é" in text
    assert json.loads(text) == ["é\udcff"]


@pytest.mark.parametrize(
    ("value", "kind"), [(object(), "object"), (b"bytes", "bytes"), (Inner, "type"), (1.5j, "complex")]
)
def test_any_other_value_is_an_error_without_the_value(value: object, kind: str) -> None:
    with pytest.raises(TypeError, match=f"^no JSON for {kind}$"):
        to_json(value)


def test_it_is_a_public_name() -> None:
    assert "to_json" in webautodash.__all__


def test_a_reports_sums_are_results_too() -> None:
    rows = {"medications": 2, "diagnoses": 1, "allergies": 0, "health_concerns": 0}
    report = IngestReport(
        (
            FileOutcome("b/1.json", FileResult.INGESTED, "b", "B", found=2, stored=2, rows=rows),
            FileOutcome(
                "b/2.json", FileResult.PARTIAL, "b", "B", found=3, changed=1, duplicates=1, set_aside=1, rows=rows
            ),
            FileOutcome("b/3.json", FileResult.ALREADY_INGESTED, "b", "B", found=9, stored=9, rows=rows),
            FileOutcome("x.json", FileResult.REJECTED),
        )
    )
    unknown, b = json.loads(to_json(report.by_provider()))
    assert (unknown["name"], unknown["files"], unknown["rejected"], unknown["patients"]) == ("(no provider)", 1, 1, 0)
    assert (b["files"], b["already_ingested"], b["patients"], b["set_aside"], b["medications"]) == (3, 1, 5, 1, 4)
    assert b["patients"] == b["stored"] + b["changed"] + b["duplicates"] + b["set_aside"]
    assert list(b) == [
        *(field.name for field in fields(ProviderTotals) if field.name != "rows"),
        *(which.name for which in LISTS),
    ]
    assert json.loads(to_json(report))["files"][3]["state"] == "rejected"


def test_a_line_has_the_same_values_without_a_line_break() -> None:
    found = {"path": "new\nline \udcff\u2028", "parts": (Severity.LOW, None)}
    line = to_json_line(found)
    assert "\n" not in line
    assert json.loads(line) == json.loads(to_json(found))


@pytest.mark.parametrize("write", [to_json, to_json_line])
def test_a_document_shows_letters_and_has_no_terminal_sequences(write: Callable[[object], str]) -> None:
    name = "Zoë Жир\x1b[2J\x9b1m\u202e\u2028\x7f\ud800\U000e0041\n"
    document = write({"name": name})
    assert all(line.isprintable() for line in document.split("\n"))
    assert "Zoë Жир" in document
    assert json.loads(document) == {"name": name}
