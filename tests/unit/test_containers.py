"""The places where a file may have its patients: all have the same limits and checks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import a_file, a_patient

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.document.read_document import Document, read_document
from webautodash.domain.extraction.json_values import decode_patient
from webautodash.domain.extraction.patient.read_patient import read_patient
from webautodash.errors import MalformedDocument, UnreadablePatient

METADATA: dict[str, Any] = a_file()["extraction_metadata"]
WITH = {"extraction_metadata": METADATA}
HERE = "@"
# By name: a file with its patients at "@", and the JSON path of the list.
CONTAINERS: dict[str, tuple[Any, str]] = {
    "native": (WITH | {"extraction_results": HERE}, "$.extraction_results"),
    "no metadata": ({"extraction_results": HERE}, "$.extraction_results"),
    "in results": (
        WITH | {"extraction_results": {"status": "success", "total_patients": 2, "patients": HERE, "more": {"a": [1]}}},
        "$.extraction_results.patients",
    ),
    "beside metadata": ({"status": "success", "patients": HERE, "extraction_metadata": METADATA}, "$.patients"),
    "beside an empty list": ({"extraction_results": [], "patients": HERE}, "$.patients"),
    "bare": (HERE, "$"),
}
EVERY = pytest.mark.parametrize(("shape", "path"), CONTAINERS.values(), ids=CONTAINERS)
Write = Callable[[bytes], Path]


def content(shape: Any, patients: bytes) -> bytes:
    return json.dumps(shape, indent=1).encode().replace(b'"@"', patients)


def refusal(path: Path) -> tuple[str, str]:
    with pytest.raises(MalformedDocument) as caught:
        read_document(path)
    assert "MARK" not in str(caught.value)
    return caught.value.kind, caught.value.position


def unreadable(document: Document, position: int) -> tuple[str, str]:
    with pytest.raises(UnreadablePatient) as caught:
        read_patient(document.patients[position], position, DateOrder.MDY, document.container)
    return caught.value.reason, caught.value.detail


@EVERY
def test_the_patients_are_those_of_the_list(shape: Any, path: str, write: Write) -> None:
    some = [a_patient("MARK1"), a_patient(7), {}]
    document = read_document(write(content(shape, json.dumps(some).encode())))
    assert [decode_patient(raw) for raw in document.patients] == some
    assert document.prns == ["MARK1", 7, None]
    assert document.metadata == (METADATA if "extraction_metadata" in shape else {})
    assert document.container.path == path
    assert document.container.place(1) == f"{path}[1]".removeprefix("$").removeprefix(".")
    mixed = read_document(write(content(shape, json.dumps([*some, 7]).encode())))
    assert (mixed.prns, len(mixed.patients)) == (None, 4)


@EVERY
def test_a_patient_that_cannot_be_decoded_does_not_affect_the_others(shape: Any, path: str, write: Write) -> None:
    whole = json.dumps(a_patient("GW1")).encode()
    deep = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    half = b'{"a": "MARK\\ud83d"}'
    document = read_document(write(content(shape, b"[" + b", ".join([whole, deep, half, whole]) + b"]")))
    assert [bytes(raw) for raw in document.patients] == [whole, deep, half, whole]
    where = document.container.place
    assert unreadable(document, 1) == ("nested_too_deeply", where(1))
    assert unreadable(document, 2) == ("half_character", where(2))


@pytest.mark.parametrize("name", ["native", "in results", "beside metadata", "bare"])
def test_every_container_has_the_same_limits(name: str, write: Write, most_patients: int) -> None:
    shape, path = CONTAINERS[name]
    too_large = content(shape, b'[{"patient_id": 1}, "' + b"x" * (17 << 20) + b'"]')
    assert refusal(write(too_large)) == ("patient_too_large", f"{path}[1]")
    as_many = b'[{"patient_id": 1}' + b",\n{}" * (most_patients - 1)
    assert len(read_document(write(content(shape, as_many + b"]"))).patients) == most_patients
    assert refusal(write(content(shape, as_many + b",{}]"))) == ("too_many_patients", path)
    numbers = content(shape, b"[" + b"0," * 3 * most_patients + b"0]")
    assert refusal(write(numbers)) == ("too_many_patients", path)
    assert refusal(write(content(shape, b"[{}]")[:-1]))[0] == "cut_short"


@pytest.mark.parametrize(
    "text",
    [
        b'{"extraction_results": {"patients": [{}], "patients": [{"MARK": 1}]}}',
        b'{"extraction_results": {"patients": [{}], "status": 1, "status": 1}}',
        b'{"extraction_results": {"patients": [{}]}, "extraction_results": {"patients": [{}]}}',
        b'{"patients": [{}], "patients": [{"MARK": 1}]}',
        b'{"patients": [{}], "\\u0070atients": [{}]}',
        b'{"extraction_results": {"patient_id": "MARK"}, "extraction_results": {"patient_id": "MARK"}}',
    ],
)
def test_a_repeated_key_is_refused_in_every_container(text: bytes, write: Write) -> None:
    assert refusal(write(text))[0] == "duplicate_key"


def test_members_beside_the_patients_have_limits_in_every_container(write: Write) -> None:
    large = b'"' + b"x" * (1 << 20) + b'"'
    for text, kind in (
        (b'{"patients": [{}], "MARK": ' + large + b"}", "member_too_large"),
        (b'{"extraction_results": {"patients": [{}], "MARK": ' + large + b"}}", "member_too_large"),
        (b'{"extraction_results": {"patients": [{}], "MARK": "\\ud800"}}', "half_character"),
        (b'{"patients": [{}], "MARK": ' + b"[" * 9_999 + b"]" * 9_999 + b"}", "nested_too_deeply"),
        (b'{"patients": [{}], ' + b",".join(b'"%d": 0' % n for n in range(1_001)) + b"}", "too_many_members"),
    ):
        assert refusal(write(text))[0] == kind


@pytest.mark.parametrize("failed", [{}, {"extraction_status": "failed", "extraction_error": "timeout"}])
def test_a_single_patient_may_replace_the_list(failed: dict[str, Any], write: Write) -> None:
    one = a_patient("GW1") | failed
    document = read_document(write(json.dumps({"extraction_metadata": METADATA, "extraction_results": one}).encode()))
    assert [decode_patient(raw) for raw in document.patients] == [one]
    assert (document.prns, document.container.place(0)) == (["GW1"], "extraction_results")
    text = json.dumps({"extraction_results": {"patient_id": "MARK"}})
    assert unreadable(read_document(write(text.encode())), 0) == ("no_demographics", "demographics_printable")
    too_large = text.replace("MARK", "x" * (17 << 20)).encode()
    assert refusal(write(too_large)) == ("patient_too_large", "$.extraction_results")


@pytest.mark.parametrize(
    ("file", "position"),
    [
        ({"status": "error", "error": "MARK"}, "$"),
        ({"status": " Failed "}, "$"),
        (WITH | {"status": "timeout", "extraction_results": None}, "$"),
        (WITH | {"status": "error", "extraction_results": []}, "$"),
        (WITH | {"error": {"MARK": 1}, "patients": []}, "$"),
        ({"success": False} | WITH, "$"),
        (WITH | {"extraction_results": {"status": "error"}}, "$.extraction_results"),
        (WITH | {"extraction_results": {"status": "error", "patients": []}}, "$.extraction_results"),
        ({"status": "error", "extraction_results": {"total_patients": 0}}, "$.extraction_results"),
    ],
)
def test_a_file_that_only_reports_a_failed_job_is_refused(file: Any, position: str, write: Write) -> None:
    assert refusal(write(json.dumps(file).encode())) == ("failed_job", position)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ({"status": "success"}, ("malformed", "$")),
        ([], ("malformed", "$")),
        ([1, "MARK", {"MARK": {"patient_id": 1}}], ("malformed", "$")),
        (WITH | {"patients": {"MARK": 1}}, ("malformed", "$")),
        (WITH | {"extraction_results": {"status": "ok"}}, ("malformed", "$.extraction_results")),
        ({"patients": []}, ("malformed", "$")),
        ({"extraction_results": [{}], "patients": [{}]}, ("two_lists", "line 1, column 42")),
        ({"extraction_results": {"patients": [{}]}, "patients": [{}]}, ("two_lists", "line 1, column 56")),
        ({"extraction_results": {"patients": []}, "patients": [{}]}, ("two_lists", "line 1, column 54")),
    ],
)
def test_a_file_without_patients_or_with_two_lists_of_them_is_refused(
    file: Any, expected: tuple[str, str], write: Write
) -> None:
    assert refusal(write(json.dumps(file).encode())) == expected


def test_a_job_without_an_error_may_have_no_patients(write: Write) -> None:
    for rest in (
        {"status": "success", "error": None, "extraction_results": []},
        {"extraction_results": {"status": "success", "patients": []}},
        {"patients": []},
    ):
        assert read_document(write(json.dumps(WITH | rest).encode())).patients == []


@pytest.mark.parametrize(
    ("beside", "inside", "failed"),
    [
        ({"status": "error"}, None, "status"),
        ({"extraction_error": "MARK"}, None, "extraction_error"),
        ({"success": False}, {"status": "success"}, "success"),
        ({"status": "success"}, {"status": "failed", "error": "MARK"}, "extraction_results.status"),
        ({"status": "partial", "error": ""}, {"error": None}, None),
    ],
)
def test_members_beside_the_patients_are_kept_and_may_report_a_failed_job(
    beside: dict[str, Any], inside: dict[str, Any] | None, failed: str | None, write: Write
) -> None:
    patients: Any = [a_patient("GW1")]
    results = patients if inside is None else inside | {"patients": patients}
    document = read_document(write(json.dumps(beside | {"extraction_results": results}).encode()))
    assert len(document.patients) == 1
    assert document.other_members == (beside if inside is None else beside | {"extraction_results": inside})
    assert document.failed == failed


PATIENT = {"patient_id": "MARK", "demographics_printable": {"prn": "MARK"}, "all_medications": [{"name": "MARK"}]}


@pytest.mark.parametrize(
    "file",
    [
        {"extraction_results": PATIENT | {"patients": [PATIENT]}},
        {"extraction_results": PATIENT | {"patients": {"a": PATIENT}}},
        {"extraction_results": [{}], "patients": {"a": PATIENT}},
        {"extraction_results": [], "patients": {"a": 1}},
        {"extraction_results": {"patients": [], "results": [PATIENT]}},
        {"extraction_results": {"patients": [{}], "failed_patients": [PATIENT]}},
        {"extraction_results": {"patients": [{}], "current": {"deep": [PATIENT]}}},
        {"extraction_results": [{}], "results": [{"mrn": 1, "labs": ["MARK"]}]},
        {"extraction_results": [], "all_allergies": [{"name": "MARK"}]},
        {"extraction_results": [], "demographics_printable": {"prn": "MARK"}},
        {"patients": [{}], "pages": {"1": [{"name": "MARK", "medications": [{"name": "MARK"}]}]}},
    ],
)
def test_a_file_with_patients_in_an_unread_place_is_refused(file: dict[str, Any], write: Write) -> None:
    assert refusal(write(json.dumps({"extraction_metadata": METADATA} | file).encode()))[0] == "two_lists"


def test_members_that_only_name_patients_are_kept(write: Write) -> None:
    beside = {"failed_patients": [{"patient_id": "u", "error": "timeout"}, "Ann"], "filters": {"medications": ["all"]}}
    file = {"patients": [{}], "total_patients": 1} | beside
    assert read_document(write(json.dumps(file).encode())).other_members == {"total_patients": 1} | beside


def test_one_patient_with_an_empty_list_of_patients_is_that_patient(write: Write) -> None:
    one = a_patient("GW1") | {"patients": []}
    document = read_document(write(json.dumps({"extraction_results": one}).encode()))
    assert (document.prns, document.container.is_single) == (["GW1"], True)


def test_members_beside_the_patients_have_the_limits_of_the_metadata(write: Write) -> None:
    half = "x" * (600 << 10)
    for beside, kind in (
        ({"a": half, "b": half}, "member_too_large"),
        ({"a": json.loads("[" * 65 + "]" * 65)}, "nested_too_deeply"),
    ):
        assert refusal(write(json.dumps({"patients": [{}]} | beside).encode()))[0] == kind
    assert refusal(write(b'{"patients": [{}], "a": {"b": 1, "b": 2}}'))[0] == "duplicate_key"
    assert refusal(write(b'{"patients": [{}], "a": 1e999}'))[0] == "malformed"


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ({"doctor_name": "Gary Wang"}, "Gary Wang"),
        ({"provider_name": " ", "doctor_name": "Gary Wang"}, "Gary Wang"),
        ({"provider_name": "Ada Ash", "doctor_name": "Gary Wang"}, "Ada Ash"),
        ({"doctor_name": ""}, None),
    ],
)
def test_the_doctor_is_the_provider_where_no_provider_is_named(
    metadata: dict[str, Any], name: str | None, write: Write
) -> None:
    file = {"extraction_metadata": metadata, "extraction_results": []}
    assert read_document(write(json.dumps(file).encode())).provider_name == name
