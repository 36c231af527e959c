"""A store to examine, an empty working folder, and accounts with just the rights that a test gives them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import Clinic, NewClinic, Problems, fill_two_providers
from server_accounts import Accounts

from webautodash.config import Settings
from webautodash.services.doctor import Finding, examine


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the test, with no settings in the environment."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in os.environ:
        if name.startswith("WEBAUTODASH_") and not name.startswith("WEBAUTODASH_TEST_"):
            monkeypatch.delenv(name)
    return folder


@pytest.fixture
def clinic(open_clinic: NewClinic) -> Clinic:
    """A store with two providers and a closed Results folder; once for each backend."""
    clinic = open_clinic()
    fill_two_providers(clinic)
    return clinic


@pytest.fixture
def found() -> Problems:
    """Examines a store: its problems by code."""

    def examined(settings: Settings) -> dict[str, list[Finding]]:
        by_code: dict[str, list[Finding]] = {}
        for one in examine(settings).findings:
            if one.severity != "ok":
                by_code.setdefault(one.code, []).append(one)
        return by_code

    return examined


@pytest.fixture
def accounts(server_url: str) -> Iterator[Accounts]:
    """Accounts for this test on the server of the backend."""
    accounts = Accounts(server_url)
    yield accounts
    accounts.remove()
