"""The tables of the earlier scripts: their names, before and after they are put aside, and their columns."""

from webautodash.domain.extraction.clinical_lists import LISTS

COMPREHENSIVE = "comprehensive_patient_records"

_CLINICAL = ("id", "patient_extraction_id", "extraction_method", "extracted_at")

LEGACY_TABLES = {
    "patients": (
        *("id", "prn", "patient_uuid", "patient_name", "first_name", "last_name", "date_of_birth", "age", "gender"),
        *("phone", "email", "address", "created_at", "updated_at"),
    ),
    "extraction_sessions": (
        *("id", "job_id", "job_name", "portal_name", "extraction_mode", "target_medication", "start_date", "end_date"),
        *("extracted_at", "results_filename", "provider_directory", "total_patients_found", "failed_extractions"),
        *("successful_extractions", "conflicts_detected", "created_at"),
    ),
    "patient_extractions": (
        *("id", "prn", "patient_id", "extraction_session_id", "patient_uuid", "filter_medication_name"),
        *("filter_medication_strength", "filter_start_date", "filter_stop_date", "filter_last_seen"),
        *("filter_provider", "summary_page_url", "extraction_method", "found_at", "data_checksum"),
        *("processing_status", "error_message"),
    ),
    "medications": (
        *_CLINICAL,
        *("row_index", "medication_type", "medication_name", "medication_strength", "sig", "start_date", "stop_date"),
        *("dates", "diagnosis"),
    ),
    "diagnoses": (
        *_CLINICAL,
        *("row_index", "diagnosis_type", "diagnosis_text", "diagnosis_code", "acuity", "start_date", "stop_date"),
    ),
    "allergies": (*_CLINICAL, "allergy_type", "allergy_name", "allergen", "reaction", "severity", "notes"),
    "health_concerns": (
        *_CLINICAL,
        *("concern_type", "concern_text", "concern_category", "status", "priority", "start_date", "end_date", "notes"),
    ),
    "data_conflicts": (
        *("id", "patient_id", "prn", "conflict_type", "extraction_session_id_1", "extraction_session_id_2"),
        *("field_name", "old_value", "new_value", "conflict_description", "severity", "status", "detected_at"),
        *("reviewed_by", "reviewed_at", "resolution_notes"),
    ),
    COMPREHENSIVE: (
        *("id", "prn", "extraction_session_id", "patient_name", "date_of_birth", "gender", "age"),
        *("all_medications", "all_diagnoses", "all_allergies", "all_health_concerns"),
    ),
}
"""For each table, the columns that an adoption reads. The comprehensive table repeats the others and may be missing."""

LEGACY_LISTS = tuple(which for which in LISTS if which.name in LEGACY_TABLES)
"""The clinical lists that the earlier scripts had."""

OWN_COLUMNS = {
    "patients": "as_of",
    "extraction_sessions": "content_sha256",
    "patient_extractions": "criteria_key",
    **{which.name: "extra" for which in LEGACY_LISTS},
}
"""For each table name that both programs use, a column that only this program's table has."""

_PREFIX = "legacy_"


def legacy_name(table: str) -> str:
    """The name of a table of the earlier scripts after it is put aside."""
    return _PREFIX + table


LEGACY_NAMES = frozenset(map(legacy_name, LEGACY_TABLES))
"""The tables that an adopted database has in addition to those of its revision."""
