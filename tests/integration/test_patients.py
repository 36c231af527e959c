"""Reading patients and set-aside patients."""

import dataclasses
import json

import pytest
from builders import CLINICAL_TABLES, Clinic, a_file, a_patient

from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.errors import NotFound, UsageError
from webautodash.services.review import patients, set_aside


def test_search_by_name_returns_all_matches_in_any_case(clinic: Clinic) -> None:
    names = {"P1": "Ann SMITH", "P2": "Bo Smithers", "P3": "Cy Jones", "P4": "Zoe 50% Off", "P5": "Under_score"}
    clinic.ingest(a_file(*(a_patient(prn, name=name) for prn, name in names.items())))

    def found(text: str) -> list[str]:
        return [one.prn for one in patients.search(clinic.store, "gary_wang", text).items]

    assert found("smith") == found("SMITH") == ["P1", "P2"]
    assert found("%") == ["P4"]
    assert found("_") == ["P5"]
    assert found("unknown") == []


def test_accents_count_in_a_name_and_case_does_not(clinic: Clinic) -> None:
    names = {"P1": "José Émile", "P2": "JOSÉ", "P3": "Jose", "P4": "Ørsted ЖУКОВ"}
    clinic.ingest(a_file(*(a_patient(prn, name=name) for prn, name in names.items())))
    expected = {"jose": ["P3"], "josé": ["P1", "P2"], "émile": ["P1"], "ÉMILE": ["P1"], "emile": []}
    expected |= {"ørsted жуков": ["P4"], "Ж": ["P4"]}
    for text, prns in expected.items():
        assert [one.prn for one in patients.search(clinic.store, "gary_wang", text).items] == prns, text


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
