"""What is stored already, and what a search would have to extract."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.client import WebAutoDash
from webautodash.client.extraction_sessions import SessionFilter
from webautodash.client.reports import Coverage, DayRange
from webautodash.errors import UnknownProvider, UsageError


def days(start: str, end: str) -> DayRange:
    return DayRange(date.fromisoformat(start), date.fromisoformat(end))


def coverage(clinic: Clinic, wanted: DayRange, medication: str = "Lisinopril", **options: Any) -> Coverage:
    with WebAutoDash(clinic.settings) as webautodash:
        return webautodash.coverage("gary_wang", medication, wanted.start_date, wanted.end_date, **options)


def store(clinic: Clinic, *prns: str, start: str | None, end: str | None, **metadata: Any) -> int:
    """Ingest a file of some patients, and give the number of its session."""
    assert clinic.ingest(a_file(*map(a_patient, prns), start=start, end=end, **metadata)).state == "ingested"
    return max(row["id"] for row in clinic.rows("extraction_sessions"))


def test_the_days_between_the_sessions_are_not_covered(clinic: Clinic) -> None:
    first = store(clinic, "P1", start="2024-01-01", end="2024-03-31", medication=" LISINOPRIL")
    second = store(clinic, "P1", start="2024-04-01", end="2024-05-31", at="2024-06-01T09:00:00Z")
    third = store(clinic, "P1", start="2024-07-02", end="2024-12-31", medication="all", at=None)
    store(clinic, "P1", start="2024-06-01", end="2024-07-01", medication="Aspirin")
    store(clinic, "P1", start="2024-06-01", end="2024-07-01", medication=None)
    store(clinic, "P1", start="2024-06-01", end=None)
    store(clinic, "P1", start="2024-07-01", end="2024-06-01")
    found = coverage(clinic, days("2023-12-31", "2024-12-31"))
    assert (found.provider, found.is_covered) == ("gary_wang", False)
    assert found.uncovered == (days("2023-12-31", "2023-12-31"), days("2024-06-01", "2024-07-01"))
    assert [one.id for one in found.sessions] == [first, second, third]
    assert coverage(clinic, days("2024-01-01", "2024-05-31"), "lisinopril ").is_covered
    assert coverage(clinic, days("2024-06-02", "2024-06-03"), "Aspirin").is_covered
    assert [one.id for one in coverage(clinic, days("2020-01-01", "2025-12-31"), "ALL").sessions] == [third]


def test_the_newest_is_the_latest_extraction(clinic: Clinic) -> None:
    store(clinic, "P1", start="2024-01-01", end="2024-01-31", at="2024-06-01T09:00:00Z")
    store(clinic, "P2", start="2024-01-01", end="2024-01-31", at="2024-02-01T09:00:00Z")
    found = coverage(clinic, days("2024-01-01", "2024-01-31"))
    assert found.newest_at == datetime(2024, 6, 1, 9, tzinfo=UTC)
    age = (datetime.now(UTC) - found.newest_at).total_seconds()
    assert found.newest_age_seconds is not None
    assert 0 <= age - found.newest_age_seconds < 60
    nothing = coverage(clinic, days("2023-01-01", "2023-01-31"))
    assert (nothing.newest_at, nothing.newest_age_seconds, nothing.sessions) == (None, None, ())


def test_a_failed_extraction_is_missing_until_a_later_one_is_complete(clinic: Clinic) -> None:
    searched = {"start": "2024-01-01", "end": "2024-01-31"}
    failed = a_patient("P2", extraction_status="failed")
    assert clinic.ingest(a_file(a_patient("P1"), failed, a_patient(None), **searched)).state == "partial"
    wanted = days("2024-01-01", "2024-01-31")
    found = coverage(clinic, wanted)
    assert found.is_covered
    assert [(one.prn, one.reason, one.session_id) for one in found.missing_patients] == [
        ("P2", "incomplete_extraction", 1),
        (None, "no_prn", 1),
    ]
    store(clinic, "P2", **searched, at="2024-03-01T00:00:00")
    assert [one.prn for one in coverage(clinic, wanted).missing_patients] == [None]


def test_a_patient_is_covered_by_complete_extractions_only(clinic: Clinic) -> None:
    january, february = {"start": "2024-01-01", "end": "2024-01-31"}, {"start": "2024-02-01", "end": "2024-02-29"}
    first = store(clinic, "P1", "P2", **january)
    clinic.ingest(a_file(a_patient("P1"), a_patient("P2", extraction_status="failed"), **february))
    wanted = days("2024-01-01", "2024-02-29")
    assert coverage(clinic, wanted, prns=["P1", "P1"]).is_covered
    found = coverage(clinic, wanted, prns=["P1", " P2 ", "P3"])
    assert found.uncovered == (wanted,)
    assert [(one.prn, one.sessions, one.uncovered) for one in found.patients] == [
        ("P1", (first, first + 1), ()),
        ("P2", (first,), (days("2024-02-01", "2024-02-29"),)),
        ("P3", (), (wanted,)),
    ]
    assert [(one.prn, one.session_id) for one in found.missing_patients] == [("P2", first + 1)]
    # The same content again is a duplicate, which is a complete extraction too.
    again = store(clinic, "P2", **january, at="2024-05-01T00:00:00")
    assert coverage(clinic, days("2024-01-01", "2024-01-31"), prns=["P2"]).patients[0].sessions == (first, again)


def test_two_prns_that_differ_in_case_are_two_patients(clinic: Clinic) -> None:
    store(clinic, "p1", start="2024-01-01", end="2024-01-31")
    wanted = days("2024-01-01", "2024-01-31")
    assert coverage(clinic, wanted, prns=["p1"]).is_covered
    assert not coverage(clinic, wanted, prns=["P1"]).is_covered


def found(clinic: Clinic, **wanted: Any) -> list[int]:
    with WebAutoDash(clinic.settings) as webautodash:
        return [one.id for one in webautodash.extraction_sessions.search("gary_wang", SessionFilter(**wanted)).items]


def test_sessions_are_found_by_medication_range_and_time(clinic: Clinic) -> None:
    store(clinic, "P1", start="2024-01-01", end="2024-01-31", medication="LISINOPRIL ", at="2024-02-01T00:00:00Z")
    store(clinic, "P2", start="2024-02-01", end="2024-02-29", medication="Lisinopril", at="2024-03-01T00:00:00Z")
    store(clinic, "P3", start=None, end=None, medication="Lisinopril", at=None)
    store(clinic, "P4", start="2024-02-01", end="2024-03-31", medication="Xánax", at="2024-03-02T00:00:00Z")
    march = datetime(2024, 3, 1, tzinfo=UTC)
    assert found(clinic) == [1, 2, 3, 4]
    assert found(clinic, medication="lisinopril") == [1, 2, 3]
    assert (found(clinic, medication="xanax"), found(clinic, medication="XÁNAX")) == ([], [4])
    assert found(clinic, start_date=date(2024, 1, 31), end_date=date(2024, 1, 31)) == [1]
    assert found(clinic, start_date=date(2024, 2, 29)) == [2, 4]
    assert found(clinic, end_date=date(2024, 1, 31)) == [1]
    # A file without a time counts with the time of its ingest.
    assert found(clinic, since=march) == [2, 3, 4]
    assert found(clinic, until=march) == [1, 2]
    assert found(clinic, medication=" LISINOPRIL", since=march, until=march) == [2]
    with pytest.raises(UsageError):
        found(clinic, since=march, until=march - timedelta(seconds=1))


def test_a_page_of_a_medication_continues_after_its_last_session(clinic: Clinic) -> None:
    for number in range(6):
        store(clinic, f"P{number}", start="2024-01-01", end="2024-01-31", medication=["A", "B"][number % 2])
    with WebAutoDash(clinic.settings) as webautodash:
        search, wanted = webautodash.extraction_sessions.search, SessionFilter(medication="b")
        first = search("gary_wang", wanted, limit=2)
        assert ([one.id for one in first.items], first.next, first.more) == ([2, 4], 4, True)
        rest = search("gary_wang", wanted, limit=2, after=4)
        assert ([one.id for one in rest.items], rest.next, rest.more) == ([6], None, False)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
class TestOneProduct:
    def test_a_session_of_one_patient_covers_that_patient_alone(self, clinic: Clinic) -> None:
        store(clinic, "P1", start="2024-01-01", end="2024-01-31", extraction_mode="SINGLE_PATIENT")
        wanted = days("2024-01-01", "2024-01-31")
        assert not coverage(clinic, wanted).is_covered
        assert coverage(clinic, wanted, prns=["P1"]).is_covered

    def test_a_session_without_patients_covers_and_one_with_failures_alone_does_not(self, clinic: Clinic) -> None:
        clinic.ingest(a_file(start="2024-01-01", end="2024-01-31"))
        clinic.ingest(a_file(a_patient("P1", extraction_status="failed"), start="2024-02-01", end="2024-02-29"))
        found = coverage(clinic, days("2024-01-01", "2024-02-29"))
        assert found.uncovered == (days("2024-02-01", "2024-02-29"),)

    def test_a_question_without_a_medication_a_day_or_a_prn_is_refused(self, clinic: Clinic) -> None:
        store(clinic, "P1", start="2024-01-01", end="2024-01-31")
        for wanted, medication, prns in (
            (days("2024-01-02", "2024-01-01"), "Lisinopril", ()),
            (days("2024-01-01", "2024-01-02"), " ", ()),
            (days("2024-01-01", "2024-01-02"), "Lisinopril", [" "]),
        ):
            with pytest.raises(UsageError):
                coverage(clinic, wanted, medication, prns=prns)
        with WebAutoDash(clinic.settings) as webautodash, pytest.raises(UnknownProvider):
            webautodash.coverage("nobody", "Lisinopril", date(2024, 1, 1), date(2024, 1, 2))

    def test_the_number_of_statements_does_not_grow_with_the_sessions(
        self, clinic: Clinic, statements: list[str]
    ) -> None:
        numbers = []
        for first in (1, 11):
            for day in range(first, first + 10):
                store(clinic, f"P{day}", start=f"2024-01-{day:02}", end=f"2024-01-{day:02}")
            statements.clear()
            assert coverage(clinic, days("2024-01-01", f"2024-01-{first + 9:02}"), prns=["P1"]).sessions
            assert coverage(clinic, days("2024-01-01", f"2024-01-{first + 9:02}")).is_covered
            numbers.append(len(statements))
        assert numbers[0] == numbers[1]
