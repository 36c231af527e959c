"""A fleet of a few small databases, and the command line over it."""

from collections.abc import Callable

import pytest
from builders import FLEET_NAMES, FLEET_SLUGS, Clinic, NewClinic, a_file, a_patient

from webautodash.services import revisions
from webautodash.services.revisions import SchemaHistory


@pytest.fixture
def clinic(open_clinic: NewClinic) -> Clinic:
    """Four providers, each with a patient; once for each backend."""
    clinic = open_clinic()
    for name, slug in zip(FLEET_NAMES, FLEET_SLUGS, strict=True):
        clinic.ingest(a_file(a_patient(f"{slug}-1", allergies=["Latex"]), provider=name), folder=slug)
    return clinic


@pytest.fixture
def behind(clinic: Clinic) -> Callable[..., None]:
    """Take databases back to a revision, as an earlier version of the program left them."""

    def take_back(revision: str, *slugs: str) -> None:
        for slug in slugs or FLEET_SLUGS:
            revisions.downgrade(clinic.database(slug), SchemaHistory.PROVIDER, revision)

    return take_back
