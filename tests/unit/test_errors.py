"""The text of errors."""

import pickle
from pathlib import Path

import pytest

from webautodash.config import Settings
from webautodash.errors import ConfigurationError, DatabaseBusy, MalformedDocument, UnusableFile
from webautodash.errors.base import where_from


def test_a_file_name_that_is_no_text_is_escaped() -> None:
    message = str(UnusableFile(Path("a\udcff\x1b[2Jb.json"), "is a symbolic link"))
    assert message == "a\\udcff\\x1b[2Jb.json: is a symbolic link"
    message.encode("utf-8")


def test_letters_of_every_script_stay() -> None:
    assert str(MalformedDocument(Path("Zoë_жир.json"), "line 1, column 2", "x")) == "Zoë_жир.json, line 1, column 2: x"


def test_lines_stay_lines() -> None:
    assert str(UnusableFile(Path("a.json"), "first\nsecond\t\x1b")).endswith("first\nsecond\\t\\x1b")


def test_an_error_keeps_its_text_and_attributes_between_processes() -> None:
    for error in (MalformedDocument(Path("a.json"), "line 1", "x", truncated=True), DatabaseBusy("db", "1205")):
        there = pickle.loads(pickle.dumps(error))  # noqa: S301  # its own
        assert type(there) is type(error)
        assert (str(there), vars(there)) == (str(error), vars(error))
        assert vars(there)


def test_an_unexpected_error_is_reported_by_its_type_and_place_only() -> None:
    try:
        raise ValueError("a value")
    except ValueError as error:
        message, line = where_from(error), error.__traceback__.tb_lineno  # type: ignore[union-attr]  # it was raised
    assert message == f"unexpected ValueError at test_errors.py, line {line}; please report it"


def test_an_error_about_the_settings_has_no_cause_or_context(tmp_path: Path) -> None:
    (tmp_path / "env").write_bytes(b"WEBAUTODASH_DB_PASSWORD=\xff")
    for values in ({"db_port": "a secret"}, {"_env_file": tmp_path / "env"}, {"timezone": "a secret"}):
        with pytest.raises(ConfigurationError) as caught:
            Settings.load(**{"_env_file": None, **values})
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)
