"""Extraction files and stores for tests: a builder states only what matters to its test."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from webautodash.config import Settings
from webautodash.database import Database, Server
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services.doctor import Finding
from webautodash.services.ingest.ingest_run import ingest_paths
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.store import Store

FLEET_NAMES = ("Ada Ash", "Ben Birch", "Cy Cedar", "Dee Dogwood")
FLEET_SLUGS = ("ada_ash", "ben_birch", "cy_cedar", "dee_dogwood")

Problems = Callable[[Settings], dict[str, list[Finding]]]
"""Examines a store: its findings by code, without those of severity "ok"."""

FULL_ITEMS: dict[str, dict[str, Any]] = {
    "medications": {
        "medication_name": "lisinopril 10 MG Oral Tablet",
        "medication_type": "active",
        "medication_strength": "10 MG",
        "sig": "once daily",
        "start_date": "2020-01-01",
        "stop_date": "2021-01-01",
        "dates": "1/1/2020 - ",
        "diagnosis": "Hypertension",
        "route": "oral",
    },
    "diagnoses": {
        "diagnosis_text": "Gout (M10.079)",
        "diagnosis_type": "current",
        "acuity": "acute",
        "start_date": "2020-01-01",
        "stop_date": "2021-01-01",
        "site": "left",
    },
    "allergies": {
        "allergen": "Latex",
        "allergy_type": "environmental",
        "reaction": "hives",
        "severity": "mild",
        "notes": "gloves",
        "onset": "childhood",
    },
    "health_concerns": {
        "concern_text": "Smoker",
        "concern_type": "active",
        "status": "open",
        "priority": "high",
        "start_date": "2020-01-01",
        "end_date": "2021-01-01",
        "notes": "a pack",
        "author": "nurse",
    },
}
"""By list, an item with every clinical field and an unknown one. A test has the checksum of these items."""

CLINICAL_TABLES = ("medications", "diagnoses", "allergies", "health_concerns", "other_records")


def a_patient(
    prn: object,
    *,
    name: str | None = "Test Person",
    born: str | None = "02/19/1988",
    gender: str | None = "Female",
    age: str = "35 yrs",
    uuid: str = "00000000-0000-4000-8000-000000000000",
    medications: list[Any] | None = None,
    diagnoses: list[Any] | None = None,
    allergies: list[Any] | None = None,
    health_concerns: list[Any] | None = None,
    demographics: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One patient; ``medications`` and ``diagnoses`` may be plain names."""
    printed = {"prn": prn, "patient_name": name, "date_of_birth": born, "age": age, "gender": gender}
    return {
        "patient_id": uuid,
        "patient_name": name,
        "demographics_printable": printed | (demographics or {}),
        "all_medications": [_item("medication_name", item) for item in medications or []],
        "all_diagnoses": [_item("diagnosis_text", item) for item in diagnoses or []],
        "all_allergies": allergies or [],
        "all_health_concerns": health_concerns or [],
        **more,
    }


def _item(key: str, item: Any) -> Any:
    return {key: item} if isinstance(item, str) else item


def a_file(
    *patients: Any,
    provider: str | None = "Gary Wang",
    medication: str | None = "Lisinopril",
    start: str | None = "2020-01-01",
    end: str | None = "2024-12-31",
    at: str | None = "2024-02-04T09:00:00",
    **metadata: Any,
) -> dict[str, Any]:
    """One extraction file as JSON values."""
    return {
        "extraction_metadata": {
            "job_id": 1,
            "job_name": "a job",
            "extraction_mode": "ALL_PATIENTS",
            "provider_name": provider,
            "portal_name": "Practice Fusion",
            "medication": medication,
            "start_date": start,
            "end_date": end,
            "extracted_at": at,
            **metadata,
        },
        "extraction_results": list(patients),
    }


def write_file(path: Path, content: object) -> Path:
    """Write an extraction file and its folder; the content is bytes or becomes JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode())
    return path


class Clinic:
    """A store on one server and a Results folder to drop files into."""

    def __init__(self, server_url: str, prefix: str, folder: Path, **settings: Any) -> None:
        self.results = folder / "Results"
        self.results.mkdir(exist_ok=True)
        self.settings = Settings.load(
            database_url=server_url,
            database_prefix=prefix,
            results_dir=self.results,
            **{"settle_seconds": 0.2, "_env_file": None, **settings},
        )
        self.store = Store.prepare(self.settings)
        self._files = 0

    def drop(self, content: object, folder: str = "gary_wang", name: str | None = None) -> Path:
        """Write a file below Results, as a portal robot would."""
        self._files += 1
        return write_file(self.results / folder / (name or f"file_{self._files:03}.json"), content)

    def ingest(self, content: object, folder: str = "gary_wang", name: str | None = None) -> FileOutcome:
        """Drop a file and ingest it."""
        path = self.drop(content, folder, name)
        return ingest_paths(self.store, [path]).files[0]

    def ingest_states(self, *paths: Path, **options: Any) -> list[str]:
        """Ingest some paths, or all of Results: the state of each file."""
        return [str(outcome.state) for outcome in ingest_paths(self.store, paths, **options).files]

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def reopen(self) -> None:
        """Close the store and open it again, as the next command does."""
        self.store.close()
        self.store = Store.prepare(self.settings)

    def database_name(self, provider: str = "gary_wang") -> str:
        """The name of one provider's database."""
        return self.settings.database_prefix + provider

    def database(self, provider: str = "gary_wang") -> Database[UnitOfWork]:
        """One provider's database."""
        return self.store.server.database(self.database_name(provider), UnitOfWork)

    def rows(self, table: str, provider: str = "gary_wang", order: str = "id") -> list[dict[str, Any]]:
        """All rows of a table of one provider's database."""
        return _rows(self.database(provider), table, order)

    def system_rows(self, table: str, order: str = "id") -> list[dict[str, Any]]:
        """All rows of a table of the system database."""
        return _rows(self.store.system, table, order)

    def count(self, table: str, provider: str = "gary_wang") -> int:
        """How many rows a table of one provider's database has."""
        return len(self.rows(table, provider))

    def conflicts(self, provider: str = "gary_wang") -> list[tuple[str, ...]]:
        """Type, field, severity and status of each conflict of one provider."""
        columns = ("conflict_type", "field_name", "severity", "status")
        return [tuple(row[name] for name in columns) for row in self.rows("data_conflicts", provider)]

    def execute(self, statement: str, provider: str = "gary_wang", **values: object) -> None:
        """Run a statement in one provider's database, as an administrator does by hand."""
        _execute(self.database(provider), statement, values)

    def execute_in_system(self, statement: str, **values: object) -> None:
        """Run a statement in the system database, as an administrator does by hand."""
        _execute(self.store.system, statement, values)


NewClinic = Callable[..., Clinic]
"""Opens a store with settings of its own."""


@contextmanager
def clinics(server_url: str, prefix: str, folder: Path) -> Iterator[NewClinic]:
    """Opens stores on one server, until the block ends; `beside` names one that is apart from the others."""
    with ExitStack() as opened:

        def open_one(beside: str = "", **settings: Any) -> Clinic:
            (folder / beside).mkdir(exist_ok=True)
            clinic = Clinic(server_url, prefix + beside, folder / beside, **settings)
            opened.callback(clinic.close)
            return clinic

        yield open_one


NewSettings = Callable[..., Settings]
"""The settings of a store that is not there yet, by a name."""


def new_database(server: Server, name: str) -> Database[UnitOfWork]:
    """Create an empty database."""
    server.create(name)
    return server.database(name, UnitOfWork)


def plain_database(server: Server, name: str) -> Database[Session]:
    """A database whose units of work are SQLAlchemy's sessions."""
    return server.database(name, lambda session: session)


def _rows(database: Database[Any], table: str, order: str) -> list[dict[str, Any]]:
    with database.engine.connect() as connection:
        found = connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY {order}")
        return [dict(row) for row in found.mappings()]


def _execute(database: Database[Any], statement: str, values: dict[str, object]) -> None:
    with database.engine.begin() as connection:
        connection.execute(text(statement), values)


def fill_two_providers(clinic: Clinic) -> None:
    """Two providers, a patient each, and a closed Results folder."""
    clinic.results.chmod(0o700)
    clinic.ingest(a_file(a_patient("GW1", medications=["Aspirin 81 mg"])))
    clinic.ingest(a_file(a_patient("AK1"), provider="Anna Keller"), folder="anna_keller")
