"""Providers whose files came at an interval, and come no more."""

from datetime import UTC, datetime, timedelta
from typing import Any

from builders import Clinic, a_file, a_patient
from hypothesis import given, strategies as st

from webautodash.domain.dates import utc_now
from webautodash.domain.overdue import ended, overdue
from webautodash.services.monitor.system_alerts import check_and_send
from webautodash.services.statistics import status

START = datetime(2024, 1, 1, tzinfo=UTC)
HOURS = st.lists(st.integers(0, 2000), max_size=14)


def at(*hours: float) -> list[datetime]:
    return [START + timedelta(hours=hour) for hour in hours]


def stored(clinic: Clinic, *hours_ago: float) -> None:
    """Store a file for each time, in this order."""
    for number, hours in enumerate(hours_ago):
        clinic.ingest(a_file(a_patient(f"P{utc_now().timestamp()}-{number}")))
        [*_, row] = clinic.rows("extraction_sessions")
        moment = (utc_now() - timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M:%S.%f")
        clinic.execute("UPDATE extraction_sessions SET created_at = :at WHERE id = :id", at=moment, id=row["id"])


def test_three_intervals_without_a_file_are_overdue() -> None:
    days = at(0, 24, 48, 72)
    assert overdue(days, START + timedelta(hours=144)) is None
    found = overdue(days, START + timedelta(hours=145))
    assert found is not None
    assert (found.last_at, found.interval) == (days[-1], timedelta(days=1))
    assert overdue(days[1:], START + timedelta(days=99)) is None
    assert ended([*days, START + timedelta(hours=150)]) == found
    assert ended([*days, START + timedelta(hours=100)]) is None


@given(hours=HOURS, data=st.data())
def test_the_order_of_the_times_and_files_that_come_together_do_not_matter(hours: list[int], data: Any) -> None:
    now = START + timedelta(days=200)
    times = at(*hours)
    other = data.draw(st.permutations([*times, *times]))
    assert overdue(times, now) == overdue(other, now)
    assert ended(times) == ended(other)


def test_an_overdue_provider_is_alerted_once_and_shown_until_a_file_comes(clinic: Clinic) -> None:
    stored(clinic, 170, 146, 122, 98)
    for _ in range(2):
        check_and_send(clinic.store)
    alerts = [(row["kind"], row["provider"]) for row in clinic.system_rows("alerts")]
    assert alerts == [("silent", "gary_wang")]
    [shown] = status(clinic.store).overdue
    assert (shown.slug, shown.interval_seconds // 3600) in {("gary_wang", 24), ("gary_wang", 23)}
    stored(clinic, 0)
    for _ in range(2):
        check_and_send(clinic.store)
    assert [row["message"].startswith("resolved") for row in clinic.system_rows("alerts")] == [False, True]
    assert status(clinic.store).overdue == ()
