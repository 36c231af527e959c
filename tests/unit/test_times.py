"""Moments as a person gives them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from webautodash.cli.options import parse_time
from webautodash.errors import UsageError

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-10", datetime(2025, 3, 10, tzinfo=BERLIN)),
        (" 2025-03-10T09:00 ", datetime(2025, 3, 10, 9, tzinfo=BERLIN)),
        ("2025-03-10T09:00Z", datetime(2025, 3, 10, 9, tzinfo=UTC)),
    ],
)
def test_a_time_is_of_the_given_zone_where_it_names_none(text: str, expected: datetime) -> None:
    assert parse_time("--since", text, BERLIN) == expected


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        ("90m", timedelta(minutes=90)),
        ("2h", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
    ],
)
def test_a_number_with_a_unit_is_so_long_ago(text: str, ago: timedelta) -> None:
    before = datetime.now(UTC)
    assert before <= parse_time("--since", text, UTC) + ago <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["", "soon", "7", "7w", "-7d", "9999999d", "999999d", "2025-13-01"])
def test_anything_else_is_wrong_use_of_the_named_option(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--older-than takes 2025-03-10"):
        parse_time("--older-than", text, UTC)
