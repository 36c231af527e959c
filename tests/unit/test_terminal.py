"""Tables, times and the amount of output on a terminal or in a pipe."""

import logging
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from webautodash.cli.options import parse_time
from webautodash.cli.terminal.tables import StreamedTable, show_numbers, show_table
from webautodash.cli.terminal.verbosity import LogFormat, Verbosity
from webautodash.errors import UsageError

LONG = "Dr " + "very " * 100 + "long"


def test_one_long_cell_makes_its_own_line_long_and_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["provider", "files", "reason"], [("Anna", 12, "x"), (LONG, 3, "y"), ("Zoë", None, None)])
    assert capsys.readouterr().out.splitlines() == [
        "provider  files  reason",
        "Anna         12  x",
        f"{LONG}      3  y",
        "Zoë",
    ]


def test_columns_are_as_wide_as_their_longest_usual_cell_in_any_script(capsys: pytest.CaptureFixture[str]) -> None:
    usual = "a" * 60
    show_numbers(["provider", "files"], [(usual, 1), ("山田", 22), ("a" * 61, 3)])
    assert capsys.readouterr().out.splitlines() == [
        "provider" + " " * 54 + "files",
        usual + "  " + "    1",
        "山田" + " " * 58 + "   22",
        "a" * 61 + "  " + "    3",
    ]


def test_a_column_of_long_cells_is_as_wide_as_most_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    paths = ["a" * 70, "b" * 90, "c" * 80, "d" * 400]
    show_table(["file", "reason"], [(path, "x") for path in paths])
    assert capsys.readouterr().out.splitlines() == [f"{'file':<90}  reason", *(f"{path:<90}  x" for path in paths)]


def test_a_long_cell_does_not_widen_a_table_without_an_end(capsys: pytest.CaptureFixture[str]) -> None:
    columns = StreamedTable(id=3, provider=5, message=0)
    columns.show([(1, LONG, "a")])
    columns.show([(2, "Annabel", "b"), (3, "Bo", "c")])
    assert capsys.readouterr().out.splitlines() == [
        "id   provider  message",
        f"1    {LONG}  a",
        "2    Annabel   b",
        "3    Bo        c",
    ]


def test_columns_keep_their_places_and_only_a_longer_cell_moves_them(capsys: pytest.CaptureFixture[str]) -> None:
    columns = StreamedTable(id=4, level=8, message=0)
    columns.show([(1, "INFO", "a message of any length"), (2, None, "b")])
    columns.show([])
    columns.show([(3, "WARNING", "c")])
    columns.show([(123456, "INFO", "\x1b[2J\nd")])
    columns.show([(4, "INFO", None)])
    assert capsys.readouterr().out.splitlines() == [
        "id    level     message",
        "1     INFO      a message of any length",
        "2               b",
        "3     WARNING   c",
        "123456  INFO      �[2J d",
        "4       INFO",
    ]


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-10", datetime(2025, 3, 10, tzinfo=BERLIN)),
        (" 2025-03-10T09:00 ", datetime(2025, 3, 10, 9, tzinfo=BERLIN)),
        ("2025-03-10T09:00Z", datetime(2025, 3, 10, 9, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_in_the_zone_of_the_settings(text: str, expected: datetime) -> None:
    assert parse_time("--since", text, BERLIN) == expected


@pytest.mark.parametrize("text", ["90 seconds", "90 minutes", "2 hours", "7 days"])
def test_a_number_with_a_unit_is_a_time_before_now(text: str) -> None:
    number, unit = text.split()
    before = datetime.now(UTC)
    ago = timedelta(**{unit: int(number)})
    assert before <= parse_time("--since", number + unit[0], UTC) + ago <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["", "soon", "7", "7w", "-7d", "9999999d", "999999d", "2025-13-01"])
def test_any_other_time_is_wrong_use_of_the_option(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--older-than takes 2025-03-10"):
        parse_time("--older-than", text, UTC)


JSON = LogFormat.JSON


@pytest.mark.parametrize(
    ("wanted", "level", "progress"),
    [
        ({}, None, True),
        ({"quiet": True}, None, False),
        ({"verbose": True}, logging.INFO, False),
        ({"debug": True}, logging.DEBUG, False),
        ({"log_format": LogFormat.TEXT}, None, True),
        ({"log_format": JSON}, logging.INFO, False),
        ({"log_format": JSON, "quiet": True}, logging.WARNING, False),
        ({"log_format": JSON, "quiet": True, "verbose": True}, logging.INFO, False),
        ({"log_format": JSON, "debug": True}, logging.DEBUG, False),
    ],
)
def test_json_lines_show_the_log_and_no_moving_line_is_among_them(
    wanted: dict[str, Any], level: int | None, progress: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    verbosity = Verbosity(**wanted)
    assert (verbosity.level, verbosity.shows_progress) == (level, progress)
