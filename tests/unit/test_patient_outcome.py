"""The outcome of one patient of a file: known, extracted before, or new."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from builders import a_patient
from generated_patients import PATIENTS, read
from hypothesis import given, strategies as st

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.document.read_document import Document
from webautodash.domain.extraction.patient.demographics import Demographics
from webautodash.domain.extraction.patient.patient_record import PatientRecord
from webautodash.domain.patient_outcome import (
    CurrentPatient,
    Decision,
    NewExtraction,
    PatientOutcome,
    PatientValues,
    PreviousExtraction,
    decide,
)
from webautodash.domain.vocabulary import ConflictType, ProcessingStatus
from webautodash.repositories.set_aside import SetAside
from webautodash.services.ingest import Planned, plan
from webautodash.services.ingest.plan import RepeatedPlace

NOW = datetime(2024, 2, 4, 9, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(days=1), NOW + timedelta(days=1)
THIS, MASTER, LATEST = 30, 10, 20
"""The session at hand, the one the master row is from, the one with the latest extraction."""

BASE: dict[str, Any] = {"medications": ["Aspirin"], "allergies": ["Latex"]}


def a_record(**fields: Any) -> PatientRecord:
    return read(a_patient("GW1", **{**BASE, **fields}))


def known(record: PatientRecord, as_of: datetime | None = NOW) -> CurrentPatient:
    return CurrentPatient(record.demographics, as_of, MASTER)


def previous(record: PatientRecord) -> PreviousExtraction:
    return PreviousExtraction(record.checksum, record.demographics, LATEST, record.lists)


def recorded(decision: Decision) -> list[tuple[str, str, str, int]]:
    return [
        (difference.conflict_type.value, difference.field_name, difference.severity.value, old)
        for difference, old, _ in decision.differences
    ]


SAME = ("extraction_duplicate", "data_checksum", "low", LATEST)
DIAGNOSES = ("data_changed", "diagnoses", "low", LATEST)
MEDICATIONS = ("medication_conflict", "medications", "medium", LATEST)
FEWER_ALLERGIES = ("data_changed", "allergies", "high", LATEST)
MORE_ALLERGIES = ("data_changed", "allergies", "medium", LATEST)
CONCERNS = ("data_changed", "health_concerns", "low", LATEST)
EVERY_LIST = {"medications": ["Xanax"], "allergies": [], "health_concerns": ["Smoker"], "diagnoses": ["Gout"]}
MISMATCH = ("demographic_mismatch", "gender", "high", MASTER)
BORN = ("demographic_mismatch", "date_of_birth", "critical", MASTER)


@pytest.mark.parametrize(
    ("new", "is_known", "seen", "outcome", "status", "expected"),
    [
        ({}, False, False, "stored", "processed", []),
        ({}, True, False, "stored", "processed", []),
        ({}, True, True, "duplicate", "duplicate", [SAME]),
        ({"age": "99 yrs", "uuid": "other", "name": "TEST  person"}, True, True, "duplicate", "duplicate", [SAME]),
        ({"diagnoses": ["Gout"]}, True, False, "stored", "processed", []),
        ({"diagnoses": ["Gout"]}, True, True, "changed", "conflict", [DIAGNOSES]),
        ({"gender": "Male"}, True, False, "stored", "conflict", [MISMATCH]),
        ({"gender": "Male"}, True, True, "changed", "conflict", [MISMATCH]),
        ({"gender": "Male", "diagnoses": ["Gout"]}, True, True, "changed", "conflict", [MISMATCH, DIAGNOSES]),
        ({"gender": "Male", "born": "1/1/2000"}, True, False, "stored", "conflict", [BORN, MISMATCH]),
        ({"gender": None}, True, False, "stored", "processed", []),
        ({"gender": None}, True, True, "changed", "conflict", [("demographic_mismatch", "gender", "low", LATEST)]),
        (EVERY_LIST, True, True, "changed", "conflict", [MEDICATIONS, DIAGNOSES, FEWER_ALLERGIES, CONCERNS]),
        ({"allergies": ["Latex", "Nuts"]}, True, True, "changed", "conflict", [MORE_ALLERGIES]),
    ],
)
def test_outcome_and_differences(
    new: dict[str, Any], is_known: bool, seen: bool, outcome: str, status: str, expected: list[Any]
) -> None:
    before, now = a_record(), NewExtraction(a_record(**new), NOW, THIS)
    decision = decide(now, known(before) if is_known else None, previous(before) if seen else None)
    assert (decision.outcome, decision.status) == (outcome, status)
    assert recorded(decision) == expected
    assert decision.conflicts == len([entry for entry in expected if entry != SAME])


def test_a_repeat_of_other_demographics_than_the_master_row_is_a_duplicate_with_a_mismatch() -> None:
    # Other criteria had another gender in between; these criteria have the same values as before.
    male, female = a_record(gender="Male"), a_record()
    decision = decide(NewExtraction(female, LATER, THIS), known(male), previous(female))
    assert (decision.outcome, decision.status) == (PatientOutcome.DUPLICATE, ProcessingStatus.DUPLICATE)
    assert recorded(decision) == [MISMATCH, SAME]
    assert decision.conflicts == 1
    assert decision.master is not None
    assert decision.master.demographics.gender == "Female"


def test_a_duplicate_needs_no_lists_of_the_previous_extraction() -> None:
    record = a_record()
    decision = decide(NewExtraction(record, NOW, THIS), known(record), replace(previous(record), lists=None))
    assert decision.outcome == "duplicate"
    [(repeated, _, _)] = decision.differences
    assert repeated.new_value == json.dumps(record.checksum)


def test_other_places_of_the_prn_are_conflicts_of_this_session_only_where_they_differ() -> None:
    last, same, other = a_record(), a_record(age="1 yr"), a_record(allergies=[])
    decision = decide(NewExtraction(last, NOW, THIS, [same, other, other]), None, None)
    assert decision.outcome is PatientOutcome.STORED
    assert recorded(decision) == [("data_changed", "prn", "medium", THIS)] * 2
    assert decision.conflicts == 2
    assert decision.status is ProcessingStatus.CONFLICT


def test_a_duplicate_that_the_file_contradicts_is_also_a_conflict() -> None:
    last, other = a_record(), a_record(born="7/4/1976")
    decision = decide(NewExtraction(last, NOW, THIS, [other]), known(last), previous(last))
    assert recorded(decision) == [SAME, ("data_changed", "prn", "critical", THIS)]
    assert decision.conflicts == 1


@pytest.mark.parametrize(
    ("as_of", "extracted_at", "takes"),
    [
        (NOW, LATER, True),
        (NOW, NOW, True),
        (NOW, EARLIER, False),
        (NOW, None, False),
        (None, None, True),
        (None, EARLIER, True),
    ],
)
def test_the_master_row_takes_the_values_of_the_latest_extraction(
    as_of: datetime | None, extracted_at: datetime | None, takes: bool
) -> None:
    old, new = a_record(name="Old Name"), a_record(name="New Name")
    decision = decide(NewExtraction(new, extracted_at, THIS), known(old, as_of), None)
    assert decision.master == (PatientValues(new.demographics, None) if takes else None)
    # Where the file comes late the later state is the new side.
    [(difference, *sessions)] = decision.differences
    values = [json.loads(value or "") for value in (difference.old_value, difference.new_value)]
    assert (difference.field_name, sessions) == ("patient_name", [MASTER, THIS] if takes else [THIS, MASTER])
    assert values == (["Old Name", "New Name"] if takes else ["New Name", "Old Name"])


def test_a_new_patient_has_no_master_row_to_change() -> None:
    assert decide(NewExtraction(a_record(), NOW, THIS), None, None).master is None


def test_the_master_row_keeps_values_that_are_missing_this_time() -> None:
    old = a_record(demographics={"phone": "555-0100", "first_name": "Test", "email": "old@example.org"})
    new = a_record(gender=None, born=None, age="36 yrs", uuid="new", demographics={"email": "new@example.org"})
    master = decide(NewExtraction(new, LATER, THIS), known(old), None).master
    assert master is not None
    assert master.demographics == old.demographics._replace(age="36 yrs", patient_uuid="new", email="new@example.org")


def test_an_unreadable_birth_date_replaces_a_readable_one() -> None:
    master = decide(NewExtraction(a_record(born="circa 1990"), LATER, THIS), known(a_record()), None).master
    assert master is not None
    assert (master.demographics.date_of_birth, master.demographics.date_of_birth_text) == (None, "circa 1990")
    current = CurrentPatient(master.demographics, NOW, MASTER)
    again = decide(NewExtraction(a_record(), LATER, THIS), current, None).master
    assert again is not None
    read_again = (again.demographics.date_of_birth, again.demographics.date_of_birth_text)
    assert read_again == (date(1988, 2, 19), "02/19/1988")


@given(PATIENTS, PATIENTS, st.booleans())
def test_the_outcome_follows_the_checksum_and_a_change_has_differences(
    one: dict[str, Any], two: dict[str, Any], other_master: bool
) -> None:
    before, now = read(one), read(two)
    master = CurrentPatient(Demographics() if other_master else before.demographics, NOW, MASTER)
    decision = decide(NewExtraction(now, LATER, THIS), master, previous(before))
    repeated = [d for d, _, _ in decision.differences if d.conflict_type is ConflictType.EXTRACTION_DUPLICATE]
    if before.checksum == now.checksum:
        assert (decision.outcome, len(repeated)) == (PatientOutcome.DUPLICATE, 1)
    else:
        assert (decision.outcome, len(repeated)) == (PatientOutcome.CHANGED, 0)
        assert decision.conflicts > 0 or other_master


@given(PATIENTS)
def test_the_same_patient_again_is_never_a_conflict(patient: dict[str, Any]) -> None:
    record = read(patient)
    decision = decide(NewExtraction(record, LATER, THIS, [record]), known(record), previous(record))
    assert (decision.outcome, decision.conflicts) == (PatientOutcome.DUPLICATE, 0)
    assert decision.master == PatientValues(record.demographics, None)


# Which patients of a file are decided


def planned(*raw: str) -> list[Any]:
    patients = [msgspec.Raw(text.encode()) for text in raw]
    document = Document(Path("f.json"), "0" * 64, 0, {}, patients)
    return [
        (entry.position, entry.reason)
        if isinstance(entry, SetAside)
        else (entry.record.position, [repeat.position for repeat in entry.repeats])
        for batch in plan.planned(document, DateOrder.MDY)
        for entry in batch
    ]


def raw(prn: object, **fields: Any) -> str:
    return json.dumps(a_patient(prn, **fields))


def test_only_the_last_readable_place_of_a_prn_is_decided() -> None:
    assert planned(raw("A"), raw("B"), raw(" A "), raw("a")) == [(2, [0]), (1, []), (3, [])]
    assert planned(raw(7), raw("7"), raw("07")) == [(1, [0]), (2, [])]
    assert planned(raw(2**70), raw(str(2**70))) == [(1, [0])]
    assert planned(raw("A"), raw("A", all_allergies="none")) == [(1, "not_a_list"), (0, [])]
    assert planned(raw("A", all_allergies=1), raw("A", all_allergies=1)) == [(1, "not_a_list"), (0, "not_a_list")]
    assert planned(raw(None), "7", raw(None)) == [(0, "no_prn"), (1, "malformed"), (2, "no_prn")]


def test_further_places_of_a_prn_follow_the_stored_one_with_their_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_MOST_REPEATS", 1)
    other = raw("A", allergies=["Latex"])
    texts = [other, raw("A"), raw("A", all_allergies=1), other, raw("A", age="1 yr"), raw("A")]
    document = Document(Path("f.json"), "0" * 64, 0, {}, [msgspec.Raw(text.encode()) for text in texts])
    [[stored, *others]] = plan.planned(document, DateOrder.MDY)
    assert isinstance(stored, Planned)
    assert (stored.record.position, stored.repeats_differ) == (5, True)
    assert [repeat.position for repeat in stored.repeats] == [4]
    repeated = [entry for entry in others if isinstance(entry, RepeatedPlace)]
    assert {(entry.prn, entry.stored_position) for entry in repeated} == {("A", 5)}
    same = [(entry.kept.position, entry.difference is None) for entry in repeated]
    assert same == [(3, False), (1, True), (0, False)]
    assert [entry.position for entry in others if isinstance(entry, SetAside)] == [2]
    assert all(entry.kept.raw_json == texts[entry.kept.position] for entry in repeated)


def test_a_patient_that_the_file_contradicts_elsewhere_is_in_conflict() -> None:
    record = a_record()
    decision = decide(NewExtraction(record, NOW, THIS, repeats_differ=True), None, None)
    assert (decision.outcome, decision.status) == (PatientOutcome.STORED, ProcessingStatus.CONFLICT)


@pytest.mark.parametrize(
    "odd",
    [
        '{"demographics\\u005fprintable": {"pr\\u006e": "\\u0041"}}',
        '{"demographics_printable": {"prn": "A", "age": ["odd"], "x": 1}, "patient_id": {"odd": 1}}',
    ],
)
def test_a_repeated_prn_is_recognised_in_any_spelling_of_the_json(odd: str) -> None:
    assert planned(raw("A"), odd) == [(1, [0])]
    assert planned(odd, raw("A")) == [(1, [0])]


@pytest.mark.parametrize(
    "odd",
    [
        '{"demographics_printable": 5, "demographics_printable": {"prn": "A"}}',
        '{"demographics_printable": {"prn": 1.5, "prn": "A"}}',
        '{"demographics_printable": {"prn": "B"}, "demographics_printable": {"prn": "A"}}',
        '{"demographics_printable": {"prn": "A", "pr\\u006e": "A"}}',
    ],
)
def test_a_prn_that_is_twice_in_one_patient_is_not_used(odd: str) -> None:
    assert planned(raw("A"), odd) == [(1, "duplicate_key"), (0, [])]
    assert planned(odd, raw("A")) == [(0, "duplicate_key"), (1, [])]
