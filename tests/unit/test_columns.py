"""A table that has no end."""

from __future__ import annotations

import pytest

from webautodash.cli.terminal.tables import StreamedTable


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
