import datetime
from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from webautodash.domain.dates import DateOrder, parse_date, parse_instant

STORABLE_DATES = st.dates(min_value=date(1000, 1, 1))
CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/2/2020", date(2020, 1, 2)),
        ("01/02/2020", date(2020, 1, 2)),
        (" 12/31/1999 ", date(1999, 12, 31)),
        ("02/29/2024", date(2024, 2, 29)),
        ("2024-02-04", date(2024, 2, 4)),
        ("2024-02-04T23:30", date(2024, 2, 4)),
        ("2024-02-04T09:00:00", date(2024, 2, 4)),
        ("2024-02-04 09:00:00.1234567", date(2024, 2, 4)),
        ("2024-02-04T23:30:00-05:00", date(2024, 2, 4)),
        ("2024-02-04T00:30:00Z", date(2024, 2, 4)),
        ("1000-01-01", date(1000, 1, 1)),
        ("12/31/9999", date(9999, 12, 31)),
    ],
)
def test_a_date(text: str, expected: date) -> None:
    assert parse_date(text) == expected
    assert type(parse_date(text)) is date


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", " ", "2026", "10", "N/A", "01/2020", "2020-01", "1/2/20", "20-01-02", "02/30/2020"),
        *("2/29/2023", "13/01/2020", "0/1/2020", "00/00/0000", "0000-00-00", "0999-12-31", "1/1/0001"),
        *("2020-13-01", "2020-1-2", "20200102", "2020-W01-1", "01-02-2020", "1.2.2020", "2020/01/02"),
        *("01/02/2020 - 02/02/2020", "01/02/2020 - ", "01/02/2020\n01/03/2020", "２０２０-０１-０２", "١/٢/٢٠٢٠"),
        *("2020-01-02T25:00", "2020-01-02T24:00:00", "2020-01-02T10:61", "2020-01-02T10"),
        *("2020-01-02T10:00:00+99:00", "2020-01-02Tnoon", "2020-01-02Z", "1" * 1_000_000, "\x00"),
    ],
    ids=lambda text: ascii(text)[:30],
)
@pytest.mark.parametrize("order", [DateOrder.MDY, None])
def test_any_other_text_is_not_a_date(text: str | None, order: DateOrder | None) -> None:
    assert (parse_date(text) if order is None else parse_date(text, order)) is None


@given(STORABLE_DATES)
def test_every_date_is_read_in_every_form(day: date) -> None:
    y, m, d = f"{day.year:04}", day.month, day.day
    assert parse_date(day.isoformat()) == day
    assert parse_date(f"{m}/{d}/{y}") == parse_date(f"{m:02}/{d:02}/{y}") == day
    assert parse_date(f"{d}/{m}/{y}", DateOrder.DMY) == day


def test_a_date_is_read_in_the_given_order_only() -> None:
    assert parse_date("03/04/2020") == date(2020, 3, 4)
    assert parse_date("03/04/2020", DateOrder.DMY) == date(2020, 4, 3)
    assert parse_date("31/12/2020") is None
    assert parse_date("12/31/2020", DateOrder.DMY) is None
    assert parse_date("2020-03-04", DateOrder.DMY) == date(2020, 3, 4)


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_none(text: str) -> None:
    assert parse_date(text) is None or isinstance(parse_date(text), date)
    parse_instant(text, UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-04T09:00:00", "2024-02-04T15:00:00+00:00"),
        ("2024-07-04T09:00:00", "2024-07-04T14:00:00+00:00"),
        ("2024-02-04 09:00", "2024-02-04T15:00:00+00:00"),
        ("2024-02-04", "2024-02-04T06:00:00+00:00"),
        ("2024-02-04T09:00:00Z", "2024-02-04T09:00:00+00:00"),
        ("2024-02-04T09:00:00+02:00", "2024-02-04T07:00:00+00:00"),
        ("2024-02-04T09:00:00-0530", "2024-02-04T14:30:00+00:00"),
        ("2024-02-04T09:00:00+02", "2024-02-04T07:00:00+00:00"),
        ("2024-02-04T09:00:00.5Z", "2024-02-04T09:00:00.500000+00:00"),
        ("2024-02-04T09:00:00.123456789Z", "2024-02-04T09:00:00.123456+00:00"),
        (" 2024-02-04T09:00:00Z\n", "2024-02-04T09:00:00+00:00"),
    ],
)
def test_an_instant_is_in_utc(text: str, expected: str) -> None:
    instant = parse_instant(text, CHICAGO)
    assert instant is not None
    assert instant.isoformat() == expected
    assert instant.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "02/04/2024", "2024", "2024-02-30T00:00:00", "2024-02-04T09:00:60", "2024-02-04T24:00:00"),
        *("2024-02-04T09:00:00 CST", "2024-02-04Z", "0001-01-01T00:00:00+14:00", "0999-12-31T00:00:00Z"),
        *("1000-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1707037200"),
        *("2024-02-04T09:00:00.Z", "2024-02-04T09:00:00" + "0" * 1_000_000),
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_any_other_text_is_not_an_instant(text: str | None) -> None:
    assert parse_instant(text, CHICAGO) is None


@pytest.mark.parametrize("zone", [CHICAGO, ZoneInfo("Pacific/Auckland"), UTC], ids=str)
@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"])
def test_a_local_time_at_the_ends_of_the_calendar_never_raises(text: str, zone: datetime.tzinfo) -> None:
    instant = parse_instant(text, zone)
    assert instant is None or 1000 <= instant.year <= 9999


@given(st.datetimes(min_value=datetime.datetime(1900, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_the_same_moment_in_any_zone_is_the_same_instant(moment: datetime.datetime) -> None:
    offset = moment.utcoffset()
    if offset is None or offset.total_seconds() % 60 or moment.year > 9998 or moment.year < 1901:
        return
    assert parse_instant(moment.isoformat(), UTC) == moment.astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-11-03T01:30:00", "2024-11-03T06:30:00"),  # twice: the earlier one, in summer time
        ("2024-11-03T02:30:00", "2024-11-03T08:30:00"),
        ("2024-03-10T02:30:00", "2024-03-10T08:30:00"),  # never: as 3:30 in summer time
        ("2024-03-10T03:30:00", "2024-03-10T08:30:00"),
    ],
)
def test_a_repeated_local_time_is_the_earlier_one_and_a_skipped_one_the_later(text: str, utc: str) -> None:
    assert parse_instant(text, CHICAGO) == datetime.datetime.fromisoformat(utc).replace(tzinfo=UTC)
