"""How much is said on stderr."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest

from webautodash.cli.terminal.verbosity import LogFormat, Verbosity

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
    said = Verbosity(**wanted)
    assert (said.level, said.shows_progress) == (level, progress)
