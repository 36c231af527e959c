"""Whole files that are held because they have far more empty lists, or far fewer patients, than is usual."""

from typing import Any

import pytest
from builders import Clinic, NewClinic, a_file, a_patient

from webautodash.services.ingest import FileOutcome
from webautodash.services.ingest.file_states import accept_file


def sweep(day: int, patients: int, empty: int = 0, **metadata: Any) -> dict[str, Any]:
    """A file of patients who all have medications, except the first ``empty``."""
    people = [a_patient(f"P{n}", medications=[] if n < empty else ["Xanax"]) for n in range(patients)]
    return a_file(*people, at=f"2024-02-{day:02}T09:00:00", **metadata)


def learn(clinic: Clinic, patients: int = 60, **metadata: Any) -> None:
    for day in (1, 2, 3):
        assert clinic.ingest(sweep(day, patients, **metadata)).state == "ingested"


def held(outcome: FileOutcome) -> tuple[str, str | None]:
    return outcome.state, outcome.kind


def test_a_file_with_far_more_empty_lists_is_held_before_a_row_is_written_and_accepted(clinic: Clinic) -> None:
    learn(clinic)
    before = {
        table: clinic.count(table) for table in ("extraction_sessions", "patient_extractions", "set_aside_patients")
    }
    outcome = clinic.ingest(sweep(4, 60, empty=24), name="a.json")
    assert held(outcome) == ("held", "suspicious")
    assert outcome.reason == "medications: empty for 40% of the patients, usually for 0%"
    assert {table: clinic.count(table) for table in before} == before
    assert [row["kind"] for row in clinic.system_rows("alerts")] == ["held"]
    accepted = accept_file(clinic.store, outcome.path, by="Ann", why="the clinic has stopped prescribing")
    # The patients who lost all items still wait for a person each.
    assert (accepted.state, accepted.set_aside) == ("partial", 24)
    assert [row["kind"] for row in clinic.rows("session_decisions")] == ["suspicious"]


def test_a_few_more_empty_lists_are_stored(clinic: Clinic) -> None:
    learn(clinic)
    assert clinic.ingest(sweep(4, 60, empty=23)).kind != "suspicious"


def test_a_file_with_far_fewer_patients_is_held(clinic: Clinic) -> None:
    learn(clinic, 90)
    outcome = clinic.ingest(sweep(4, 29))
    assert (held(outcome), outcome.reason) == (("held", "suspicious"), "29 patients, usually 90")
    assert clinic.ingest(sweep(5, 30)).state == "ingested"


def test_few_patients_are_never_held(clinic: Clinic) -> None:
    learn(clinic, 90)
    assert clinic.ingest(sweep(4, 19, empty=19)).kind != "suspicious"


@pytest.mark.parametrize("other", [{"portal_name": "Epic MyChart"}, {"extraction_mode": "OTHER"}])
def test_only_files_of_the_same_portal_and_mode_tell_what_is_usual(clinic: Clinic, other: dict[str, str]) -> None:
    learn(clinic, 90)
    assert clinic.ingest(sweep(4, 25, **other)).state == "ingested"


def test_the_check_is_off_by_setting_and_what_is_usual_is_still_learned(open_clinic: NewClinic) -> None:
    clinic = open_clinic(suspicious="off")
    learn(clinic, 90)
    assert clinic.ingest(sweep(4, 25)).state == "ingested"
    assert [row["list_counts"] is not None for row in clinic.rows("extraction_sessions")] == [True] * 4


def test_a_file_that_is_stored_already_is_not_held(clinic: Clinic) -> None:
    early = sweep(1, 25)
    assert clinic.ingest(early).state == "ingested"
    learn(clinic, 90)
    assert clinic.ingest(early, name="again.json").state == "already_ingested"
