"""Sessions of the earlier scripts."""

from hashlib import sha256
from typing import Any

from webautodash.domain.earlier_scripts.values import LegacyRow, stored_text


def session_sha256(database: str, session_id: int) -> str:
    """What stands for the bytes of a file that nobody has: no file's SHA-256, and no other session's."""
    return sha256(f"session {session_id} of the adopted database {database}".encode()).hexdigest()


COUNTED = "counted_by_earlier_scripts"
"""The key in a session's ``extra`` under which the counts of the earlier scripts are kept."""


def is_adopted(database: str, session_id: int, content_sha256: str, extra: str | None) -> bool:
    """Whether the earlier scripts stored a session: they counted, read and compared otherwise."""
    return COUNTED in (extra or "") or content_sha256 == session_sha256(database, session_id)


def session_metadata(row: LegacyRow) -> dict[str, Any]:
    """A session as the ``extraction_metadata`` of its file."""
    counted = ("total_patients_found", "successful_extractions", "failed_extractions", "conflicts_detected")
    named = ("job_id", "job_name", "portal_name", "extraction_mode", "results_filename", "provider_directory")
    said = {name: row[name] for name in named} | {
        "medication": row["target_medication"],
        "start_date": stored_text(row["start_date"]),
        "end_date": stored_text(row["end_date"]),
        "extracted_at": stored_text(row["extracted_at"]),
        "counted_by_earlier_scripts": {name: row[name] for name in counted},
    }
    return {name: value for name, value in said.items() if value is not None}


def session_path(row: LegacyRow, database: str) -> str:
    """Where the session's file lay below Results, as far as it is known."""
    folder, name = row["provider_directory"], row["results_filename"]
    if not name:
        return f"adopted from {database}, session {row['id']}"
    return f"{folder}/{name}" if folder else str(name)
