"""Revisions keep rows: the same rows exist after an upgrade and after a downgrade."""

from collections.abc import Callable
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.domain.vocabulary import ConflictStatus, Severity
from webautodash.services.review import conflicts
from webautodash.services.revisions import SchemaHistory

SYSTEM = pytest.mark.parametrize("history", [SchemaHistory.SYSTEM], indirect=True)
NEW = ("mtime_ns", "session_id", "look", "next_attempt_at", "duration_ms", "kind", "unfinished", "unfinished_look")


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in row.items() if column not in NEW}


@SYSTEM
def test_known_files_keep_their_rows_down_and_up(clinic: Clinic, go: Callable[[str], None]) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.ingest(b"{", name="bad.json")
    before = clinic.system_rows("ingested_files")
    assert len(before) == 2
    go("s0001")
    assert clinic.system_rows("ingested_files") == [_known(row) for row in before]
    go("head")
    assert clinic.system_rows("ingested_files") == [_known(row) | dict.fromkeys(NEW) for row in before]


@SYSTEM
def test_providers_keep_their_rows_and_count_open_conflicts_again(clinic: Clinic, go: Callable[[str], None]) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.ingest(a_file(a_patient("GW1", born="03/20/1999"), at="2025-01-01T00:00:00"))
    (before,) = clinic.system_rows("providers")
    waiting = [f"open_{severity}" for severity in Severity]
    assert [before[name] for name in waiting] == [0, 0, 0, 1]
    counted = [*waiting, "last_session_id", "last_session_sha256", "total_reviews"]
    go("s0006")
    assert clinic.system_rows("providers") == [{name: before[name] for name in before if name not in counted}]
    go("head")
    assert clinic.system_rows("providers") == [before | dict.fromkeys(counted)]
    clinic.ingest(a_file(a_patient("GW2"), at="2025-01-02T00:00:00"))
    assert [clinic.system_rows("providers")[0][name] for name in waiting] == [0, 0, 0, 1]


@SYSTEM
def test_monitors_keep_their_rows_without_token_and_process(clinic: Clinic, go: Callable[[str], None]) -> None:
    clinic.store.system.run(lambda work: work.monitors.add("a", 1, "b", "c", 10_000, process="d"))
    (before,) = clinic.system_rows("monitors")
    who = ("token", "process")
    assert all(before[name] for name in who)
    go("s0005")
    assert clinic.system_rows("monitors") == [{name: value for name, value in before.items() if name not in who}]
    go("head")
    assert clinic.system_rows("monitors") == [before | dict.fromkeys(who)]


@pytest.mark.parametrize("history", [SchemaHistory.PROVIDER], indirect=True)
def test_reviews_keep_their_rows_and_get_the_steps_of_their_order(clinic: Clinic, go: Callable[[str], None]) -> None:
    for number, name in enumerate(("Ann Bee", "Cee Dee", "Eff Gee")):
        clinic.ingest(a_file(a_patient("GW1", name=name), at=f"2025-01-0{number + 1}T00:00:00"))
    first, second = [row["id"] for row in clinic.rows("data_conflicts") if row["status"] == "unresolved"][:2]
    for conflict, status in (
        (first, ConflictStatus.REVIEWING),
        (second, ConflictStatus.RESOLVED),
        (first, ConflictStatus.RESOLVED),
        (first, ConflictStatus.FALSE_POSITIVE),
    ):
        conflicts.resolve(clinic.store, "gary_wang", conflict, status, by="Dr. W", why="seen")
    before = clinic.rows("conflict_reviews")
    assert [(row["conflict_id"], row["step"]) for row in before] == [(first, 1), (second, 1), (first, 2), (first, 3)]
    go("p0001")
    assert clinic.rows("conflict_reviews") == [
        {column: value for column, value in row.items() if column not in {"step", "session_decision_id"}}
        for row in before
    ]
    go("head")
    assert clinic.rows("conflict_reviews") == before


@pytest.mark.parametrize("history", [SchemaHistory.PROVIDER], indirect=True)
def test_patients_keep_their_rows_and_get_the_keys_of_their_names(clinic: Clinic, go: Callable[[str], None]) -> None:
    names = ("José O'Neil", "Smith, Ann", None)
    # More than a batch.
    others = [a_patient(f"P{number:04}", name=f"Name{number} Same") for number in range(1_100)]
    clinic.ingest(a_file(*(a_patient(f"GW{number}", name=name) for number, name in enumerate(names)), *others))
    before = clinic.rows("patients")
    assert [(row["name_key"], row["last_name_key"]) for row in before[:2]] == [
        ("jose oneil", "oneil jose"),
        ("ann smith", "smith ann"),
    ]
    go("p0017")
    keys = ("name_key", "last_name_key")
    assert clinic.rows("patients") == [{name: row[name] for name in row if name not in keys} for row in before]
    go("head")
    assert clinic.rows("patients") == before
