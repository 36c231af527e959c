"""Lists without a table of their own, from a file to rows and back, and rows of an earlier version."""

import json
from typing import Any
from zlib import crc32

import pytest
from builders import Clinic, a_file, a_patient
from sqlalchemy import text

from webautodash.repositories.verification import VerificationRepository
from webautodash.services.review import patients
from webautodash.services.statistics import statistics
from webautodash.services.verify import verify

LATER, LAST = "2024-03-04T09:00:00", "2024-04-04T09:00:00"
LAB = {"test_name": "LDL", "value": "5.4", "units": "mg/dl", "date": "01/02/2020", "status": "final"}
ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_other_lists_are_rows_and_a_change_of_them_is_one_conflict(clinic: Clinic) -> None:
    first = clinic.ingest(a_file(a_patient("P1", lab_results=[LAB], medical_notes=["Ä 💊 note"])))
    assert first.rows["other_records"] == 2
    [session] = clinic.rows("extraction_sessions")
    assert session["other_records"] == 2
    chart = patients.show(clinic.store, "gary_wang", "P1")
    shown = [(row["section"], row["label"], row["value"], row["unit"]) for row in chart.lists["other_records"]]
    assert shown == [("lab_results", "LDL", "5.4", "mg/dl"), ("medical_notes", "Ä 💊 note", None, None)]
    assert str(chart.lists["other_records"][0]["date"]) == "2020-01-02"

    again = clinic.ingest(a_file(a_patient("P1", medical_notes=["Ä 💊 note"], lab_results=[LAB]), at=LATER))
    assert (again.duplicates, again.rows["other_records"]) == (1, 0)
    other = clinic.ingest(a_file(a_patient("P1", lab_results=[LAB | {"value": "6.0"}], vitals=[{}]), at=LAST))
    assert (other.changed, other.conflicts) == (1, 1)
    assert clinic.conflicts()[-1] == ("data_changed", "other_records", "low", "unresolved")
    conflict = clinic.rows("data_conflicts")[-1]
    assert [len(json.loads(conflict[name])) for name in ("old_value", "new_value")] == [2, 2]
    assert statistics(clinic.store, "gary_wang").rows["other_records"] == 4
    assert not verify(clinic.store).providers[0].wrong


@ON_SQLITE
def test_a_list_of_unknown_shape_sets_its_patient_aside(clinic: Clinic) -> None:
    outcome = clinic.ingest(a_file(a_patient("P1", lab_results=[[LAB]]), a_patient("P2", allergies=None)))
    assert (outcome.stored, outcome.set_aside) == (1, 1)
    [aside] = clinic.rows("set_aside_patients")
    assert (aside["reason"], aside["detail"]) == ("unknown_list", "lab_results[0]")
    assert json.loads(aside["raw_json"])["lab_results"] == [[LAB]]


# What an earlier version stored of a file with the lists ``now``: rows, the ``extra`` of an item, and the ``extra`` of
# the patient.
Written = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]
BEFORE: dict[str, Written] = {
    "other lists": (
        {"all_medications": ["Aspirin"], "lab_results": [LAB], "odd": [1]},
        {"all_medications": ["Aspirin"]},
        {"lab_results": [LAB], "odd": [1], "empty": []},
    ),
    "bare names": (
        {"medications": ["Aspirin"], "problems": [{"name": "Gout", "icd10": "M10.9"}]},
        {},
        {"medications": ["Aspirin"], "problems": [{"name": "Gout", "icd10": "M10.9"}]},
    ),
    "a bare name beside the list": (
        {"all_diagnoses": ["Gout"], "problems": ["Gout", "Asthma"], "historical_diagnoses": ["Flu"]},
        {"all_diagnoses": ["Gout"]},
        {"problems": ["Gout", "Asthma"], "historical_diagnoses": ["Flu"]},
    ),
    "a split list beside the list": (
        {"all_allergies": ["Latex"], "drug_allergies": [{"allergen": "Zinc"}], "problems": ["Gout"]},
        {"all_allergies": ["Latex"], "problems": ["Gout"]},
        {"drug_allergies": [{"allergen": "Zinc"}]},
    ),
    "a split list, where other lists were records already": (
        {"all_allergies": ["Latex"], "drug_allergies": [{"allergen": "Zinc"}], "lab_results": [LAB]},
        {"all_allergies": ["Latex"], "lab_results": [LAB]},
        {"drug_allergies": [{"allergen": "Zinc"}]},
    ),
    "a list inside an object": (
        {"vitals": {"readings": [{"bp": "1/2"}], "unit": "x"}},
        {},
        {"vitals": {"readings": [{"bp": "1/2"}], "unit": "x"}},
    ),
}


@ON_SQLITE
@pytest.mark.parametrize("written", BEFORE.values(), ids=BEFORE)
def test_rows_of_an_earlier_version_are_the_same_content(clinic: Clinic, written: Written) -> None:
    now, then, extra = written
    clinic.ingest(a_file(a_patient("P1") | then))
    _as_before(clinic, {"patient_extractions": {1: extra}})
    assert not verify(clinic.store).providers[0].wrong

    outcome = clinic.ingest(a_file(a_patient("P1") | now, at=LATER))
    assert (outcome.stored, outcome.changed, outcome.conflicts) == (1, 0, 0)
    assert sum(outcome.rows.values()) > 0
    assert clinic.rows("data_conflicts") == []
    assert clinic.ingest(a_file(a_patient("P1") | now, at=LAST)).duplicates == 1
    assert not verify(clinic.store).providers[0].wrong


@ON_SQLITE
def test_a_change_of_rows_of_an_earlier_version_is_a_conflict(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("P1")))
    _as_before(clinic, {"patient_extractions": {1: {"lab_results": [LAB, {"name": "HDL"}]}}})
    outcome = clinic.ingest(a_file(a_patient("P1", lab_results=[LAB]), at=LATER))
    assert (outcome.changed, outcome.conflicts) == (1, 1)
    [conflict] = clinic.rows("data_conflicts")
    assert json.loads(conflict["old_value"]) == [{"section": "lab_results", "label": "HDL"}]
    assert json.loads(conflict["new_value"]) == []


@ON_SQLITE
def test_an_alias_that_an_earlier_version_did_not_know_is_no_change(clinic: Clinic) -> None:
    item = {"name": "Aspirin 81 MG", "status": "active", "directions": "daily", "end_date": "1/2/2021", "dosage": "x"}
    clinic.ingest(a_file(a_patient("P1", medications=[{"x": "1"}], diagnoses=[{"x": "1"}])))
    code = {"diagnosis": "Gout", "icd10": "M10.9", "diagnosed_date": "1/2/2020"}
    _as_before(clinic, {"medications": {1: item}, "diagnoses": {1: code}}, checksums=False)
    outcome = clinic.ingest(a_file(a_patient("P1", medications=[item], diagnoses=[code]), at=LATER))
    assert (outcome.stored, outcome.conflicts) == (1, 0)
    [old, new] = clinic.rows("diagnoses")
    assert (old["diagnosis_code"], new["diagnosis_code"]) == (None, "M10.9")
    assert [row["medication_name"] for row in clinic.rows("medications")] == [None, "Aspirin 81 MG"]


def _as_before(clinic: Clinic, extras: dict[str, dict[int, Any]], *, checksums: bool = True) -> None:
    """Make rows as a version without other records wrote them: with ``extra``, and with checks of four lists."""
    database = clinic.database()
    with database.engine.begin() as connection:
        for table, rows in extras.items():
            for number, extra in rows.items():
                values = {"extra": json.dumps(extra, ensure_ascii=False, sort_keys=True), "id": number}
                connection.execute(text(f"UPDATE {table} SET extra = :extra WHERE id = :id"), values)
    if not checksums:
        return
    owner = clinic.store.providers()[0]
    with clinic.store.provider_database(owner).database.session() as session:
        [stored] = next(VerificationRepository(session).ranges()).originals
    _, *lists = str(stored.row_checks).split(":")
    assert len(lists) == 6
    kept = ":".join([f"{stored.check:08x}", *(lists[:5] if lists[4] else lists[:4])])
    with database.engine.begin() as connection:
        sealed = {"checks": f"{kept}:{crc32(kept.encode()):08x}"}
        connection.execute(text("UPDATE patient_extractions SET row_checks = :checks WHERE id = 1"), sealed)
