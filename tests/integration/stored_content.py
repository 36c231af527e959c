"""The content of a provider's database, to compare databases with a different history."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from builders import CLINICAL_TABLES, Clinic

from webautodash.domain.extraction.patient import read_patient
from webautodash.services.ingest import held_files, screen_patients

_NUMBERS = ("id", "patient_id", "content_sha256")
_OF_THE_HISTORY = ("created_at", "updated_at", "detected_at", "reviewed_by", "reviewed_at", "resolution_notes")
_SESSIONS = ("extraction_session_id", "extraction_session_id_1", "extraction_session_id_2")
_COUNTS = ("patients_stored", "patients_changed", "patients_duplicate", "failed_extractions", *CLINICAL_TABLES)


@contextmanager
def earlier_version() -> Iterator[None]:
    """Ingest as before files were held and failed extractions set aside: everything readable is stored."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held_files, "_holds", lambda *_: [])
        patch.setattr(read_patient, "failure_field", lambda _: None)
        patch.setattr(screen_patients, "_reason", lambda *_: None)
        yield


def content(clinic: Clinic, *, but_of: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The rows of all patients but some PRNs, with file paths instead of ids, without closed conflicts."""
    names = {row["id"]: row["path"] for row in clinic.rows("extraction_sessions")}
    extractions = {
        row["id"]: (names[row["extraction_session_id"]], row["prn"]) for row in clinic.rows("patient_extractions")
    }

    def shown(row: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in row.items() if name not in (*_NUMBERS, *_OF_THE_HISTORY)}
        kept |= {name: names[row[name]] for name in _SESSIONS if name in row}
        links = ("duplicate_of_id", "patient_extraction_id")
        return kept | {name: extractions.get(row[name]) for name in links if name in row}

    tables = {
        table: sorted((shown(row) for row in clinic.rows(table) if row.get("prn") not in but_of), key=repr)
        for table in ("patients", "patient_extractions", "data_conflicts", *CLINICAL_TABLES)
    }
    tables["data_conflicts"] = [row for row in tables["data_conflicts"] if row["status"] != "false_positive"]
    tables["extraction_sessions"] = [
        {name: row[name] for name in ("path", "extracted_at", *_COUNTS)}
        for row in clinic.rows("extraction_sessions", order="path")
    ]
    return tables
