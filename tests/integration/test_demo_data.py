"""Demonstration data is reproducible, and can be ingested."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders import CLINICAL_TABLES, Clinic

from webautodash.errors import UsageError
from webautodash.services.demo import DemoPlan, write_demo_data
from webautodash.services.ingest import ingest_paths

PLAN = DemoPlan(patients=60, providers=2, files=2, rounds=2, changed=0.25, seed=7)


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    first, again = (write_demo_data(tmp_path / name, PLAN) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    other = write_demo_data(tmp_path / "c", DemoPlan(patients=60, providers=2, files=2, rounds=2, seed=8))
    assert [path.read_bytes() for path in first] != [path.read_bytes() for path in other]


def test_demonstration_data_never_replaces_a_file(tmp_path: Path) -> None:
    write_demo_data(tmp_path, PLAN)
    with pytest.raises(UsageError):
        write_demo_data(tmp_path, PLAN)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        *(({"patients": number}, "patients") for number in (0, 10**12)),
        *(({name: number}, name) for name in ("providers", "rounds") for number in (0, 10**6)),
        *(({"files": number}, "files") for number in (-1, 10**6)),
        *(({"changed": share}, "changed") for share in (1.5, float("nan"))),
        ({"providers": 1000, "files": 1000}, "1,000,000"),
        ({"patients": 1_000_000, "providers": 1}, "files"),
    ],
)
def test_numbers_that_are_too_small_or_too_large_are_refused_before_the_first_file(
    tmp_path: Path, wrong: dict[str, Any], named: str
) -> None:
    with pytest.raises(UsageError, match=named):
        write_demo_data(tmp_path / "x", DemoPlan(**wrong))
    assert not (tmp_path / "x").exists()


def test_data_that_do_not_fit_on_the_disk_are_refused_before_the_first_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = DemoPlan(patients=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=plan.size - 1))
    with pytest.raises(UsageError):
        write_demo_data(tmp_path / "deeper" / "x", plan)
    assert not (tmp_path / "deeper").exists()


@pytest.mark.parametrize("indent", [None, 2])
def test_the_size_is_estimated_from_above(tmp_path: Path, indent: int | None) -> None:
    plan = DemoPlan(patients=200, providers=2, rounds=3, changed=1.0, indent=indent)
    written = sum(path.stat().st_size for path in write_demo_data(tmp_path, plan))
    assert written <= plan.size <= 1.25 * written


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_later_round_changes_its_share_of_patients_and_repeats_the_others(clinic: Clinic) -> None:
    write_demo_data(clinic.results, PLAN)
    report = ingest_paths(clinic.store)
    assert {str(outcome.state) for outcome in report.files} == {"ingested"}
    first, second = report.files[:4], report.files[4:]
    assert sum(outcome.stored for outcome in first) == 60
    assert sum(outcome.found for outcome in second) == 60
    changed = sum(outcome.changed for outcome in second)
    assert 5 <= changed <= 25
    assert sum(outcome.duplicates for outcome in second) == 60 - changed


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_stored_rows_are_those_of_the_files(clinic: Clinic) -> None:
    paths = write_demo_data(clinic.results, DemoPlan(patients=30, providers=1))
    [outcome] = ingest_paths(clinic.store).files
    patients = json.loads(paths[0].read_text(encoding="utf-8"))["extraction_results"]
    for table in CLINICAL_TABLES:
        assert outcome.rows[table] == sum(len(patient.get(f"all_{table}", ())) for patient in patients)
        assert (outcome.rows[table] > 0) == (table != "other_records")
    assert outcome.provider is not None
    names = [row["medication_name"] for row in clinic.rows("medications", outcome.provider)]
    assert names == [item["medication_name"] for patient in patients for item in patient["all_medications"]]
