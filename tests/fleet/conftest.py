"""A fleet of a few small databases, and the command line over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import FLEET_NAMES, FLEET_SLUGS, Clinic, a_file, a_patient

from webautodash.database import Database
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services import revisions
from webautodash.services.revisions import SchemaHistory


@pytest.fixture
def clinic(server_url: str, database_prefix: str, tmp_path: Path) -> Iterator[Clinic]:
    """Four providers, each with a patient; once for each backend."""
    clinic = Clinic(server_url, database_prefix, tmp_path)
    for name, slug in zip(FLEET_NAMES, FLEET_SLUGS, strict=True):
        clinic.ingest(a_file(a_patient(f"{slug}-1", allergies=["Latex"]), provider=name), folder=slug)
    yield clinic
    clinic.store.close()


@pytest.fixture
def database(clinic: Clinic) -> Callable[[str], Database]:
    """A provider's database, by slug."""

    def named(slug: str) -> Database:
        return clinic.store.server.database(clinic.settings.database_prefix + slug, UnitOfWork)

    return named


@pytest.fixture
def behind(database: Callable[[str], Database]) -> Callable[..., None]:
    """Take databases back to a revision, as an earlier version of the program left them."""

    def take_back(revision: str, *slugs: str) -> None:
        for slug in slugs or FLEET_SLUGS:
            revisions.downgrade(database(slug), SchemaHistory.PROVIDER, revision)

    return take_back
