"""Reading patients and set-aside patients."""

import dataclasses
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from builders import CLINICAL_TABLES, Clinic, a_file, a_patient

from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.errors import NotFound, UsageError
from webautodash.repositories import patient_search
from webautodash.repositories.patient_search import PatientFilter
from webautodash.services.review import patients, set_aside


def _found(clinic: Clinic, **wanted: Any) -> list[str]:
    return [one.prn for one in patients.search(clinic.store, "gary_wang", PatientFilter(**wanted)).items]


def test_a_name_is_found_by_its_beginning_first_or_last_name_first(clinic: Clinic) -> None:
    names = {"P1": "Ann SMITH", "P2": "Bo Smithers", "P3": "Smith, Ann", "P4": "Zoe O'Neil-Smith", "P5": "Cy Jones"}
    clinic.ingest(a_file(*(a_patient(prn, name=name) for prn, name in names.items())))
    expected = {
        "smith": ["P1", "P2", "P3"],
        "SMITH,  a": ["P1", "P3"],
        "ann smith": ["P1", "P3"],
        "zoe oneil": ["P4"],
        "bo": ["P2"],
        "mith": [],
        "smith_": ["P1", "P2", "P3"],
    }
    for text, prns in expected.items():
        assert _found(clinic, name=text) == prns, text


def test_case_and_accents_do_not_count_in_a_name(clinic: Clinic) -> None:
    names = {"P1": "José Émile", "P2": "JOSÉ", "P3": "Jose", "P4": "Ørsted ЖУКОВ"}
    clinic.ingest(a_file(*(a_patient(prn, name=name) for prn, name in names.items())))
    expected = {"jose": ["P1", "P2", "P3"], "josé": ["P1", "P2", "P3"], "ÉMILE": ["P1"], "emile": ["P1"]}
    expected |= {"ørsted жуков": ["P4"], "Ж": ["P4"], "orsted": []}
    for text, prns in expected.items():
        assert _found(clinic, name=text) == prns, text


def test_a_corrected_name_is_found_and_the_former_one_is_not(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("P1", name="Ann Smith")))
    clinic.ingest(a_file(a_patient("P1", name="Ann Jones"), at="2024-05-01T00:00:00"))
    assert (_found(clinic, name="jones"), _found(clinic, name="smith")) == (["P1"], [])


def test_a_medication_counts_while_the_newest_complete_extraction_lists_it(clinic: Clinic) -> None:
    clinic.ingest(
        a_file(
            a_patient("P1", medications=["Aspirin 81 mg", "Xanax 1 mg"]),
            a_patient("P2", medications=["ASPIRIN 325 mg"]),
            a_patient("P3", medications=["Baby aspirin", "100% Aloe_gel", "Élixir"]),
            at="2024-01-01T00:00:00",
        )
    )
    # P1 is unchanged, P2 no longer takes it.
    again = (a_patient("P1", medications=["Xanax 1 mg", "Aspirin 81 mg"]), a_patient("P2", medications=["Xanax 1 mg"]))
    clinic.ingest(a_file(*again, at="2024-02-01T00:00:00"))
    expected = {"aspirin": ["P1"], "ASP": ["P1"], "aspirin  81": ["P1"], "xanax": ["P1", "P2"], "baby": ["P3"]}
    expected |= {"100%": ["P3"], "1%": [], "100% aloe_": ["P3"], "100% aloe g": [], "élix": ["P3"], "elix": []}
    for text, prns in expected.items():
        assert _found(clinic, medication=text) == prns, text


def test_a_diagnosis_is_found_by_any_of_its_codes_and_their_beginnings(clinic: Clinic) -> None:
    clinic.ingest(
        a_file(
            a_patient("P1", diagnoses=["Gout (M10.079)"]),
            a_patient("P2", diagnoses=["Diabetes with hypertension (ICD-10: E11.9, I10)"]),
            a_patient("P3", diagnoses=["Hypertension (I10)", "No code"]),
        )
    )
    expected = {"M10": ["P1"], "m10.079": ["P1"], "I10": ["P2", "P3"], "i": ["P2", "P3"], "E11": ["P2"], "10": []}
    for text, prns in expected.items():
        assert _found(clinic, diagnosis=text) == prns, text


def test_conditions_are_combined_and_paged(clinic: Clinic) -> None:
    same = {"name": "Ann Smith", "born": "03/10/1966", "medications": ["Aspirin 81 mg"], "diagnoses": ["Gout (M10.9)"]}
    clinic.ingest(a_file(*(a_patient(f"P{number}", **same) for number in range(5))))
    other = [("name", "Bo Lee"), ("born", "03/11/1966"), ("medications", []), ("diagnoses", [])]
    clinic.ingest(
        a_file(
            *(a_patient(f"Q{number}", **same | {field: value}) for number, (field, value) in enumerate(other)),
            medication="other",
        )
    )
    clinic.ingest(a_file(a_patient("R0", **same), at="2020-01-01T00:00:00", medication="third"))
    wanted = PatientFilter(
        name="smith",
        born=date(1966, 3, 10),
        medication="aspirin",
        diagnosis="M10",
        seen_since=datetime(2021, 1, 1, tzinfo=UTC),
    )
    first = patients.search(clinic.store, "gary_wang", wanted, limit=3)
    rest = patients.search(clinic.store, "gary_wang", wanted, limit=3, after=str(first.next))
    assert [[one.prn for one in page.items] for page in (first, rest)] == [["P0", "P1", "P2"], ["P3", "P4"]]
    assert rest.next is None
    assert _found(clinic, born=date(1966, 3, 11)) == ["Q1"]
    assert _found(clinic, seen_since=datetime(2020, 1, 2, tzinfo=UTC))[-1] == "Q3"


def test_many_candidates_are_found_in_order(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_search, "_MOST_CANDIDATES", 2)
    same = {"name": "Ann Smith", "medications": ["Aspirin 81 mg"], "diagnoses": ["Gout (M10.9)"]}
    clinic.ingest(a_file(*(a_patient(f"P{number}", **same) for number in (3, 1, 2)), a_patient("P0", name="Bo Lee")))
    for wanted in ({"name": "ann"}, {"medication": "asp"}, {"diagnosis": "M10"}, {"name": "ann", "diagnosis": "M"}):
        assert _found(clinic, **wanted) == ["P1", "P2", "P3"], wanted
    assert len(_found(clinic, seen_since=datetime(2000, 1, 1, tzinfo=UTC))) == 4


@pytest.mark.parametrize("field", ["name", "medication", "diagnosis"])
def test_a_text_without_a_letter_or_digit_is_refused(clinic: Clinic, field: str) -> None:
    clinic.ingest(a_file(a_patient("P1")))
    for text in ("", " ", "%", "'"):
        with pytest.raises(UsageError):
            _found(clinic, **{field: text})


def test_pages_are_stable_while_patients_arrive(clinic: Clinic) -> None:
    clinic.ingest(a_file(*(a_patient(f"P{number}") for number in range(10, 20))))
    first = patients.search(clinic.store, "gary_wang", limit=4)
    clinic.ingest(a_file(a_patient("P00"), a_patient("P145"), medication="other"))
    second = patients.search(clinic.store, "gary_wang", limit=4, after=str(first.next))
    assert [one.prn for one in first.items] == ["P10", "P11", "P12", "P13"]
    assert [one.prn for one in second.items] == ["P14", "P145", "P15", "P16"]


def test_show_has_the_master_row_and_the_newest_lists_in_the_portals_order(clinic: Clinic) -> None:
    listed = [{"medication_name": name, "row_index": index} for index, name in ((1, "Second 1 mg"), (0, "First 2 mg"))]
    clinic.ingest(a_file(a_patient("P1", medications=["Old 5 mg"], diagnoses=["Gout (M10.079)"])))
    clinic.ingest(a_file(a_patient("P1", name="New Name", medications=listed), at="2024-05-01T00:00:00"))
    chart = patients.show(clinic.store, "gary_wang", " P1 ")
    assert chart.patient.patient_name == "New Name"
    assert [row["medication_name"] for row in chart.lists["medications"]] == ["First 2 mg", "Second 1 mg"]
    assert [row["medication_strength"] for row in chart.lists["medications"]] == ["2 mg", "1 mg"]
    assert chart.lists["diagnoses"] == []
    assert chart.extraction is not None
    assert chart.extraction.rows == dict.fromkeys(CLINICAL_TABLES, 0) | {"medications": 2}


def test_a_duplicate_shows_the_rows_that_it_repeats(clinic: Clinic) -> None:
    for at in ("2024-02-04T09:00:00", "2024-03-04T09:00:00"):
        clinic.ingest(a_file(a_patient("P1", medications=["Aspirin 81 mg"]), at=at))
    chart = patients.show(clinic.store, "gary_wang", "P1")
    assert chart.extraction is not None
    assert chart.extraction.status is ProcessingStatus.DUPLICATE
    assert [row["medication_name"] for row in chart.lists["medications"]] == ["Aspirin 81 mg"]


def test_history_is_every_extraction_newest_first_with_criteria_and_conflicts(clinic: Clinic) -> None:
    for month, drug in ((2, "A 1 mg"), (3, "B 1 mg"), (4, "B 1 mg")):
        clinic.ingest(a_file(a_patient("P1", medications=[drug]), at=f"2024-0{month}-01T00:00:00"))
    clinic.ingest(a_file(a_patient("P1", medications=["B 1 mg"]), at="2024-01-01T00:00:00", medication="Aspirin"))
    found = patients.history(clinic.store, "gary_wang", "P1")
    assert [(one.target_medication, one.status, len(one.conflicts)) for one in found.extractions] == [
        ("Lisinopril", ProcessingStatus.DUPLICATE, 1),
        ("Lisinopril", ProcessingStatus.CONFLICT, 1),
        ("Lisinopril", ProcessingStatus.PROCESSED, 0),
        ("Aspirin", ProcessingStatus.PROCESSED, 0),
    ]
    assert found.extractions[0].duplicate_of == found.extractions[1].id
    assert {one.rows["medications"] for one in found.extractions} == {1}


def test_an_unknown_prn_is_an_error_that_does_not_repeat_it(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("P1")))
    for read in (patients.show, patients.history):
        with pytest.raises(NotFound) as caught:
            read(clinic.store, "gary_wang", "SECRET-77")
        assert "SECRET-77" not in str(caught.value)


def test_patients_set_aside_are_listed_and_shown_as_they_came(clinic: Clinic) -> None:
    nameless = a_patient(None, name="No Number")
    clinic.ingest(a_file(a_patient("P1"), nameless, a_patient("P2") | {"all_medications": "none"}))
    found = set_aside.search(clinic.store, "gary_wang")
    waiting = [(one.position, one.reason, one.taken_in_at) for one in found.items]
    assert waiting == [(1, "no_prn", None), (2, "not_a_list", None)]
    shown = set_aside.show(clinic.store, "gary_wang", found.items[0].id)
    assert json.loads(shown.raw_json) == nameless
    assert dataclasses.replace(shown.entry) == found.items[0]
    assert shown.entry.path == "gary_wang/file_001.json"
    assert set_aside.search(clinic.store, limit=1).more
    with pytest.raises(NotFound):
        set_aside.show(clinic.store, "gary_wang", 999_999)
    with pytest.raises(UsageError):
        set_aside.search(clinic.store, after=1)
