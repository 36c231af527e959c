"""One session and one patient as records: typed, complete, and without a value in an error."""

import json
import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from builders import a_file, a_patient
from generated_patients import patient_record, read
from hypothesis import assume, given, strategies as st

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.document.session_metadata import SessionRecord, is_key_of, session_record
from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.patient.demographics import Demographics, read_prn
from webautodash.domain.extraction.patient.patient_record import PatientRecord
from webautodash.domain.extraction.patient.read_patient import read_patient
from webautodash.domain.json_document import sorted_json
from webautodash.domain.limits import LARGEST_PATIENT, MOST_ITEMS
from webautodash.errors import UnreadablePatient

CHICAGO = ZoneInfo("America/Chicago")
LONG = "x" * 256


def session(**metadata: Any) -> SessionRecord:
    return session_record(a_file(**metadata)["extraction_metadata"], DateOrder.MDY, CHICAGO)


def raw(patient: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(patient).encode())


def refusal(patient: dict[str, Any] | msgspec.Raw, position: int = 0) -> tuple[str, str]:
    with pytest.raises(UnreadablePatient) as caught:
        read(patient, position) if isinstance(patient, dict) else patient_record(patient, position)
    assert "MARK" not in str(caught.value)
    return caught.value.reason, caught.value.detail


# The patient


def test_demographics() -> None:
    patient = a_patient(
        "GW1",
        uuid="u-1",
        demographics={"first_name": "Test", "last_name": "Person", "phone": 5550100, "email": "t@e", "address": "A\nB"},
    )
    record = read(patient, 7)
    assert (record.position, record.prn) == (7, "GW1")
    assert record.demographics == Demographics(
        patient_uuid="u-1",
        patient_name="Test Person",
        first_name="Test",
        last_name="Person",
        date_of_birth=date(1988, 2, 19),
        date_of_birth_text="02/19/1988",
        age="35 yrs",
        gender="Female",
        phone="5550100",
        email="t@e",
        address="A\nB",
    )
    assert record.extra is None


@pytest.mark.parametrize(
    ("order", "text", "expected"),
    [
        (DateOrder.MDY, "02/03/1988", date(1988, 2, 3)),
        (DateOrder.DMY, "02/03/1988", date(1988, 3, 2)),
        (DateOrder.MDY, "1988-02-03", date(1988, 2, 3)),
        (DateOrder.MDY, "31/12/1988", None),
        (DateOrder.MDY, "1988", None),
    ],
)
def test_a_birth_date_is_read_where_it_is_clear_and_its_text_kept(
    order: DateOrder, text: str, expected: date | None
) -> None:
    person = read(a_patient("GW1", born=text), order=order).demographics
    assert (person.date_of_birth, person.date_of_birth_text) == (expected, text)


TOP_LEVEL = {"first_name": "Top", "last_name": "Level"}


@pytest.mark.parametrize(
    ("parts", "beside", "name"),
    [
        ({"first_name": "Ann", "last_name": "Lee"}, {}, "Ann Lee"),
        ({"first_name": " Ann ", "last_name": None}, {}, "Ann"),
        ({"first_name": " ", "last_name": "Lee"}, {}, "Lee"),
        ({"first_name": ["Ann"], "last_name": "Lee"}, {}, "Lee"),
        ({"first_name": "", "last_name": ""}, {}, None),
        ({}, {"patient_name": "Outer Name"}, "Outer Name"),
        ({}, TOP_LEVEL, "Top Level"),
        ({"first_name": " "}, TOP_LEVEL, "Top Level"),
        ({"last_name": "Other"}, {"first_name": "Top"}, "Other"),
    ],
)
def test_a_name_beside_the_demographics_or_first_and_last_name_make_the_name_where_there_is_none(
    parts: dict[str, Any], beside: dict[str, Any], name: str | None
) -> None:
    record = read(a_patient("GW1", name=None, demographics=parts) | beside)
    assert record.demographics.patient_name == name
    named = read(a_patient("GW1", name="Inner", demographics=parts) | beside)
    assert named.demographics.patient_name == "Inner"
    assert (named.extra or {}).get("patient_name") == beside.get("patient_name")
    assert record.checksum == read(a_patient("GW1", name=name)).checksum
    if beside is TOP_LEVEL:
        assert (record.demographics.first_name, record.demographics.last_name) == ("Top", "Level")


def test_a_name_made_of_its_parts_fits_its_column() -> None:
    parts = {"first_name": "x" * 200, "last_name": "y" * 100}
    assert refusal(a_patient("GW1", name=None, demographics=parts))[0] == "unusable_value"


def test_blank_demographics_are_none() -> None:
    person = read(a_patient("GW1", name=" ", born="", gender="\t")).demographics
    assert (person.patient_name, person.date_of_birth_text, person.gender) == (None, None, None)


def test_the_filters_of_the_sweep_and_the_source_are_read() -> None:
    filters = {
        "filter_medication_name": "lisinopril " * 100,
        "filter_medication_strength": "10 MG",
        "filter_start_date": "2020-01-01",
        "filter_stop_date": "N/A",
        "filter_last_seen": "1/2/2024",
        "filter_provider": "Gary Wang",
        "summary_page_url": "https://portal.example/" + "p" * 5_000,
    }
    scraped = {"extraction_method": "dom", "found_at": "2024-02-04T09:00:00"}
    record = read(a_patient("GW1", **filters, extraction_metadata=scraped))
    assert record.sweep == filters | scraped
    assert record.extra is None
    assert set(read(a_patient("GW1")).sweep.values()) == {None}


def test_each_list_has_its_rows() -> None:
    record = read(a_patient("GW1", medications=["a"], diagnoses=["b", "c"], allergies=["d"]))
    assert {name: len(rows) for name, rows in record.lists.items()} == {
        "medications": 1,
        "diagnoses": 2,
        "allergies": 1,
        "health_concerns": 0,
        "other_records": 0,
    }


def test_unknown_and_unsuitable_fields_are_kept_under_their_object() -> None:
    patient = a_patient(
        "GW1",
        demographics={"nickname": "Tess", "phone": LONG, "age": [35]},
        favourite_colour="green",
        filter_provider=LONG,
        extraction_metadata={"found_at": {"page": 1}, "tries": 2},
        nothing=None,
    )
    assert read(patient).extra == {
        "favourite_colour": "green",
        "filter_provider": LONG,
        "demographics_printable": {"nickname": "Tess", "phone": LONG, "age": [35]},
        "extraction_metadata": {"found_at": {"page": 1}, "tries": 2},
    }


def test_metadata_of_a_patient_that_is_no_object_is_kept() -> None:
    assert read(a_patient("GW1", extraction_metadata="a text")).extra == {"extraction_metadata": {"value": "a text"}}


def test_a_patient_is_not_changed_by_reading_it() -> None:
    patient = a_patient("GW1", medications=["a"], extraction_metadata={"found_at": "x"}, other={"a": 1})
    before = json.dumps(patient)
    read(patient)
    assert json.dumps(patient) == before


# The identity


@pytest.mark.parametrize(
    ("value", "prn"),
    [
        *((prn, prn) for prn in ("GW1", "007", "a b", "José", "x" * 128, "N/A")),
        *((number, str(number)) for number in (400003, 0, -5, 2**70)),
        *((spaced, "GW1") for spaced in ("  GW1\n", "\u00a0GW1\u3000")),
    ],
)
def test_a_prn_is_trimmed_and_otherwise_unchanged(value: object, prn: str) -> None:
    assert read_prn(value) == prn


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        *((blank, "no_prn") for blank in (None, "", " \t\u00a0")),
        *((other, "unusable_prn") for other in (1.0, True, False, ["MARK"], {"MARK": 1}, "MARK" * 33, 10**200)),
        *((odd, "unusable_prn") for odd in ("MARK\u0000", "MARK\u200b", "MA\nRK", "MA\u00a0RK", "\u202eMARK")),
    ],
)
def test_a_missing_or_ambiguous_prn_is_refused(value: object, reason: str) -> None:
    with pytest.raises(UnreadablePatient) as caught:
        read_prn(value)
    assert (caught.value.reason, caught.value.detail) == (reason, "demographics_printable.prn")
    assert "MARK" not in str(caught.value)


@given(st.text(max_size=6), st.text(max_size=6))
def test_two_prns_are_the_same_only_if_they_are_equal_without_surrounding_space(one: str, two: str) -> None:
    try:
        first, second = read_prn(one), read_prn(two)
    except UnreadablePatient:
        return
    assert (first == second) == (one.strip() == two.strip())
    assert (first.encode() == second.encode()) == (first == second)


# What cannot be read


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        ({"patient_id": "MARK"}, ("no_demographics", "demographics_printable")),
        ({"demographics_printable": ["MARK"]}, ("no_demographics", "demographics_printable")),
        (a_patient(None), ("no_prn", "demographics_printable.prn")),
        (a_patient("GW1", name="MARK" * 64), ("unusable_value", "patient_name: not a text of at most 255 characters")),
        (a_patient("GW1", born=["MARK"]), ("unusable_value", "date_of_birth: not a text of at most 255 characters")),
        (a_patient("GW1", gender=True), ("unusable_value", "gender: not a text of at most 255 characters")),
        (a_patient("GW1", all_diagnoses="MARK"), ("not_a_list", "all_diagnoses")),
        (a_patient("GW1", allergies=["x", ["MARK"]]), ("unreadable_item", "all_allergies[1]")),
    ],
)
def test_a_patient_that_cannot_be_read_has_a_reason_and_a_place(
    patient: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert refusal(patient) == expected


def deep(levels: int) -> Any:
    return json.loads("[" * levels + '"MARK"' + "]" * levels)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"odd": {"deep": deep(64)}}, "patient"),
        ({"demographics": {"odd": deep(65)}}, "demographics_printable"),
        ({"extraction_metadata": {"odd": deep(65)}}, "extraction_metadata"),
        ({"medications": [{"medication_name": "x", "sig": deep(65)}]}, "medications"),
        ({"medications": ["x"], "current_medications": [{"sig": deep(65)}]}, "medications"),
    ],
)
def test_nesting_that_is_too_deep_is_refused_everywhere(fields: dict[str, Any], where: str) -> None:
    assert refusal(a_patient("GW1", **fields)) == ("nested_too_deeply", where)


def test_nesting_up_to_the_limit_is_kept() -> None:
    assert read(a_patient("GW1", odd={"deep": deep(63)})).extra == {"odd": {"deep": deep(63)}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, "malformed") for text in (b"7", b'["MARK"]', b"null", b'{"a": "MARK')),
        *((b'{"a": "MARK%b"}' % odd, "malformed") for odd in (b"\x00", b"\xff")),
        (b'{"a": "MARK", "b": 1e999}', "unusable_number"),
        (b'{"a": "MARK", "b": ' + b"9" * 5_000 + b"}", "unusable_number"),
        (b'{"a": "MARK", "b": -' + b"9" * 5_000 + b"}", "unusable_number"),
        (b'{"a": "MARK", "b": NaN}', "malformed"),
        (b'{"a": "MARK\\ud83d"}', "half_character"),
        (b'{"a": "MARK\\udc8a\\ud83d"}', "half_character"),
        (b'{"a": "MARK\\\\\\ud83d\\ude00\\ude00"}', "half_character"),
        (b'{"a": ["\\udc00", ' + b"[" * 100_000 + b"]" * 100_000 + b"]}", "half_character"),
        (b'{"a": ' * 50_000 + b'"MARK"' + b"}" * 50_000, "nested_too_deeply"),
        (b"[" * 100_000 + b"]" * 100_000, "nested_too_deeply"),
        (b'{"odd": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested_too_deeply"),
    ],
)
def test_json_that_is_not_a_patient_is_refused_by_its_place(text: bytes, reason: str) -> None:
    assert refusal(msgspec.Raw(text), 12) == (reason, "extraction_results[12]")
    with pytest.raises(UnreadablePatient) as caught:
        patient_record(msgspec.Raw(text))
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ('"patient_id": "x", "patient_id": "x"', "patient_id"),
        ('"patient_id": null, "patient_id": "x"', "patient_id"),
        ('"patient_id": null, "patient_id": null', "patient_id"),
        ('"patient_id": 1, "patient\\u005fid": 1', "patient_id"),
        ('"MARK": 1, "MARK": 2', "[...]"),
        ('"odd": {"MARK": [0, {"MARK": 1, "MARK": 2}]}', "[...][...][1][...]"),
        ('"all_medications": [{}, {"sig": "\\"MARK\\\\", "sig": ""}]', "all_medications[1].sig"),
        ('"all_medications": [{"medication_name": "a", "medication_name": "a"}]', "all_medications[0].medication_name"),
        ('"drug_allergies": ["a", {"reaction": {}, "reaction": []}]', "drug_allergies[1].reaction"),
        ('"all_diagnoses": [], "all_diagnoses": []', "all_diagnoses"),
        ('"extraction_metadata": {"found_at": 1, "found_at": 2}', "extraction_metadata.found_at"),
        ('"demographics_printable": {"prn": "GW1"}', "demographics_printable"),
        ('"a": [[[[[[[{"b": 1, "b": 2}]]]]]]]', "[...][0][0][0][0][0]..."),
    ],
)
def test_a_patient_with_a_repeated_key_is_refused(fields: str, where: str) -> None:
    text = f'{{{fields}, "demographics_printable": {{"prn": "GW1", "age": "MARK"}}}}'
    assert refusal(msgspec.Raw(text.encode())) == ("duplicate_key", where)


@pytest.mark.parametrize(
    "fields",
    [
        '"odd": "\\"odd\\": 1, \\"odd\\": 2"',
        '"odd": {"odd": {"odd": "\\\\"}}, "list": [{"odd": 1}, {"odd": 2}]',
        f'"odd": {2**80}, "more": ":\\u0022\\u005c"',
        '"patient_id": null, "all_medications": [{"sig": null}, {"sig": null}]',
    ],
)
def test_equal_keys_of_different_objects_or_in_texts_are_not_repeated_keys(fields: str) -> None:
    text = f'{{{fields}, "demographics_printable": {{"prn": "GW1"}}}}'
    assert patient_record(msgspec.Raw(text.encode())).prn == "GW1"


# Limits of size


@pytest.mark.parametrize("key", [key for which in NAMED_LISTS for key in (which.key, which.split_lists[0][0])])
@pytest.mark.parametrize("item", ["Aspirin", {"name": "Aspirin", "type": None}, {"medication_name": "Aspirin"}])
def test_a_list_longer_than_the_limit_is_refused(key: str, item: object) -> None:
    patient = a_patient("GW1", **{key: [item] * (MOST_ITEMS + 1)})
    assert refusal(raw(patient)) == refusal(patient) == ("too_many_items", f"{key}: more than 10,000")


@pytest.mark.parametrize("which", NAMED_LISTS, ids=lambda which: which.name)
def test_a_list_may_have_as_many_items_as_the_limit(which: ClinicalList) -> None:
    record = read(a_patient("GW1", **{which.key: ["Aspirin"] * MOST_ITEMS}))
    assert len(record.lists[which.name]) == MOST_ITEMS


def test_a_patient_larger_than_the_limit_is_refused_by_its_place() -> None:
    rest = len(json.dumps(a_patient("GW1", note="")))
    largest, larger = (raw(a_patient("GW1", note="x" * (LARGEST_PATIENT - rest + more))) for more in (0, 1))
    assert patient_record(largest, 12).prn == "GW1"
    assert refusal(larger, 12) == ("too_large", "extraction_results[12]: more than 4 MiB")


def test_numbers_of_any_size_are_kept() -> None:
    record = read(a_patient("GW1", medications=[{"medication_name": 2**80, "sig": 0.5, "dose": 10**300}]))
    [row] = record.lists["medications"]
    assert (row["medication_name"], row["sig"], row["extra"]) == (str(2**80), "0.5", {"dose": 10**300})


# Laws over any JSON

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5).map("MARK{}".format)
JSON = st.recursive(
    PLAIN | TEXTS | st.sampled_from(["", " "]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OTHER_KEYS = ("row_index", "extracted_at", "medication_strength", "unknown")
ITEM_KEYS = sorted(
    {
        key
        for each in NAMED_LISTS
        for keys in (each.text_keys, each.type_keys, each.prose_fields, each.short_fields, each.date_fields, OTHER_KEYS)
        for key in keys
    }
)
LIST_KEYS = [*(key for which in NAMED_LISTS for key in which.list_keys), "lab_results", "unknown_list"]
DEMOGRAPHIC_KEYS = ["prn", "patient_name", "date_of_birth", "age", "gender", "first_name", "last_name", "phone"]
DEMOGRAPHIC_KEYS += ["email", "address"]
PATIENT_KEYS = ["patient_id", "patient_name", "filter_medication_name", "filter_last_seen", "summary_page_url"]
PATIENT_KEYS += ["extraction_metadata", "unknown"]
ITEMS = st.lists(TEXTS | st.dictionaries(st.sampled_from(ITEM_KEYS), JSON, max_size=5) | st.none(), max_size=3)
LIKE_A_PATIENT = st.builds(
    lambda printed, lists, rest: {**rest, **lists, "demographics_printable": printed},
    st.dictionaries(st.sampled_from(DEMOGRAPHIC_KEYS), JSON, max_size=6) | JSON,
    st.dictionaries(st.sampled_from(LIST_KEYS), ITEMS | JSON, max_size=4),
    st.dictionaries(st.sampled_from(PATIENT_KEYS), JSON, max_size=4),
)


@given(LIKE_A_PATIENT | st.dictionaries(TEXTS, JSON))
def test_any_json_is_a_patient_or_refused_without_a_value(patient: dict[str, Any]) -> None:
    try:
        record = patient_record(raw(patient))
    except UnreadablePatient as error:
        refused = str(error)
    else:
        refused = ""
        assert len(record.checksum) == 64
        json.dumps(_whole(record), default=str)
    assert "MARK" not in refused


@given(
    st.dictionaries(st.sampled_from(DEMOGRAPHIC_KEYS[3:4] + DEMOGRAPHIC_KEYS[5:] + ["unknown"]), JSON, max_size=5),
    st.dictionaries(
        st.sampled_from(LIST_KEYS),
        st.lists(TEXTS | st.dictionaries(st.sampled_from(ITEM_KEYS), JSON, max_size=5), max_size=3),
        max_size=4,
    ),
    st.dictionaries(st.sampled_from(PATIENT_KEYS[2:] + PATIENT_KEYS[:1]), JSON, max_size=5),
)
def test_nothing_that_was_read_is_lost(printed: dict[str, Any], lists: dict[str, Any], rest: dict[str, Any]) -> None:
    patient = _numbered({**rest, **lists, "demographics_printable": printed})
    patient["demographics_printable"]["prn"] = "GW1"
    try:
        record = read(patient, 0, DateOrder.MDY)
    except UnreadablePatient:
        # The patient is set aside, which keeps all of it.
        assume(False)  # its only parameter
    kept = json.dumps(_whole(record), default=str)
    assert set(re.findall(r"<\d+>", json.dumps(patient))) - set(re.findall(r"<\d+>", kept)) == set()


def _numbered(value: Any, count: list[int] | None = None) -> Any:
    """The same value with a different number in each text, so that each text can be found."""
    count = [0] if count is None else count
    if isinstance(value, dict):
        return {key: _numbered(part, count) for key, part in value.items()}
    if isinstance(value, list):
        return [_numbered(part, count) for part in value]
    if isinstance(value, str) and value.strip():
        count[0] += 1
        return f"{value}<{count[0]}>"
    return value


def _whole(record: PatientRecord) -> list[Any]:
    lists = {name: list(rows) for name, rows in record.lists.items()}
    return [record.prn, record.demographics.values(), record.sweep, lists, record.extra]


# Complete or not


@pytest.mark.parametrize(
    ("fields", "failed"),
    [
        ({}, None),
        ({"extraction_status": None, "extraction_error": None, "error": None}, None),
        *(({"extraction_status": word}, None) for word in ("complete", "Completed", " SUCCESS ", "ok")),
        *(({"extraction_status": word}, "extraction_status") for word in ("failed", "", "partial", True, 200, ["ok"])),
        *(({"extraction_error": nothing, "error": nothing}, None) for nothing in ("", " ", [], {}, False, 0)),
        ({"extraction_error": "timeout"}, "extraction_error"),
        ({"extraction_status": "completed", "error": {"code": 1}}, "error"),
        ({"error": "x" * 1_000}, "error"),
    ],
)
def test_an_extraction_reports_whether_it_failed(fields: dict[str, Any], failed: str | None) -> None:
    draft = read_patient(raw(a_patient("GW1", **fields)), 0, DateOrder.MDY)
    assert draft.failed == failed
    # The fields stay in extra, as in rows of older versions.
    assert draft.extra == ({name: value for name, value in fields.items() if value is not None} or None)


def test_a_patient_that_cannot_be_read_may_report_a_failed_extraction() -> None:
    with pytest.raises(UnreadablePatient) as caught:
        read_patient(msgspec.Raw(b'{"extraction_error": "timeout"}'), 0, DateOrder.MDY)
    assert (caught.value.reason, caught.value.failed) == ("no_demographics", "extraction_error")


# The session


def test_a_session() -> None:
    job = {"job_id": 1000, "patient_identifier": None, "target_url": "https://portal.example/"}
    job |= {"results_filename": "f.json", "provider_directory": "gary_wang"}
    record = session(**job, at="2024-02-04T09:00:00")
    assert record.extracted_at == datetime(2024, 2, 4, 15, tzinfo=UTC)
    assert record.values == job | {
        "job_name": "a job",
        "extraction_mode": "ALL_PATIENTS",
        "provider_name": "Gary Wang",
        "portal_name": "Practice Fusion",
        "target_medication": "Lisinopril",
        "start_date": date(2020, 1, 1),
        "end_date": date(2024, 12, 31),
        "extra": None,
    }


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2024-07-04T09:00:00", datetime(2024, 7, 4, 14, tzinfo=UTC)),
        ("2024-07-04T09:00:00Z", datetime(2024, 7, 4, 9, tzinfo=UTC)),
        ("2024-07-04T09:00:00.25+02:00", datetime(2024, 7, 4, 7, 0, 0, 250_000, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
        (1720080000, None),
    ],
)
def test_the_time_of_an_extraction(stamp: Any, expected: datetime | None) -> None:
    record = session(at=stamp)
    assert record.extracted_at == expected
    kept = (record.values["extra"] or {}).get("extracted_at")
    assert kept == (stamp if expected is None else None)


def test_metadata_that_no_column_can_hold_are_kept() -> None:
    kept = {"job_id": "1000", "job_name": LONG, "clinic": {"code": 7}, "portal_name": ["x"]}
    values = session(**kept, start="N/A", end="2024").values
    assert values["extra"] == kept | {"start_date": "N/A", "end_date": "2024"}
    assert (values["job_id"], values["start_date"]) == (None, None)


@pytest.mark.parametrize("job_id", [True, 1.5, 2**63, -(2**63)])
def test_a_job_id_that_is_not_a_64_bit_number_is_kept_in_extra(job_id: object) -> None:
    values = session(job_id=job_id).values
    assert (values["job_id"], values["extra"]) == (None, {"job_id": job_id})


CRITERIA: list[tuple[dict[str, Any], bool]] = [
    ({"medication": " LISINOPRIL\n"}, True),
    *(({"medication": other}, False) for other in ("Metformin", "all", None)),
    *(({"start": same}, True) for same in ("1/1/2020", "2020-01-01T08:00:00")),
    *(({"start": other}, False) for other in ("2020-01-02", None, "N/A")),
    ({"end": "12/31/2024"}, True),
    ({"end": "2025-12-31"}, False),
    ({"start": "2024-12-31", "end": "2020-01-01"}, False),
    ({"at": "2030-01-01T00:00:00", "job_id": 2, "portal_name": "Other", "extraction_mode": "SINGLE_PATIENT"}, True),
]


@pytest.mark.parametrize(("metadata", "same"), CRITERIA, ids=[str(metadata) for metadata, _ in CRITERIA])
def test_the_criteria_are_medication_start_and_end(metadata: dict[str, Any], same: bool) -> None:
    assert (session(**metadata).criteria_key == session().criteria_key) == same


def test_absent_criteria_are_equal_to_absent_ones() -> None:
    keys = {
        session_record(metadata, DateOrder.MDY, UTC).criteria_key
        for metadata in (
            {},
            {"medication": None, "start_date": None, "end_date": None},
            {"medication": "", "start_date": " ", "end_date": ""},
        )
    }
    assert len(keys) == 1


def test_criteria_that_no_column_can_hold_still_distinguish_sweeps() -> None:
    assert session(medication=LONG).criteria_key != session(medication=LONG + "y").criteria_key
    assert session(start="soon").criteria_key != session(start="later").criteria_key


METADATA = st.dictionaries(
    st.sampled_from(["medication", "start_date", "end_date", "extracted_at", "job_id", "provider_name", "more"]), JSON
)


@given(METADATA)
def test_a_sessions_columns_give_its_key_again(metadata: dict[str, Any]) -> None:
    record = session_record(metadata, DateOrder.MDY, CHICAGO)
    kept = record.values | {"extra": json.loads(sorted_json(record.values["extra"]))}
    assert is_key_of(record.criteria_key, kept)
    if not any(isinstance(metadata.get(name), dict | list) for name in ("start_date", "end_date")):
        assert not is_key_of(record.criteria_key, kept | {"target_medication": "another than any"})


@given(METADATA)
def test_any_metadata_are_a_session(metadata: dict[str, Any]) -> None:
    marked = _numbered(metadata)
    record = session_record(marked, DateOrder.MDY, CHICAGO)
    kept = json.dumps([record.values, str(record.extracted_at)], default=str)
    assert set(re.findall(r"<\d+>", json.dumps(marked))) <= set(re.findall(r"<\d+>", kept))
