"""Sessions of the earlier scripts, in the form of the files that they came from."""

from hashlib import sha256
from typing import Any

from webautodash.domain.legacy.tables import LegacyRow, stored_text

COUNTED = "counted_by_earlier_scripts"
"""The key in a session's ``extra`` that holds the counts of the earlier scripts."""

PERSON_UNKNOWN = "demographics_unknown_to_earlier_scripts"
"""The key in an adopted extraction's ``extra`` which says that its name, birth date and gender were not kept."""


def session_sha256(database: str, session_id: int) -> str:
    """A stand-in for the SHA-256 of a file that no longer exists, different from that of any file and session."""
    return sha256(f"session {session_id} of the adopted database {database}".encode()).hexdigest()


def is_adopted(database: str, session_id: int, content_sha256: str, extra: str | None) -> bool:
    """Whether the earlier scripts stored a session: their rules of counting, reading and comparing were different."""
    return COUNTED in (extra or "") or content_sha256 == session_sha256(database, session_id)


def session_metadata(row: LegacyRow) -> dict[str, Any]:
    """A session as the ``extraction_metadata`` of its file."""
    counted = ("total_patients_found", "successful_extractions", "failed_extractions", "conflicts_detected")
    copied = ("job_id", "job_name", "portal_name", "extraction_mode", "results_filename", "provider_directory")
    metadata = {name: row[name] for name in copied} | {
        "medication": row["target_medication"],
        "start_date": stored_text(row["start_date"]),
        "end_date": stored_text(row["end_date"]),
        "extracted_at": stored_text(row["extracted_at"]),
        COUNTED: {name: row[name] for name in counted},
    }
    return {name: value for name, value in metadata.items() if value is not None}


def session_path(row: LegacyRow, database: str) -> str:
    """The path of the session's file below Results, as far as the row has it."""
    folder, name = row["provider_directory"], row["results_filename"]
    if not name:
        return f"adopted from {database}, session {row['id']}"
    return f"{folder}/{name}" if folder else str(name)
