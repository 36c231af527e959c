"""Reading and comparing take at most n log n: each kind of input is measured, and four times as much of it."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from builders import a_file, a_patient
from generated_patients import patient_record

from webautodash.database.products.mysql.literals import _literal, column_literals
from webautodash.domain.bounded_cache import BoundedCache
from webautodash.domain.dates import DateOrder
from webautodash.domain.differences.clinical_lists import list_differences
from webautodash.domain.extraction.document.read_document import read_document
from webautodash.services.ingest.plan import planned

_SIZE = 300
_FACTOR = 4
# n log n gives 5, a square 16.
_MOST = 10
_RUNS = 2


def read(patient: dict[str, Any] | bytes) -> Any:
    raw = patient if isinstance(patient, bytes) else json.dumps(patient).encode()
    return patient_record(msgspec.Raw(raw), 0, DateOrder.MDY)


def _lists(number: int, word: str) -> dict[str, Any]:
    return {
        "medications": [{"medication_name": f"{word} {n} mg", "note": n} for n in range(number)],
        "allergies": [f"{word} {n}" for n in range(number)],
    }


def all_items_differ(number: int, _folder: Path) -> Callable[[], object]:
    one, two = (read(a_patient("A", **_lists(number, word))).lists for word in ("old", "new"))
    list_differences(one, two)  # the canonical form is kept: what is measured is the comparison
    return lambda: list_differences(one, two)


def equal_items_differ_in_number(number: int, _folder: Path) -> Callable[[], object]:
    one, two = (read(a_patient("A", medications=["same"] * size)).lists for size in (number, 2 * number))
    return lambda: list_differences(one, two)


def many_small_places_and_a_large_one(number: int, folder: Path) -> Callable[[], object]:
    small = [a_patient("A", allergies=[f"other {n}"]) for n in range(number)]
    return _plan(a_file(*small, a_patient("A", **_lists(number, "new"))), folder)


def older_lists_beside(number: int, _folder: Path) -> Callable[[], object]:
    items = [{"medication_name": "same", "sig": f"{n}"} for n in range(number)]
    others = [{"medication_name": "same", "sig": f"other {n}"} for n in range(number)]
    patient = json.dumps(a_patient("A", medications=items, current_medications=others)).encode()
    return lambda: read(patient)


def older_lists_whose_items_are_alike(number: int, _folder: Path) -> Callable[[], object]:
    items = [{"medication_name": "same", "sig": f"{n % 2}", "x": n} for n in range(number)]
    others = [{"medication_name": "same", "sig": f"{n % 2}", "diagnosis": ""} for n in range(number)]
    patient = json.dumps(a_patient("A", medications=items) | {"medications": others}).encode()
    return lambda: read(patient)


def unknown_fields(number: int, _folder: Path) -> Callable[[], object]:
    patient = json.dumps(a_patient("A", **{f"field {n}": {"of": [n]} for n in range(number)})).encode()
    return lambda: read(patient)


def unknown_lists(number: int, _folder: Path) -> Callable[[], object]:
    patient = json.dumps(a_patient("A", **{f"list {n}": [n] for n in range(number)})).encode()
    return lambda: read(patient)


def escaped_keys(number: int, _folder: Path) -> Callable[[], object]:
    keys = ", ".join(f'"\\u0066ield {n}": 1' for n in range(number))
    patient = b'{"demographics_printable": {"prn": "A"}, "x": {%b}}' % keys.encode()
    return lambda: read(patient)


def half_characters(number: int, folder: Path) -> Callable[[], object]:
    return _plan(_file([b'{"a": "\\ud800"}'] * number), folder)


def deep_values(number: int, folder: Path) -> Callable[[], object]:
    return _plan(_file([b'{"patient_id": "", "a": %b%b}' % (b"[" * 1_500, b"]" * 1_500)] * (number // 50)), folder)


def a_row_of_marks(number: int, _folder: Path) -> Callable[[], object]:
    patient = json.dumps(a_patient("A", medications=["a" + "\u0301\u0316" * 10 * number])).encode()
    return lambda: read(patient)


def texts_for_a_statement(number: int, _folder: Path) -> Callable[[], object]:
    texts = [f"it's {n} \\ {'x' * 20}" for n in range(10 * number)]
    return lambda: list(column_literals([*texts, None, *texts], BoundedCache(_literal, lambda _: False)))


def _file(patients: list[bytes]) -> bytes:
    return b'{"extraction_metadata": {}, "extraction_results": [%b]}' % b", ".join(patients)


def _plan(content: object, folder: Path) -> Callable[[], object]:
    path = folder / "file.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return lambda: sum(len(batch) for batch in planned(read_document(path), DateOrder.MDY))


@pytest.mark.parametrize(
    "kind",
    [
        *(all_items_differ, equal_items_differ_in_number, many_small_places_and_a_large_one, older_lists_beside),
        *(unknown_fields, unknown_lists, older_lists_whose_items_are_alike, escaped_keys, half_characters),
        *(deep_values, a_row_of_marks, texts_for_a_statement),
    ],
    ids=lambda kind: kind.__name__,
)
def test_time_grows_with_the_input(kind: Callable[[int, Path], Callable[[], object]], tmp_path: Path) -> None:
    small = _seconds(kind(_SIZE, tmp_path))
    large = _seconds(kind(_SIZE * _FACTOR, tmp_path))
    assert large < _MOST * max(small, 0.001)


def _seconds(work: Callable[[], object]) -> float:
    """Of the processor, the least of some runs."""
    runs = []
    for _ in range(_RUNS):
        begin = time.process_time()
        work()
        runs.append(time.process_time() - begin)
    return min(runs)
