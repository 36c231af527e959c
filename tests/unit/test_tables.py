"""Tables as they stand in a pipe."""

from __future__ import annotations

import pytest

from webautodash.cli.terminal.tables import StreamedTable, show_numbers, show_table

LONG = "Dr " + "very " * 100 + "long"


def test_one_long_cell_makes_its_own_line_long_and_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["provider", "files", "reason"], [("Anna", 12, "x"), (LONG, 3, "y"), ("Zoë", None, None)])
    assert capsys.readouterr().out.splitlines() == [
        "provider  files  reason",
        "Anna         12  x",
        f"{LONG}      3  y",
        "Zoë",
    ]


def test_columns_are_as_wide_as_their_longest_usual_cell_whatever_the_script(
    capsys: pytest.CaptureFixture[str],
) -> None:
    usual = "a" * 60
    show_numbers(["provider", "files"], [(usual, 1), ("山田", 22), ("a" * 61, 3)])
    assert capsys.readouterr().out.splitlines() == [
        "provider" + " " * 54 + "files",
        usual + "  " + "    1",
        "山田" + " " * 58 + "   22",
        "a" * 61 + "  " + "    3",
    ]


def test_where_most_cells_are_long_they_stand_in_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    paths = ["a" * 70, "b" * 90, "c" * 80, "d" * 400]
    show_table(["file", "reason"], [(path, "x") for path in paths])
    assert capsys.readouterr().out.splitlines() == [
        f"{'file':<90}  reason",
        *(f"{path:<90}  x" for path in paths),
    ]


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
