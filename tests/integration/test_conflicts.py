"""Listing and reviewing conflicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient
from sqlalchemy import event
from sqlalchemy.engine import Engine

from webautodash.domain.vocabulary import ConflictStatus, ConflictType, Severity
from webautodash.errors import NotFound, UnknownProvider, UsageError
from webautodash.repositories.conflicts import ConflictFilter
from webautodash.services.review import conflicts, patients
from webautodash.services.store import Store

ALL = tuple(ConflictStatus)


@pytest.fixture
def reviewed(clinic: Clinic) -> Clinic:
    """Two extractions: a new medication, a missing allergy, another date of birth, and an unchanged patient."""
    clinic.ingest(
        a_file(
            a_patient("A1", medications=["Aspirin 81 mg"]),
            a_patient("A2", allergies=["Penicillin"], diagnoses=["Gout"]),
            a_patient("A3", born="01/02/1960"),
            a_patient("A4"),
        )
    )
    clinic.ingest(
        a_file(
            a_patient("A1", medications=["Aspirin 81 mg", "Xanax 1 mg"]),
            a_patient("A2", allergies=[], diagnoses=["Gout"]),
            a_patient("A3", born="01/03/1960"),
            a_patient("A4"),
            at="2024-03-04T09:00:00",
        )
    )
    return clinic


def test_what_waits_is_listed_worst_first(reviewed: Clinic) -> None:
    found = conflicts.search(reviewed.store, "gary_wang")
    assert [(one.prn, one.severity, one.conflict_type) for one in found.items] == [
        ("A3", Severity.CRITICAL, ConflictType.DEMOGRAPHIC_MISMATCH),
        ("A2", Severity.HIGH, ConflictType.DATA_CHANGED),
        ("A1", Severity.MEDIUM, ConflictType.MEDICATION_CONFLICT),
    ]
    assert not found.more


def test_old_and_new_value_are_what_the_files_said(reviewed: Clinic) -> None:
    by_prn = {one.prn: one for one in conflicts.search(reviewed.store, "gary_wang").items}
    assert (by_prn["A3"].field_name, by_prn["A3"].old_value, by_prn["A3"].new_value) == (
        "date_of_birth",
        "01/02/1960",
        "01/03/1960",
    )
    assert (by_prn["A1"].old_value, by_prn["A1"].new_value) == ([], [{"medication_name": "Xanax 1 mg"}])
    assert [len(by_prn["A2"].old_value), by_prn["A2"].new_value] == [1, []]


def test_a_recorded_duplicate_waits_for_nobody(reviewed: Clinic) -> None:
    duplicates = conflicts.search(
        reviewed.store, "gary_wang", ConflictFilter((), ConflictType.EXTRACTION_DUPLICATE)
    ).items
    assert [(one.prn, one.status, one.severity, one.reviewed_by) for one in duplicates] == [
        ("A4", ConflictStatus.RESOLVED, Severity.LOW, None)
    ]


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


@pytest.mark.parametrize(
    ("wanted", "prns"),
    [
        ({"least": Severity.CRITICAL}, ["A3"]),
        ({"least": Severity.HIGH}, ["A3", "A2"]),
        ({"least": Severity.LOW}, ["A3", "A2", "A1"]),
        ({"conflict_type": ConflictType.MEDICATION_CONFLICT}, ["A1"]),
        ({"prn": "A2"}, ["A2"]),
        ({"prn": "a2"}, []),
        ({"statuses": (ConflictStatus.REVIEWING,)}, []),
    ],
)
def test_the_list_is_filtered(reviewed: Clinic, wanted: dict[str, Any], prns: list[str]) -> None:
    assert [one.prn for one in conflicts.search(reviewed.store, "gary_wang", ConflictFilter(**wanted)).items] == prns


def test_without_a_provider_all_are_asked(reviewed: Clinic) -> None:
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


def test_resolving_keeps_who_when_and_why(reviewed: Clinic) -> None:
    one = conflicts.search(reviewed.store, "Gary Wang").items[0]
    done = conflicts.resolve(
        reviewed.store, "gary_wang", one.id, ConflictStatus.RESOLVED, by=" Ann ", why="typing error"
    )
    shown = conflicts.show(reviewed.store, "gary_wang", one.id)
    assert shown == done
    assert (shown.conflict.status, shown.conflict.reviewed_by, shown.conflict.resolution_notes) == (
        ConflictStatus.RESOLVED,
        "Ann",
        "typing error",
    )
    assert shown.conflict.reviewed_at == shown.reviews[0].reviewed_at
    assert one.id not in {left.id for left in conflicts.search(reviewed.store, "gary_wang").items}


def test_reopening_keeps_the_history(reviewed: Clinic) -> None:
    one = conflicts.search(reviewed.store, "gary_wang").items[0]
    steps = [ConflictStatus.FALSE_POSITIVE, ConflictStatus.UNRESOLVED, ConflictStatus.REVIEWING]
    for step in steps:
        conflicts.resolve(reviewed.store, "gary_wang", one.id, step, by="Ann", why=f"because {step}")
    shown = conflicts.show(reviewed.store, "gary_wang", one.id)
    assert [(step.old_status, step.new_status, step.notes) for step in shown.reviews] == [
        ("unresolved", "false_positive", "because false_positive"),
        ("false_positive", "unresolved", "because unresolved"),
        ("unresolved", "reviewing", "because reviewing"),
    ]
    assert one.id in {left.id for left in conflicts.search(reviewed.store, "gary_wang").items}


def test_the_same_status_again_is_refused_and_leaves_no_trace(reviewed: Clinic) -> None:
    one = conflicts.search(reviewed.store, "gary_wang").items[0]
    with pytest.raises(UsageError, match="unresolved"):
        conflicts.resolve(reviewed.store, "gary_wang", one.id, ConflictStatus.UNRESOLVED, by="Ann", why="?")
    assert reviewed.count("conflict_reviews") == 0


@pytest.mark.parametrize(("by", "why"), [("", "x"), ("x", ""), (" ", "x")])
def test_a_review_needs_who_and_why(reviewed: Clinic, by: str, why: str) -> None:
    one = conflicts.search(reviewed.store, "gary_wang").items[0]
    with pytest.raises(UsageError, match="--by"):
        conflicts.resolve(reviewed.store, "gary_wang", one.id, ConflictStatus.RESOLVED, by=by, why=why)


@pytest.mark.parametrize(
    ("by", "why", "part"),
    [("A" * 256, "x", "255"), ("\udcff", "x", "UTF-8"), ("Ann", "\udcff", "UTF-8")],
)
def test_what_a_column_cannot_hold_is_refused_alike(reviewed: Clinic, by: str, why: str, part: str) -> None:
    one = conflicts.search(reviewed.store, "gary_wang").items[0]
    with pytest.raises(UsageError, match=part):
        conflicts.resolve(reviewed.store, "gary_wang", one.id, ConflictStatus.RESOLVED, by=by, why=why)
    assert reviewed.count("conflict_reviews") == 0


def test_a_name_of_255_characters_and_a_long_reason_are_kept_whole(reviewed: Clinic) -> None:
    one = conflicts.search(reviewed.store, "gary_wang").items[0]
    by, why = "É" * 255, "because " * 10_000
    done = conflicts.resolve(reviewed.store, "gary_wang", one.id, ConflictStatus.RESOLVED, by=by, why=why)
    assert (done.conflict.reviewed_by, done.reviews[0].notes) == (by, why.strip())


def test_both_values_name_their_file_by_its_path(reviewed: Clinic) -> None:
    one = conflicts.search(reviewed.store, "gary_wang").items[0]
    shown = conflicts.show(reviewed.store, "gary_wang", one.id)
    assert (shown.old_source.path, shown.new_source.path) == ("gary_wang/file_001.json", "gary_wang/file_002.json")


@pytest.mark.parametrize(
    "read",
    [
        lambda store: conflicts.search(store, "gary_wang", ConflictFilter(prn="A1")),
        lambda store: patients.history(store, "gary_wang", "A1"),
    ],
    ids=["search", "history"],
)
def test_a_patients_conflicts_are_looked_up_by_an_index(
    reviewed: Clinic, backend: str, read: Callable[[Store], object]
) -> None:
    asked: list[tuple[str, Any]] = []

    def listen(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: Any) -> None:
        if "FROM data_conflicts" in statement:
            asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        read(reviewed.store)
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
    [(statement, parameters)] = asked
    explain = "EXPLAIN QUERY PLAN" if backend == "sqlite" else "EXPLAIN"
    database = reviewed.database()
    with database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
    assert "ix_data_conflicts_patient_id" in str(plan)


def test_an_unknown_conflict_or_provider_is_an_error_and_makes_nothing(reviewed: Clinic) -> None:
    with pytest.raises(NotFound):
        conflicts.show(reviewed.store, "gary_wang", 999_999)
    with pytest.raises(NotFound):
        conflicts.resolve(reviewed.store, "gary_wang", 999_999, ConflictStatus.RESOLVED, by="Ann", why="x")
    before = reviewed.store.server.names(reviewed.settings.database_prefix)
    with pytest.raises(UnknownProvider, match="gary_wang"):
        conflicts.search(reviewed.store, "gary_wong")
    assert reviewed.store.server.names(reviewed.settings.database_prefix) == before


def test_a_list_leaves_out_long_values_and_one_conflict_has_them(clinic: Clinic) -> None:
    rest: dict[str, Any] = {"diagnoses": ["Gout"]}
    short_and_long = (
        a_patient("A1", medications=["short"], **rest),
        a_patient("A2", medications=["y" * 5_000], **rest),
    )
    clinic.ingest(a_file(*short_and_long))
    clinic.ingest(a_file(a_patient("A1", **rest), a_patient("A2", **rest), at="2024-03-04T09:00:00"))
    found = {conflict.prn: conflict for conflict in conflicts.search(clinic.store, "gary_wang").items}
    assert (found["A1"].old_value, found["A1"].new_value) == ([{"medication_name": "short"}], [])
    assert (found["A2"].old_value, found["A2"].new_value) == (None, None)
    assert {prn: conflict.values_left_out for prn, conflict in found.items()} == {"A1": False, "A2": True}
    whole = conflicts.show(clinic.store, "gary_wang", found["A2"].id).conflict
    assert (whole.old_value, whole.values_left_out) == ([{"medication_name": "y" * 5_000}], False)
