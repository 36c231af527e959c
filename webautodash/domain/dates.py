"""Dates and times: the clock, and parsing what portals write; anything else is None, and its raw text is stored."""

import datetime
import re
from enum import StrEnum
from functools import cache

from webautodash.domain.bounded_cache import BoundedCache, up_to_length

FIRST_YEAR = 1000  # the first year that the date columns of every supported database product hold; the last is 9999

_LONGEST = 40  # no accepted form is longer; hostile texts must not fill the cache

_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]((?:[01][0-9]|2[0-3]):[0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,9}))?)?"
    r"(Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?)?"
)


class DateOrder(StrEnum):
    """The order of day and month in dates with slashes. The text itself does not tell."""

    MDY = "mdy"
    """The month first: 12/31/2024."""
    DMY = "dmy"
    """The day first: 31/12/2024."""


def utc_now() -> datetime.datetime:
    """The current time, timezone-aware, in UTC."""
    return datetime.datetime.now(datetime.UTC)


def parse_date(text: str | None, order: DateOrder = DateOrder.MDY) -> datetime.date | None:
    """The day in a text, or None.

    Accepts 1/31/2024 and 01/31/2024 (the day first with DateOrder.DMY), 2024-01-31, and an ISO date-time, of which the
    date is used as it is written, whatever the zone. Years from 1000 to 9999 with four digits. None for anything else:
    parts of a date, two-digit years, days that the calendar does not have. Never raises.
    """
    return days(order)[text]


@cache
def days(order: DateOrder) -> BoundedCache[str | None, datetime.date | None]:
    """``parse_date`` with a cache: a patient has about forty dates, a practice a few thousand days."""
    return BoundedCache(lambda text: None if text is None else _date(text.strip(), order), up_to_length(_LONGEST))


def parse_instant(text: str | None, naive_zone: datetime.tzinfo) -> datetime.datetime | None:
    """The time in an ISO date-time, aware, in UTC, to the microsecond (further digits are cut).

    Without an offset or "Z", it is a local time in `naive_zone`; a date alone is its midnight there. None for anything
    else and for times outside the years 1000 to 9999 in UTC. Never raises.
    """
    if text is None or len(stripped := text.strip()) > _LONGEST:
        return None
    if (parts := _ISO.fullmatch(stripped)) is None:
        return None
    day, clock, seconds, fraction, offset = parts.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    try:
        local = datetime.datetime.fromisoformat(f"{day}T{clock or '00:00'}:{seconds or '00'}.{micros}{offset or ''}")
        aware = local if local.tzinfo is not None else local.replace(tzinfo=naive_zone)
        instant = aware.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
    return instant if instant.year >= FIRST_YEAR else None


def _date(text: str, order: DateOrder) -> datetime.date | None:
    if len(text) > _LONGEST:
        return None
    if (slashed := _SLASHED.fullmatch(text)) is not None:
        first, second, year = map(int, slashed.groups())
        month, day = (first, second) if order is DateOrder.MDY else (second, first)
    elif (iso := _ISO.fullmatch(text)) is not None:
        year, month, day = map(int, iso[1].split("-"))
    else:
        return None
    if year < FIRST_YEAR:
        return None
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None
