"""What an error's text may hold."""

from __future__ import annotations

from pathlib import Path

from webautodash.errors import MalformedDocument, UnusableFile


def test_a_file_name_that_is_no_text_is_escaped() -> None:
    message = str(UnusableFile(Path("a\udcff\x1b[2Jb.json"), "is a symbolic link"))
    assert message == "a\\udcff\\x1b[2Jb.json: is a symbolic link"
    message.encode("utf-8")


def test_letters_of_every_script_stay() -> None:
    assert str(MalformedDocument(Path("Zoë_жир.json"), "line 1, column 2", "x")) == "Zoë_жир.json, line 1, column 2: x"
