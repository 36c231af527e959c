"""Failed extractions that an older version stored as data."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient
from servers import BACKENDS
from stored_content import content, earlier_version

from webautodash.errors import UsageError
from webautodash.services.registry import resolve_provider
from webautodash.services.review import accept_set_aside, patients, review_stored, set_aside
from webautodash.services.verify import verify

BY = {"by": "Ann", "why": "the portal timed out"}
FAILED = {"extraction_status": "failed", "extraction_error": "Timeout 30000ms exceeded"}
LISTS = {"medications": ["Xanax 1 mg"], "allergies": [{"allergen": "Penicillin"}]}


def visits(*, with_failed: bool) -> list[dict[str, Any]]:
    """Extractions of A1, who loses all lists in a failed one, and of A2, who keeps half of a list."""

    def failed(*some: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        return some if with_failed else ()

    half = a_patient("A2", medications=["Aspirin 81 mg"], error="element not found")
    return [
        a_file(a_patient("A1", **LISTS), a_patient("A2", medications=["Aspirin 81 mg"]), at="2024-01-01T00:00:00"),
        a_file(
            *failed(a_patient("A1", name="Test  Persona", **FAILED), half, a_patient("ONLY", **FAILED)),
            a_patient("B1"),
            at="2024-02-01T00:00:00",
        ),
        a_file(*failed(half), a_patient("B1"), at="2024-03-01T00:00:00"),
        a_file(a_patient("A1", **LISTS), a_patient("A2", medications=["Aspirin 81 mg"]), at="2024-04-01T00:00:00"),
    ]


def ingest_all(clinic: Clinic, *, with_failed: bool) -> None:
    with earlier_version():
        for number, file in enumerate(visits(with_failed=with_failed)):
            clinic.ingest(file, name=f"{number}.json")


@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
def test_a_review_leaves_the_rows_of_an_ingest_without_them_and_can_be_undone(
    clinic: Clinic, open_clinic: Callable[..., Clinic]
) -> None:
    ingest_all(clinic, with_failed=True)
    before, rows = content(clinic), clinic.rows("data_conflicts")
    [found] = verify(clinic.store).providers
    assert [(each.table, each.wrong) for each in found.wrong] == [("patient_extractions", "incomplete")] * 4

    [dry] = review_stored(clinic.store, "gary_wang", **BY, dry_run=True).providers
    assert (content(clinic), clinic.count("set_aside_patients")) == (before, 0)
    [done] = review_stored(clinic.store, "gary_wang", **BY).providers
    assert (dry.extractions, dry.conflicts_closed) == (done.extractions, done.conflicts_closed) == (4, len(rows) - 4)
    other = open_clinic(beside="o_")
    ingest_all(other, with_failed=False)
    after, expected = content(clinic, but_of=frozenset({"ONLY"})), content(other)
    for table in ("patients", "data_conflicts"):
        assert after[table] == expected[table]
    whole = [row for row in after["patient_extractions"] if row["processing_status"] != "failed"]
    assert [row | {"position": 0, "row_checks": ""} for row in whole] == [
        row | {"position": 0, "row_checks": ""} for row in expected["patient_extractions"]
    ]
    assert [row["failed_extractions"] for row in after["extraction_sessions"]] == [0, 3, 1, 0]
    assert verify(clinic.store).is_right, verify(clinic.store)
    assert {row["id"] for row in rows} <= {row["id"] for row in clinic.rows("data_conflicts")}
    states = {row["path"]: row["state"] for row in clinic.system_rows("ingested_files")}
    assert [states[f"gary_wang/{number}.json"] for number in range(4)] == ["ingested", "partial", "partial", "ingested"]
    assert review_stored(clinic.store, "gary_wang", **BY).providers[0].extractions == 0

    [undone] = review_stored(clinic.store, "gary_wang", **BY, undo=True).providers
    assert (undone.extractions, content(clinic)) == (4, before)
    review_stored(clinic.store, "gary_wang", **BY)
    assert content(clinic, but_of=frozenset({"ONLY"})) == after
    assert clinic.count("set_aside_patients") == 4


def test_a_patient_is_shown_without_failed_extractions(clinic: Clinic) -> None:
    ingest_all(clinic, with_failed=True)
    with earlier_version():
        clinic.ingest(a_file(a_patient("A1", **FAILED), at="2024-05-01T00:00:00"))
    review_stored(clinic.store, **BY)
    known = patients.show(clinic.store, "gary_wang", "A1")
    assert [row["allergy_name"] for row in known.lists["allergies"]] == ["Penicillin"]
    assert (known.incomplete_extractions, known.patient.patient_name) == (2, "Test Person")
    unknown = patients.show(clinic.store, "gary_wang", "ONLY")
    assert (unknown.extraction, unknown.lists, unknown.incomplete_extractions) == (None, {}, 1)
    assert (unknown.patient.patient_name, unknown.patient.as_of) == (None, None)
    later = clinic.ingest(a_file(a_patient("ONLY", name="Another Name"), at="2023-01-01T00:00:00"))
    assert (later.stored, later.conflicts) == (1, 0)
    assert patients.show(clinic.store, "gary_wang", "ONLY").patient.patient_name == "Another Name"


def test_a_duplicate_of_a_failed_extraction_is_emptied_if_there_were_items_before(clinic: Clinic) -> None:
    empty, unknown = a_patient("A1"), a_patient("A2")
    with earlier_version():
        clinic.ingest(a_file(a_patient("A1", **LISTS), at="2024-01-01T00:00:00"))
        clinic.ingest(a_file(empty | FAILED, unknown | FAILED, at="2024-02-01T00:00:00"))
        for month in (3, 4):
            clinic.ingest(a_file(empty, unknown, at=f"2024-0{month}-01T00:00:00"))
    assert [row["duplicate_of_id"] for row in clinic.rows("patient_extractions")] == [None, None, None, 2, 3, 2, 3]
    before = content(clinic)
    assert review_stored(clinic.store, **BY).providers[0].extractions == 4
    reasons = [("A1", "incomplete_extraction"), ("A2", "incomplete_extraction"), ("A1", "emptied"), ("A1", "emptied")]
    waiting = set_aside.search(clinic.store, "gary_wang").items
    assert [(each.prn, each.reason) for each in waiting] == reasons
    shown = patients.show(clinic.store, "gary_wang", "A1")
    assert [row["allergy_name"] for row in shown.lists["allergies"]] == ["Penicillin"]
    # No list is compared with a failed one, and each extraction was only a duplicate.
    assert [row for row in content(clinic)["data_conflicts"] if row["prn"] == "A1"] == []
    assert verify(clinic.store).is_right, verify(clinic.store)
    assert review_stored(clinic.store, **BY).providers[0].extractions == 0
    review_stored(clinic.store, **BY, undo=True)
    assert content(clinic) == before
    review_stored(clinic.store, **BY)
    [done] = accept_set_aside(clinic.store, resolve_provider(clinic.store, "gary_wang"), [waiting[-1].id], **BY)
    assert (done.taken_in, done.outcome) == (True, "changed")
    assert patients.show(clinic.store, "gary_wang", "A1").lists["allergies"] == []
    assert review_stored(clinic.store, **BY).providers[0].extractions == 0
    assert verify(clinic.store).is_right, verify(clinic.store)


def test_the_kept_json_is_shown(clinic: Clinic) -> None:
    ingest_all(clinic, with_failed=True)
    review_stored(clinic.store, **BY)
    waiting = set_aside.search(clinic.store, "gary_wang").items
    assert {(each.reason, each.taken_in_at) for each in waiting} == {("incomplete_extraction", None)}
    kept = json.loads(set_aside.show(clinic.store, "gary_wang", waiting[0].id).raw_json)
    assert (kept["extraction_error"], kept["patient_name"]) == ("Timeout 30000ms exceeded", "Test  Persona")
    assert kept["demographics_printable"]["prn"] == "A1"


def test_patients_that_a_review_set_aside_can_be_accepted(clinic: Clinic) -> None:
    ingest_all(clinic, with_failed=True)
    before = content(clinic)
    review_stored(clinic.store, **BY)
    numbers = [each.id for each in set_aside.search(clinic.store, "gary_wang").items]
    owner = resolve_provider(clinic.store, "gary_wang")
    with pytest.raises(UsageError):
        accept_set_aside(clinic.store, owner, numbers[:1], **BY, corrected="{}")
    accepted = accept_set_aside(clinic.store, owner, numbers, **BY)
    assert [each.taken_in for each in accepted] == [True] * 4
    assert content(clinic) == before
    # Its JSON still marks the failure, but a person accepted it.
    assert verify(clinic.store).is_right, verify(clinic.store)
    assert review_stored(clinic.store, **BY).providers[0].extractions == 0


def test_a_review_needs_who_and_why(clinic: Clinic) -> None:
    with earlier_version():
        clinic.ingest(a_file(a_patient("A1", **FAILED)))
    with pytest.raises(UsageError):
        review_stored(clinic.store, by="Ann", why=" ")
    assert clinic.rows("set_aside_patients") == []
