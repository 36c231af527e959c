"""A failed extraction changes nothing about a patient, unless a person accepts it."""

import json
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.client import WebAutoDash
from webautodash.domain.extraction.lists.clinical_lists import ALLERGIES
from webautodash.errors import UsageError
from webautodash.repositories.set_aside import Incomplete
from webautodash.services.ingest import plan
from webautodash.services.registry import resolve_provider
from webautodash.services.review import (
    RetryOutcome,
    SetAsideEntry,
    accept_set_aside,
    conflicts,
    patients,
    retry_set_aside,
    review_stored,
    set_aside,
)
from webautodash.services.verify import verify

LATER, LATEST = "2024-03-04T09:00:00", "2024-04-04T09:00:00"
FAILED = {"extraction_status": "failed", "extraction_error": "timeout on the page of Test Person"}
LISTS: dict[str, Any] = {"medications": ["Aspirin 81 mg"], "allergies": ["Penicillin"]}


def _known(clinic: Clinic) -> dict[str, Any]:
    """All rows of patients, and their charts."""
    tables = ("patients", "patient_extractions", "data_conflicts", "medications", "allergies")
    rows = {table: clinic.rows(table) for table in tables}
    return rows | {"shown": patients.show(clinic.store, "gary_wang", "GW1")}


def _waiting(clinic: Clinic, *reasons: str) -> list[SetAsideEntry]:
    return list(set_aside.search(clinic.store, "gary_wang", reasons=reasons).items)


def _retry(clinic: Clinic, number: int) -> RetryOutcome:
    return retry_set_aside(clinic.store, resolve_provider(clinic.store, "gary_wang"), number)


def _accept(clinic: Clinic, *numbers: int, corrected: str | None = None) -> tuple[RetryOutcome, ...]:
    owner = resolve_provider(clinic.store, "gary_wang")
    return accept_set_aside(clinic.store, owner, numbers, by=" Ann ", why="seen in the portal", corrected=corrected)


def _again(clinic: Clinic) -> list[Incomplete]:
    return list(set_aside.search_incomplete(clinic.store, "gary_wang").items)


def test_the_patients_of_a_job_that_failed_are_incomplete(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", **LISTS)))
    before = _known(clinic)
    file = a_file(a_patient("GW1", name="Other"), {"patient_id": "u"}, at=LATER)
    inside = {"status": "failed", "error": "stopped at page 2"}
    file["extraction_results"] = inside | {"patients": file["extraction_results"]}
    outcome = clinic.ingest(file | {"job_version": 7})
    assert (str(outcome.state), outcome.set_aside, outcome.conflicts) == ("partial", 2, 0)
    assert _known(clinic) == before
    assert [(one.reason, one.detail, one.prn) for one in _waiting(clinic)] == [
        ("incomplete_extraction", "extraction_results.status", "GW1"),
        ("incomplete_extraction", "extraction_results.status", None),
    ]
    session = clinic.rows("extraction_sessions")[-1]
    kept = session["extra"] if isinstance(session["extra"], dict) else json.loads(session["extra"])
    assert kept["beside_patients"] == {"job_version": 7, "extraction_results": inside}
    [done] = _accept(clinic, _waiting(clinic)[0].id)
    assert done.taken_in
    assert verify(clinic.store).is_right


def test_a_failed_extraction_changes_nothing(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", **LISTS)))
    before = _known(clinic)
    for at, how in (
        (LATER, FAILED),
        ("2024-03-05T09:00:00", {"extraction_status": "PARTIAL "}),
        ("2024-03-06T09:00:00", {"extraction_status": "success", "error": {"message": "x"}}),
    ):
        outcome = clinic.ingest(a_file(a_patient("GW1", name="Other", gender="Male", **how), a_patient("GW2"), at=at))
        assert (str(outcome.state), outcome.set_aside, outcome.conflicts) == ("partial", 1, 0)
        known = _known(clinic)
        of_others = {"patients": 1, "patient_extractions": 1, "data_conflicts": 0}
        for table, rows in before.items():
            shown = known[table][: of_others[table]] if table in of_others else known[table]
            assert shown == rows
    assert [(one.reason, one.detail, one.prn) for one in _waiting(clinic)] == [
        ("incomplete_extraction", "extraction_status", "GW1"),
        ("incomplete_extraction", "extraction_status", "GW1"),
        ("incomplete_extraction", "error", "GW1"),
    ]
    # An error text can quote patient data.
    assert "timeout" in set_aside.show(clinic.store, "gary_wang", _waiting(clinic)[0].id).raw_json
    assert "timeout" not in repr([clinic.system_rows(table) for table in ("system_logs", "ingested_files", "alerts")])
    assert verify(clinic.store).is_right


def test_a_failed_extraction_without_what_a_complete_one_has_is_incomplete(clinic: Clinic) -> None:
    bare = {"patient_name": "Test Person", **FAILED}
    listless = a_patient("GW2", **FAILED) | {"all_medications": "not loaded"}
    assert clinic.ingest(a_file(bare, listless)).set_aside == 2
    reason, waiting = "incomplete_extraction", _waiting(clinic)
    assert [(one.reason, one.prn) for one in waiting] == [(reason, None), (reason, "GW2")]
    # The person who accepts it sees what is missing.
    kinds = [each.kind for each in _accept(clinic, *(one.id for one in waiting))]
    assert kinds == ["no_demographics", "not_a_list"]


@pytest.mark.parametrize("complete_first", [True, False])
def test_of_a_repeated_prn_the_complete_patient_is_stored(clinic: Clinic, complete_first: bool) -> None:
    places = [a_patient("GW1", **LISTS), a_patient("GW1", **FAILED)]
    outcome = clinic.ingest(a_file(*(places if complete_first else places[::-1])))
    assert (outcome.stored, outcome.set_aside, outcome.duplicates) == (1, 1, 0)
    assert (clinic.count("medications"), [one.reason for one in _waiting(clinic)]) == (1, ["incomplete_extraction"])
    assert _again(clinic) == []
    with pytest.raises(UsageError):
        _accept(clinic, _waiting(clinic)[0].id)


def test_an_emptied_patient_waits_for_a_person(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", **LISTS), a_patient("GW2"), a_patient("GW3", diagnoses=["Gout"])))
    # A duplicate has the rows of the extraction that it repeats.
    clinic.ingest(a_file(a_patient("GW1", **LISTS), at=LATER))
    before = _known(clinic)
    empty = [a_patient(prn, name="Other Name") for prn in ("GW1", "GW2", "GW3", "GW4")]
    outcome = clinic.ingest(a_file(*empty, medication="other", at=LATEST))
    # Patients without items before, and new ones, are stored.
    assert (outcome.stored, outcome.set_aside) == (2, 2)
    assert [(one.reason, one.prn) for one in _waiting(clinic, "emptied")] == [("emptied", "GW1"), ("emptied", "GW3")]
    after = _known(clinic)
    assert [row for row in after["patients"] if row["prn"] == "GW1"] == before["patients"][:1]
    assert after["shown"] == before["shown"]
    number = _waiting(clinic)[0].id
    assert (_retry(clinic, number).taken_in, _retry(clinic, number).kind) == (False, "emptied")
    assert _known(clinic) == after
    [done] = _accept(clinic, number)
    assert (done.taken_in, done.outcome) == (True, "stored")
    row = clinic.rows("set_aside_patients")[0]
    assert (row["decided_by"], row["decided_why"]) == ("Ann", "seen in the portal")
    assert clinic.rows("patients")[0]["patient_name"] == "Other Name"
    # The accepted extraction is the latest complete one, and it is empty.
    assert clinic.ingest(a_file(a_patient("GW1"), at="2024-05-01T00:00:00")).set_aside == 0
    assert verify(clinic.store).is_right


@pytest.mark.parametrize(
    "nothing",
    [
        {"allergies": [{}]},
        {"allergies": ["", {"allergen": " ", "row_index": 1}], "medications": [None, {"medication_type": "active"}]},
        {"diagnoses": [{"odd": ["", {"odd": ""}]}], "current_medications": [{}]},
        {"errors": ["the page timed out"], "documents": [{"title": "cover"}], "lab_results": [{"value": 1}]},
    ],
    ids=["object", "texts", "extra", "other lists"],
)
def test_blank_items_and_other_lists_are_no_items(clinic: Clinic, nothing: dict[str, Any]) -> None:
    clinic.ingest(a_file(a_patient("GW1", diagnoses=[{"odd": 1}]), a_patient("GW2", lab_results=[{"value": 1}])))
    empty = [a_patient(prn, **nothing) for prn in ("GW1", "GW2")]
    outcome = clinic.ingest(a_file(*empty, medication="other", at=LATER))
    assert [(one.reason, one.prn) for one in _waiting(clinic)] == [("emptied", "GW1")]
    assert (outcome.stored, outcome.set_aside) == (1, 1)
    # Blank items do not count; the database cannot tell that for unknown fields.
    later = clinic.ingest(a_file(a_patient("GW2"), medication="other", at=LATEST))
    assert later.set_aside == ("diagnoses" in nothing)


def test_lists_that_an_older_version_kept_as_json_are_items(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1"), a_patient("GW2")))
    kept = json.dumps({"allergies": [{"name": "Nuts"}], "status": "x"}), json.dumps({"allergies": [{}], "problems": []})
    for prn, extra in zip(("GW1", "GW2"), kept, strict=True):
        clinic.execute("UPDATE patient_extractions SET extra = :extra WHERE prn = :prn", extra=extra, prn=prn)
    clinic.ingest(a_file(a_patient("GW1"), a_patient("GW2"), at=LATER))
    assert [(one.reason, one.prn) for one in _waiting(clinic)] == [("emptied", "GW1")]
    shown = patients.show(clinic.store, "gary_wang", "GW1").lists
    assert [row["allergy_name"] for row in shown["allergies"]] == ["Nuts"]
    assert set(shown["allergies"][0]) == set(ALLERGIES.columns)


def test_of_a_repeated_prn_the_last_patient_that_is_not_emptied_is_stored(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", **LISTS)))
    places = [a_patient("GW1", diagnoses=["Gout"]), a_patient("GW1", **LISTS), a_patient("GW1")]
    outcome = clinic.ingest(a_file(*places, at=LATER))
    assert (outcome.found, outcome.duplicates, outcome.set_aside) == (3, 2, 1)
    kept = clinic.rows("set_aside_patients", order="position")
    assert [(row["position"], row["reason"]) for row in kept] == [(0, "repeated_prn"), (2, "emptied")]
    assert "position 1 " in kept[0]["detail"]
    assert verify(clinic.store).is_right


@pytest.mark.parametrize("empty", [12, 50, 70])
def test_of_a_prn_at_many_places_the_last_patient_that_is_not_emptied_is_stored(
    clinic: Clinic, empty: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "PATIENTS_AT_ONCE", 40)
    clinic.ingest(a_file(a_patient("GW1", medications=["M0"])))
    filled = [a_patient("GW1", medications=[f"M{number}"]) for number in (1, *range(1, 29))]
    outcome = clinic.ingest(a_file(*filled, *[a_patient("GW1") for _ in range(empty)], at=LATER))
    assert (outcome.found, outcome.set_aside, outcome.changed, outcome.duplicates) == (29 + empty, empty, 1, 28)
    # Each record differs from the stored one, which differs from the session before.
    assert outcome.conflicts == 28 + 1
    kept = clinic.rows("set_aside_patients", order="position")
    assert [(row["position"], row["reason"], row["taken_in_at"] is None) for row in kept] == [
        *((position, "repeated_prn", False) for position in range(28)),
        *((position, "emptied", True) for position in range(29, 29 + empty)),
    ]
    assert all("position 28 " in row["detail"] for row in kept[:28])
    assert clinic.rows("patient_extractions")[1]["position"] == 28
    assert verify(clinic.store).is_right, verify(clinic.store)


def test_patients_to_extract_again_are_listed_with_their_criteria(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", **LISTS), a_patient("GW2", **FAILED)))
    clinic.ingest(a_file(a_patient("GW1", **FAILED), a_patient("GW2", **FAILED), at=LATER))
    clinic.ingest(a_file(a_patient("GW2", **FAILED), medication="Metformin", at=LATER), name="other.json")
    clinic.ingest(a_file({**FAILED}, at=LATER))
    found = [(one.prn, one.target_medication, one.failures, one.path) for one in _again(clinic)]
    first, other, path = "Lisinopril", "Metformin", "gary_wang/file_002.json"
    expected = [("GW1", first, 1, path), ("GW2", first, 2, path), ("GW2", other, 1, "gary_wang/other.json")]
    assert (sorted(found[:-1], key=str), found[-1][0]) == (expected, None)
    twice = next(one for one in _again(clinic) if one.failures == 2)
    assert [f"{at:%Y-%m-%d}" for at in (twice.first_failed_at, twice.last_failed_at)] == ["2024-02-04", "2024-03-04"]
    # Only a later complete extraction with the same criteria removes the entry.
    clinic.ingest(a_file(a_patient("GW2"), at="2024-01-01T00:00:00"))
    assert len(_again(clinic)) == 4
    clinic.ingest(a_file(a_patient("GW2"), medication=" lisinopril", at=LATEST))
    left = [(one.prn, one.target_medication) for one in _again(clinic)]
    assert left == [("GW1", first), ("GW2", other), (None, first)]
    # An acceptance removes it too.
    _accept(clinic, *(one.set_aside_id for one in _again(clinic) if one.prn == "GW2"))
    assert [one.prn for one in _again(clinic)] == ["GW1", None]
    with WebAutoDash(clinic.settings) as webautodash:
        assert list(webautodash.incomplete("gary_wang").items) == _again(clinic)
        assert len(webautodash.set_aside_patients.search(reasons=["incomplete_extraction"], limit=2).items) == 2
    assert set_aside.search_incomplete(clinic.store, limit=1).more


def test_another_person_with_the_same_prn_is_set_aside_with_a_critical_conflict(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", **LISTS)))
    before = _known(clinic)
    clinic.ingest(a_file(a_patient("GW1", name="Bo Bee", born="1/1/1950", medications=["Xanax"]), at=LATER))
    after = _known(clinic)
    assert after | {"data_conflicts": []} == before
    [found] = conflicts.search(clinic.store, "gary_wang").items
    assert (found.conflict_type, found.severity, found.field_name) == ("demographic_mismatch", "critical", "prn")
    assert found.old_value == {"patient_name": "Test Person", "date_of_birth": "02/19/1988"}
    assert found.new_value == {"patient_name": "Bo Bee", "date_of_birth": "1/1/1950"}
    assert (found.session_id_1, found.session_id_2) == (1, 2)
    [waiting] = _waiting(clinic, "other_person")
    assert _retry(clinic, waiting.id).kind == "other_person"
    [done] = _accept(clinic, waiting.id)
    assert (done.taken_in, done.outcome) == (True, "changed")
    fields = {row["field_name"] for row in clinic.rows("data_conflicts")}
    assert fields == {"prn", "patient_name", "date_of_birth", "medications", "allergies"}
    assert verify(clinic.store).is_right


def test_the_text_of_an_error_stays_in_the_kept_json_only(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", **LISTS, **FAILED, error="x", odd=1)))
    [waiting] = _waiting(clinic)
    assert _accept(clinic, waiting.id)[0].taken_in
    [row] = clinic.rows("patient_extractions")
    assert json.loads(row["extra"]) == {"odd": 1}
    [kept] = clinic.rows("set_aside_patients")
    assert "timeout" in kept["raw_json"]
    assert (kept["decided_by"], kept["decided_why"]) == ("Ann", "seen in the portal")
    # It is not reported again.
    assert verify(clinic.store).is_right, verify(clinic.store)
    assert review_stored(clinic.store, by="Ann", why="x").providers[0].extractions == 0
    assert [row["processing_status"] for row in clinic.rows("patient_extractions")] == ["processed"]


def test_accepting_a_failed_extraction_does_not_accept_another_person(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1", **LISTS)))
    clinic.ingest(a_file(a_patient("GW1", name="Bo Bee", born="1/1/1950", **FAILED), at=LATER))
    [waiting] = _waiting(clinic)
    assert [(each.taken_in, each.kind) for each in _accept(clinic, waiting.id)] == [(False, "other_person")]
    assert [one.reason for one in _waiting(clinic)] == ["other_person"]
    assert [row["field_name"] for row in clinic.rows("data_conflicts")] == ["prn"]
    assert _accept(clinic, waiting.id)[0].taken_in
    assert verify(clinic.store).is_right


@pytest.mark.parametrize("accepted", [True, False])
def test_a_correction_that_is_another_person_changes_nothing(clinic: Clinic, accepted: bool) -> None:
    clinic.ingest(a_file(a_patient("GW1", **LISTS)))
    how = {} if accepted else {"all_allergies": "not loaded"}
    clinic.ingest(a_file(a_patient("GW1") | how, at=LATER))
    tables = ("set_aside_patients", "extraction_sessions", "pending_events")
    before = _known(clinic), [clinic.rows(table) for table in tables]
    [waiting] = _waiting(clinic)
    other = json.dumps(a_patient("GW1", name="Bo Bee", born="1/1/1950", medications=["Xanax"]))
    if accepted:
        [outcome] = _accept(clinic, waiting.id, corrected=other)
    else:
        outcome = retry_set_aside(clinic.store, resolve_provider(clinic.store, "gary_wang"), waiting.id, other)
    assert (outcome.taken_in, outcome.kind) == (False, "other_person")
    assert (_known(clinic), [clinic.rows(table) for table in tables]) == before
    assert verify(clinic.store).is_right
    # The correct one is stored.
    assert _accept(clinic, waiting.id, corrected=json.dumps(a_patient("GW1", allergies=["Latex"])))[0].taken_in


@pytest.mark.parametrize(("by", "why"), [("", "x"), ("x", " "), ("x" * 256, "x")])
def test_an_acceptance_without_a_name_or_a_reason_is_refused(clinic: Clinic, by: str, why: str) -> None:
    clinic.ingest(a_file(a_patient("GW1", **FAILED)))
    owner = resolve_provider(clinic.store, "gary_wang")
    with pytest.raises(UsageError):
        accept_set_aside(clinic.store, owner, [1], by=by, why=why)
    assert clinic.count("patients") == 0


def test_the_prn_of_a_patient_that_an_older_version_set_aside_is_read_out_of_its_json(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1") | {"all_allergies": "none"}, a_patient(None)))
    clinic.execute("UPDATE set_aside_patients SET prn = NULL")
    assert [one.prn for one in _waiting(clinic)] == ["GW1", None]
