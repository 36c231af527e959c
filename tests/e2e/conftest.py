"""The command in an empty folder, and in a folder with a store to read."""

from pathlib import Path

import pytest
from shell import ForkedShell, Shell, fill


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Nothing but an empty Results folder."""
    return ForkedShell(tmp_path)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A store with two files: a change, a duplicate, a patient set aside. Tests only read it."""
    shell = ForkedShell(tmp_path_factory.mktemp("filled"))
    fill(shell)
    assert shell("ingest").status == 1
    return shell
