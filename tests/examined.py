"""A store to examine, and what is found in it."""

from __future__ import annotations

from collections.abc import Callable

from builders import Clinic, a_file, a_patient

from webautodash.config import Settings
from webautodash.services.doctor import Finding

Problems = Callable[[Settings], dict[str, list[Finding]]]
"""Examines a store: its findings by code, without those that only say that all is right."""


def fill(clinic: Clinic) -> None:
    """Two providers, a patient each, and a closed Results folder."""
    clinic.results.chmod(0o700)
    clinic.ingest(a_file(a_patient("GW1", medications=["Aspirin 81 mg"])))
    clinic.ingest(a_file(a_patient("AK1"), provider="Anna Keller"), folder="anna_keller")
