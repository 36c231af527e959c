"""Sessions that were stored with a wrong time are corrected, and so is what followed from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from builders import Clinic, a_file, a_patient
from stored_content import content, earlier_version

from webautodash.services import sessions
from webautodash.services.verify import verify

FUTURE = "2099-01-01T00:00:00"


def visits(times: Sequence[str]) -> list[dict[str, Any]]:
    """Visits of three patients, one of whom changes each time."""
    return [
        a_file(
            a_patient("A1", name=f"Name {number // 2}", medications=["Xanax", *[f"Drug {number}"] * (number % 2)]),
            a_patient("A2", medications=["Aspirin 81 mg"], allergies=["Latex"]),
            a_patient(f"N{number}"),
            at=time,
        )
        for number, time in enumerate(times)
    ]


def ingest_all(clinic: Clinic, files: Sequence[dict[str, Any]], order: Sequence[int] = ()) -> None:
    """Take files one by one."""
    for place in order or range(len(files)):
        clinic.ingest(files[place], name=f"{place}.json")


def test_a_corrected_time_leaves_what_an_ingest_with_the_right_time_leaves(
    clinic: Clinic, server_url: str, database_prefix: str, tmp_path: Path
) -> None:
    right = [f"2024-0{month}-01T00:00:00" for month in range(1, 6)]
    with earlier_version():
        ingest_all(clinic, visits([FUTURE, *right[1:]]))
    wrong = clinic.rows("data_conflicts")
    done = sessions.set_time(clinic.store, "gary_wang", 1, right[0], by="Ann", why="the robot's clock")
    (tmp_path / "other").mkdir()
    other = Clinic(server_url, f"{database_prefix}o_", tmp_path / "other")
    ingest_all(other, visits(right))
    assert content(clinic) == content(other)
    other.store.close()
    assert (done.patients, done.patients_changed) == (3, 3)
    assert min(done.conflicts_closed, done.conflicts_added) > 0
    # Nothing is deleted, and each step says who took it.
    assert {row["id"] for row in wrong} <= {row["id"] for row in clinic.rows("data_conflicts")}
    reviews = clinic.rows("conflict_reviews")
    assert {(row["reviewed_by"], row["notes"]) for row in reviews} == {("Ann", "the robot's clock")}
    assert verify(clinic.store).is_right, verify(clinic.store)
