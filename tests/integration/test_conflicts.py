"""Listing and reviewing conflicts."""

from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.domain.vocabulary import ConflictStatus, ConflictType, Severity
from webautodash.errors import NotFound, UnknownProvider, UsageError
from webautodash.repositories.conflicts import ConflictFilter
from webautodash.services.review import conflicts
from webautodash.services.review.conflicts import ReviewedConflict

ALL = tuple(ConflictStatus)


@pytest.fixture
def reviewed(clinic: Clinic) -> Clinic:
    """Two extractions: a new medication, a missing allergy, another date of birth, and an unchanged patient."""
    before = (
        a_patient("A1", medications=["Aspirin 81 mg"]),
        a_patient("A2", allergies=["Penicillin"], diagnoses=["Gout"]),
        a_patient("A3", born="01/02/1960"),
    )
    after = (
        a_patient("A1", medications=["Aspirin 81 mg", "Xanax 1 mg"]),
        a_patient("A2", allergies=[], diagnoses=["Gout"]),
        a_patient("A3", born="01/03/1960"),
    )
    clinic.ingest(a_file(*before, a_patient("A4")))
    clinic.ingest(a_file(*after, a_patient("A4"), at="2024-03-04T09:00:00"))
    return clinic


def test_open_conflicts_are_listed_worst_first_with_both_values_and_resolved_duplicates_apart(reviewed: Clinic) -> None:
    found = conflicts.search(reviewed.store, "gary_wang")
    assert [(one.prn, one.severity, one.conflict_type) for one in found.items] == [
        ("A3", Severity.CRITICAL, ConflictType.DEMOGRAPHIC_MISMATCH),
        ("A2", Severity.HIGH, ConflictType.DATA_CHANGED),
        ("A1", Severity.MEDIUM, ConflictType.MEDICATION_CONFLICT),
    ]
    assert not found.more
    born, allergy, medication = found.items
    assert (born.field_name, born.old_value, born.new_value) == ("date_of_birth", "01/02/1960", "01/03/1960")
    assert (medication.old_value, medication.new_value) == ([], [{"medication_name": "Xanax 1 mg"}])
    assert [len(allergy.old_value), allergy.new_value] == [1, []]
    duplicates = ConflictFilter((), ConflictType.EXTRACTION_DUPLICATE)
    [one] = conflicts.search(reviewed.store, "gary_wang", duplicates).items
    decided = (one.prn, one.status, one.severity, one.reviewed_by)
    assert decided == ("A4", ConflictStatus.RESOLVED, Severity.LOW, None)


def test_pages_hold_every_conflict_once_in_the_same_order(reviewed: Clinic) -> None:
    whole = [one.id for one in conflicts.search(reviewed.store, "gary_wang", ConflictFilter(ALL)).items]
    pages: list[int] = []
    after: Any = None
    while True:
        page = conflicts.search(reviewed.store, "gary_wang", ConflictFilter(ALL), limit=1, after=after)
        pages += [one.id for one in page.items]
        after = page.next
        if after is None:
            break
    assert pages == whole
    assert len(whole) == 4


def test_the_list_is_filtered(reviewed: Clinic) -> None:
    for wanted, prns in (
        ({"least": Severity.CRITICAL}, ["A3"]),
        ({"least": Severity.HIGH}, ["A3", "A2"]),
        ({"least": Severity.LOW}, ["A3", "A2", "A1"]),
        ({"conflict_type": ConflictType.MEDICATION_CONFLICT}, ["A1"]),
        ({"prn": "A2"}, ["A2"]),
        ({"prn": "a2"}, []),
        ({"statuses": (ConflictStatus.REVIEWING,)}, []),
    ):
        found = conflicts.search(reviewed.store, "gary_wang", ConflictFilter(**wanted)).items
        assert [one.prn for one in found] == prns, wanted


def test_without_a_provider_the_conflicts_of_all_are_listed(reviewed: Clinic) -> None:
    other = {"provider": "John Doe"}
    reviewed.ingest(a_file(a_patient("B1", gender="Male"), **other), "john_doe")
    reviewed.ingest(a_file(a_patient("B1", gender="Female"), at="2024-03-04T09:00:00", **other), "john_doe")
    found = conflicts.search(reviewed.store)
    assert [(one.provider, one.prn) for one in found.items][-1] == ("john_doe", "B1")
    assert len(found.items) == 4
    few = conflicts.search(reviewed.store, limit=2)
    assert (len(few.items), few.more, few.next) == (2, True, None)
    with pytest.raises(UsageError):
        conflicts.search(reviewed.store, after=1)


def _resolve(
    clinic: Clinic, number: int, status: ConflictStatus, by: str = "Ann", why: str = "seen"
) -> ReviewedConflict:
    return conflicts.resolve(clinic.store, "gary_wang", number, status, by=by, why=why)


def test_a_decision_keeps_who_when_and_why_and_reopening_keeps_the_history(reviewed: Clinic) -> None:
    one = conflicts.search(reviewed.store, "Gary Wang").items[0]
    done = _resolve(reviewed, one.id, ConflictStatus.RESOLVED, by=" Ann ", why="typing error")
    shown = conflicts.show(reviewed.store, "gary_wang", one.id)
    assert shown == done
    decided = (shown.conflict.status, shown.conflict.reviewed_by, shown.conflict.resolution_notes)
    assert decided == (ConflictStatus.RESOLVED, "Ann", "typing error")
    assert shown.conflict.reviewed_at == shown.reviews[0].reviewed_at
    assert (shown.old_source.path, shown.new_source.path) == ("gary_wang/file_001.json", "gary_wang/file_002.json")
    assert one.id not in {left.id for left in conflicts.search(reviewed.store, "gary_wang").items}
    for status in (ConflictStatus.FALSE_POSITIVE, ConflictStatus.UNRESOLVED, ConflictStatus.REVIEWING):
        _resolve(reviewed, one.id, status, why=f"because {status}")
    steps = conflicts.show(reviewed.store, "gary_wang", one.id).reviews[1:]
    assert [(step.old_status, step.new_status, step.notes) for step in steps] == [
        ("resolved", "false_positive", "because false_positive"),
        ("false_positive", "unresolved", "because unresolved"),
        ("unresolved", "reviewing", "because reviewing"),
    ]
    assert one.id in {left.id for left in conflicts.search(reviewed.store, "gary_wang").items}


def test_a_decision_without_a_change_a_name_or_a_reason_is_refused_and_one_that_fits_no_column(
    reviewed: Clinic,
) -> None:
    one = conflicts.search(reviewed.store, "gary_wang").items[0]
    resolved = ConflictStatus.RESOLVED
    for status, by, why in (
        (ConflictStatus.UNRESOLVED, "Ann", "?"),
        (resolved, "", "x"),
        (resolved, "x", ""),
        (resolved, " ", "x"),
        (resolved, "A" * 256, "x"),
        (resolved, "\udcff", "x"),
        (resolved, "Ann", "\udcff"),
    ):
        with pytest.raises(UsageError):
            _resolve(reviewed, one.id, status, by, why)
    assert reviewed.count("conflict_reviews") == 0
    by, why = "É" * 255, "because " * 10_000
    done = _resolve(reviewed, one.id, resolved, by, why)
    assert (done.conflict.reviewed_by, done.reviews[0].notes) == (by, why.strip())


def test_an_unknown_conflict_or_provider_is_an_error_and_creates_nothing(reviewed: Clinic) -> None:
    with pytest.raises(NotFound):
        conflicts.show(reviewed.store, "gary_wang", 999_999)
    with pytest.raises(NotFound):
        _resolve(reviewed, 999_999, ConflictStatus.RESOLVED)
    before = reviewed.store.server.names(reviewed.settings.database_prefix)
    with pytest.raises(UnknownProvider, match="gary_wang"):
        conflicts.search(reviewed.store, "gary_wong")
    assert reviewed.store.server.names(reviewed.settings.database_prefix) == before


def test_a_list_leaves_out_long_values_and_one_conflict_has_them(clinic: Clinic) -> None:
    rest: dict[str, Any] = {"diagnoses": ["Gout"]}
    short, long = a_patient("A1", medications=["short"], **rest), a_patient("A2", medications=["y" * 5_000], **rest)
    clinic.ingest(a_file(short, long))
    clinic.ingest(a_file(a_patient("A1", **rest), a_patient("A2", **rest), at="2024-03-04T09:00:00"))
    found = {conflict.prn: conflict for conflict in conflicts.search(clinic.store, "gary_wang").items}
    assert (found["A1"].old_value, found["A1"].new_value) == ([{"medication_name": "short"}], [])
    assert (found["A2"].old_value, found["A2"].new_value) == (None, None)
    assert {prn: conflict.values_left_out for prn, conflict in found.items()} == {"A1": False, "A2": True}
    whole = conflicts.show(clinic.store, "gary_wang", found["A2"].id).conflict
    assert (whole.old_value, whole.values_left_out) == ([{"medication_name": "y" * 5_000}], False)
