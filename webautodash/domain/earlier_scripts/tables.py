"""The tables of the earlier scripts: what they are called, before and after they are put aside, and their columns."""

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
"""By table, the columns that an adoption reads. The comprehensive one may be missing: it repeats the others."""


OWN_COLUMNS = {
    "patients": "as_of",
    "extraction_sessions": "content_sha256",
    "patient_extractions": "criteria_key",
    "medications": "extra",
    "diagnoses": "extra",
    "allergies": "extra",
    "health_concerns": "extra",
}
"""By table of the same name in both, a column that only this program's has."""


_ASIDE = "legacy_"


def legacy_name(table: str) -> str:
    """What a table of the earlier scripts is called once it is put aside."""
    return _ASIDE + table


LEGACY_NAMES = frozenset(map(legacy_name, LEGACY_TABLES))
"""Tables that an adopted database has beside those of its revision."""
