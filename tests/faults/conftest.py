"""A Results folder with files of every outcome, and new stores to ingest them into."""

from pathlib import Path
from typing import Any

import pytest
from builders import NewSettings, a_file, a_patient, write_file
from contents import contents
from jobs import ingest

from webautodash.config import Settings


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three providers, two of them not registered before; a second extraction with changes; patients set aside."""
    folder = tmp_path_factory.mktemp("files") / "Results"
    later, latest = "2025-01-01T00:00:00", "2025-06-01T00:00:00"
    write_file(folder / "gary_wang/1.json", a_file(*_patients(50)))
    write_file(folder / "gary_wang/2.json", a_file(*_patients(55, changed=True), "unreadable", at=later))
    write_file(folder / "gary_wang/2_again.json", a_file(*_patients(55, changed=True), "unreadable", at=later))
    write_file(folder / "gary_wang/3.json", a_file(*_patients(30), a_patient(None), medication="Xanax", at=latest))
    write_file(folder / "renee_omalley/1.json", a_file(*_patients(20), provider="Renée O'Malley"))
    write_file(
        folder / "renee_omalley/2.json", a_file(*_patients(20, changed=True), provider="Renée O'Malley", at=later)
    )
    write_file(folder / "sam_osei/1.json", a_file(*_patients(10), provider=None, at=latest))
    return folder


@pytest.fixture
def fresh(server_url: str, database_prefix: str, results: Path, backend: str, tmp_path: Path) -> NewSettings:
    """The settings of a store that does not exist yet; each name is another store on the backend's server."""

    def settings(name: str, **values: Any) -> Settings:
        return Settings.load(
            **{
                "database_url": server_url,
                "database_prefix": f"{database_prefix}{name}_",
                "results_dir": results,
                "settle_seconds": 0,
                "_env_file": None,
                **values,
            }
        )

    return settings


@pytest.fixture
def clean(fresh: NewSettings) -> dict[str, Any]:
    """The content of a store after one undisturbed run over the Results folder."""
    settings = fresh("c")
    ingest(settings)
    found = contents(settings)
    assert set(found) == {"system", "gary_wang", "renee_omalley", "sam_osei"}
    assert len(found["gary_wang"]["data_conflicts"]) > 50
    return found


def _patients(number: int, *, changed: bool = False) -> list[dict[str, Any]]:
    """If changed, a third of the patients is the same, a third has another medication, a third has more changes."""
    patients = []
    for n in range(number):
        kind = n % 3 if changed else 0
        patients.append(
            a_patient(
                f"GW{n:04}",
                name=f"Person {n}" + (" Married" if kind == 2 else ""),
                age="36 yrs" if changed else "35 yrs",
                medications=["Aspirin 81 mg", "Xanax 1 mg" if kind == 0 else "Metformin 500 mg"],
                diagnoses=["Gout (M10.079)"],
                allergies=["Latex"] if kind == 2 else ["Latex", "Penicillin"],
                health_concerns=["Smoker"],
            )
        )
    return patients
