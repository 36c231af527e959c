"""Empty caches, and files to read, for tests without a database."""

from collections.abc import Callable
from pathlib import Path

import pytest

from webautodash.domain import checksum, dates
from webautodash.domain.extraction.document import split_document
from webautodash.domain.extraction.lists import derived_columns

_CACHES = (
    checksum._FOLDED,
    checksum._ENDS,
    derived_columns._TYPES,
    derived_columns._STRENGTHS,
    derived_columns._CODES,
    *map(dates.days, dates.DateOrder),
)


def pytest_runtest_setup() -> None:
    """Clear the caches: a cached answer does not test the code that gave it."""
    for cached in _CACHES:
        cached.clear()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    """Write a file, and return its path."""

    def write(content: bytes) -> Path:
        path = tmp_path / "file.json"
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def most_patients(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many patients a file may have, lowered from a million: the rule is the same, and its test is quick."""
    assert split_document.MOST_PATIENTS == 1_000_000
    most = 1_000
    monkeypatch.setattr(split_document, "MOST_PATIENTS", most)
    monkeypatch.setattr(split_document, "_MAY_HAVE_MANY", 2 * most)
    return most
