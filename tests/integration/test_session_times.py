"""Correcting the time of a session corrects everything that was derived from it."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient
from servers import BACKENDS
from stored_content import content, earlier_version

from webautodash.cli.advice import advice_on
from webautodash.domain.vocabulary import ConflictStatus
from webautodash.errors import NotFound, UsageError
from webautodash.services.doctor.databases import future_times, unread_times
from webautodash.services.review import conflicts, sessions
from webautodash.services.review.sessions import TimeCorrection
from webautodash.services.verify import verify

FUTURE = "2099-01-01T00:00:00"
FUTURE_AGAIN = "2024-12-31T00:00:00"
"""Later than all others, but valid."""


def visits(times: Sequence[str]) -> list[dict[str, Any]]:
    """Extractions of three patients, one of whom changes each time."""
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
    """Ingest files one by one."""
    for place in order or range(len(files)):
        clinic.ingest(files[place], name=f"{place}.json")


def _set_time(clinic: Clinic, time: str, number: int = 1, *, dry_run: bool = False) -> TimeCorrection:
    corrected = sessions.CorrectedTime(number, time, by="Ann", why="the robot's clock")
    return sessions.set_time(clinic.store, "gary_wang", corrected, dry_run=dry_run)


@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
def test_a_corrected_time_leaves_the_rows_of_an_ingest_with_the_right_time(
    clinic: Clinic, open_clinic: Callable[..., Clinic]
) -> None:
    right = [f"2024-0{month}-01T00:00:00" for month in range(1, 6)]
    with earlier_version():
        ingest_all(clinic, visits([FUTURE, *right[1:]]))
    wrong = clinic.rows("data_conflicts")
    done = _set_time(clinic, right[0])
    other = open_clinic(beside="o_")
    ingest_all(other, visits(right))
    assert content(clinic) == content(other)
    assert (done.patients, done.patients_changed) == (3, 3)
    assert min(done.conflicts_closed, done.conflicts_added) > 0
    # Nothing is deleted, and each step has its reviewer.
    assert {row["id"] for row in wrong} <= {row["id"] for row in clinic.rows("data_conflicts")}
    reviews = clinic.rows("conflict_reviews")
    assert {(row["reviewed_by"], row["notes"]) for row in reviews} == {("Ann", "the robot's clock")}
    assert verify(clinic.store).is_right, verify(clinic.store)


def test_decisions_of_a_person_stay_and_setting_the_time_back_reopens_the_other_conflicts(clinic: Clinic) -> None:
    right = [f"2024-0{month}-01T00:00:00" for month in range(1, 5)]
    with earlier_version():
        ingest_all(clinic, visits([FUTURE, *right[1:]]))
    [decided, *_] = [
        row["id"]
        for row in clinic.rows("data_conflicts")
        if {row["extraction_session_id_1"], row["extraction_session_id_2"]} == {1, 4}
    ]
    conflicts.resolve(clinic.store, "gary_wang", decided, ConflictStatus.RESOLVED, by="Bob", why="seen")
    (kept,) = (row for row in clinic.rows("data_conflicts") if row["id"] == decided)
    dry = _set_time(clinic, right[0], dry_run=True)
    assert clinic.rows("session_decisions") == []
    done = _set_time(clinic, right[0])
    assert (done.conflicts_decided, dry.conflicts_closed) == (1, done.conflicts_closed)
    assert kept in clinic.rows("data_conflicts")
    back = _set_time(clinic, FUTURE_AGAIN)
    assert back.conflicts_reopened > 0
    shown = sessions.show(clinic.store, "gary_wang", 1)
    assert [(each.kind, each.decided_by) for each in shown.decisions] == [("set_time", "Ann")] * 2
    assert verify(clinic.store).is_right, verify(clinic.store)


@pytest.mark.parametrize(
    ("number", "time", "error"),
    [
        (1, "2099-01-01T00:00:00", UsageError),
        (1, "yesterday", UsageError),
        (1, "2024-01-01T00:00:00", UsageError),
        (9, "2024-02-01T00:00:00", NotFound),
    ],
)
def test_a_time_that_is_refused_changes_nothing(clinic: Clinic, number: int, time: str, error: type[Exception]) -> None:
    ingest_all(clinic, visits(["2024-01-01T00:00:00"]))
    with pytest.raises(error):
        _set_time(clinic, time, number)
    assert clinic.rows("session_decisions") == []


def test_the_doctor_names_sessions_whose_time_could_not_be_read(clinic: Clinic) -> None:
    # None of these is a valid time, and only two of the files have any.
    for number, at in enumerate(["01/01/2099", 1_700_000_000, None, "  ", "2024-01-01T00:00:00"]):
        clinic.ingest(a_file(a_patient(f"GW{number}"), at=at, note="extracted_at"))  # type: ignore[arg-type]
    [owner] = clinic.store.providers()
    [found] = unread_times(clinic.store, owner)
    assert (found.code, found.severity) == ("session.unread_time", "warning")
    assert found.message.startswith("sessions 1, 2: ")
    _set_time(clinic, "2024-02-01T00:00:00")
    [left] = unread_times(clinic.store, owner)
    assert left.message.startswith("session 2: ")


def test_the_doctor_names_sessions_of_the_future(clinic: Clinic) -> None:
    with earlier_version():
        ingest_all(clinic, visits([FUTURE, "2024-01-01T00:00:00"]))
    [owner] = clinic.store.providers()
    [found] = future_times(clinic.store, owner)
    assert (found.code, found.severity, found.subject) == ("session.future_time", "error", "gary_wang")
    assert advice_on(found) == "webautodash session set-time --by NAME --why TEXT gary_wang 1 TIME"
    _set_time(clinic, "2024-02-01T00:00:00")
    assert list(future_times(clinic.store, owner)) == []
