"""The registry's name of a file, and the file that a name stands for."""

import os
from pathlib import Path

import pytest
from hypothesis import example, given, strategies as st

from webautodash.domain.file_paths import as_text, from_text, is_extraction, is_watched, shown_folder

# Letters that an escape is made of are more likely than chance would have them.
PATHS = st.lists(st.sampled_from([b"\\", b"\\udcff", b"udc80", b"\xff", b"\x80", "é".encode(), b"a", b"/"])).map(
    lambda parts: os.fsdecode(b"".join(parts))
)


@given(PATHS)
@example(os.fsdecode(b"\\\xff"))
@example("\\udcff")
@example("a/b.json")
def test_a_path_and_its_text_correspond_and_the_text_is_utf_8(path: str) -> None:
    text = as_text(path)
    text.encode()
    assert from_text(text) == path


@pytest.mark.parametrize("name", ["a.json", "A.JSON", "é.json", "a.b.json"])
def test_names_of_extractions(name: str) -> None:
    assert is_extraction(name)
    assert is_watched(f"gary_wang/{name}", "")
    assert not is_watched(f"/elsewhere/{name}", "")
    assert not is_watched(f"gary_wang/deep/{name}", "")
    assert is_watched(f"other://gary_wang/{name}", "other://")
    assert not is_watched(f"other://gary_wang/{name}", "")
    assert not is_watched(f"gary_wang/{name}", "other://")


@pytest.mark.parametrize("name", [".a.json", "a.txt", "a.json.tmp", "a.tmp.json", "a.part.json"])
def test_names_of_other_files(name: str) -> None:
    assert not is_extraction(name)
    assert not is_watched(f"gary_wang/{name}", "")


def test_the_shown_folder_is_relative_to_results_if_it_is_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    results = Path("Results")
    assert shown_folder("Results", results) == ""
    assert shown_folder(str(tmp_path / "Results" / "a"), results) == "a/"
    assert shown_folder("Results/b/../a", results) == "b/../a/"
    assert shown_folder(".", results) == f"{tmp_path}/"
    assert shown_folder("/", results) == "/"
