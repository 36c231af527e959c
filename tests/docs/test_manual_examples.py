"""The examples of the manual are run."""

import os
from pathlib import Path

import pytest
from manual import PAGES, ROOT, blocks
from shell import run_forked
from transcripts import pages, refreshed


def _run(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = run_forked(words, folder, environment, 60)
    return done.out + done.err


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_commands_print_what_the_page_shows(page: Path) -> None:
    assert refreshed(page, _run) == page.read_text(encoding="utf-8"), "run `make docs`"


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.stem)
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Results").symlink_to(ROOT / "Results")
    for name in [name for name in os.environ if name.startswith("WEBAUTODASH_")]:
        monkeypatch.delenv(name)
    for example in blocks(page, "python"):
        exec(compile(example, page.name, "exec"), {})  # noqa: S102  # our own page
