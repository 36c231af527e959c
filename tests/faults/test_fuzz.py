"""A short run of `make fuzz`: no file crashes the reader, and a file that does is found and kept."""

import subprocess
import sys
from pathlib import Path

import fuzz
import pytest

from webautodash.domain.extraction.document import parse_document
from webautodash.domain.extraction.patient import read_patient
from webautodash.services.ingest import plan

_SECONDS = 60


@pytest.fixture
def most(pytestconfig: pytest.Config) -> int:
    """The number of files to try; `make test-all` tries more."""
    return 1_500 if pytestconfig.getoption("every_step") else 500


def test_no_file_crashes_the_reader(tmp_path: Path, most: int) -> None:
    kept, seen = fuzz.run("test", _SECONDS, tmp_path, most)
    assert [path.with_suffix(".txt").read_text() for path in kept] == []
    assert min(seen[what] for what in ("files", "refused", "planned")) > most / 5
    assert (
        min(seen[reason] for reason in ("duplicate_key", "half_character", "unusable_number", "nested_too_deeply")) > 5
    )


def test_the_same_seed_is_the_same_file() -> None:
    files = [fuzz.content(f"test/{number}") for number in range(50)]
    assert files == [fuzz.content(f"test/{number}") for number in range(50)]
    assert len(set(files)) == 50


def _raise_with_a_value(*_: object) -> None:
    raise KeyError(fuzz.CANARY)


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (read_patient, "says_all", lambda *_: True),
        (parse_document, "repeated_key", _raise_with_a_value),
        (plan, "_repeated", lambda _: {}),
        (read_patient, "_where", lambda _: fuzz.CANARY),
    ],
    ids=["a missing safeguard", "another error", "a PRN twice", "a value"],
)
def test_a_file_that_crashes_the_reader_is_found_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, module: object, name: str, broken: object
) -> None:
    monkeypatch.setattr(module, name, broken)
    kept, _ = fuzz.run("test", _SECONDS, tmp_path, most)
    assert kept
    assert fuzz.problem_with(kept[0], fuzz.Counter())
    monkeypatch.undo()
    assert fuzz.problem_with(kept[0], fuzz.Counter()) is None


def test_a_kept_file_can_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(fuzz.content("test/1"))
    done = subprocess.run(
        [sys.executable, fuzz.__file__, path], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
