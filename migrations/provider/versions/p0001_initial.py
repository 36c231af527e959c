"""The tables of one provider's database.

Keeps nothing on downgrade: the tables are dropped with their rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "p0001"
down_revision = None
contract = False
loses = (
    "database_identity",
    "extraction_sessions",
    "patients",
    "set_aside_patients",
    "data_conflicts",
    "patient_extractions",
    "allergies",
    "conflict_reviews",
    "diagnoses",
    "health_concerns",
    "medications",
)


def upgrade() -> None:
    op.create_table_if_missing(
        "database_identity",
        [sa.Column("id", sa.Integer(), autoincrement=False, nullable=False)],
        op.required(sa.String(32), "identity"),
        op.required(op.bytewise(64), "slug"),
        op.required(sa.String(255), "name"),
        op.optional(sa.String(255), "folder"),
        op.required(sa.String(32), "date_order"),
        op.required(op.long_text(), "aliases"),
        op.required(op.instant(), "created_at"),
    )
    op.create_table_if_missing(
        "extraction_sessions",
        op.required(op.big_id(), "id"),
        op.required(op.sha256(), "content_sha256", "criteria_key"),
        op.optional(sa.BigInteger(), "job_id"),
        op.optional(
            sa.String(255), "job_name", "portal_name", "extraction_mode", "provider_name", "provider_directory"
        ),
        op.optional(op.long_text(), "target_url"),
        op.optional(sa.String(255), "patient_identifier", "target_medication"),
        op.optional(sa.Date(), "start_date", "end_date"),
        op.optional(op.instant(), "extracted_at"),
        op.optional(sa.String(255), "results_filename"),
        op.required(op.long_text(), "path"),
        op.optional(op.long_text(), "extra"),
        op.required(
            sa.Integer(),
            "total_patients_found",
            "successful_extractions",
            "failed_extractions",
            "conflicts_detected",
            "patients_new",
            "patients_stored",
            "patients_changed",
            "patients_duplicate",
            "medications",
            "diagnoses",
            "allergies",
            "health_concerns",
        ),
        op.required(op.instant(), "created_at"),
        unique=(("content_sha256",),),
    )
    op.create_table_if_missing(
        "patients",
        op.required(op.big_id(), "id"),
        op.required(op.bytewise(128), "prn"),
        op.optional(sa.String(255), "patient_uuid", "patient_name", "first_name", "last_name"),
        op.optional(sa.Date(), "date_of_birth"),
        op.optional(sa.String(255), "date_of_birth_text", "age", "gender", "phone", "email"),
        op.optional(op.long_text(), "address"),
        op.optional(op.instant(), "as_of"),
        op.required(op.big_id(), "extraction_session_id"),
        op.required(op.instant(), "updated_at", "created_at"),
        references={"extraction_session_id": "extraction_sessions"},
        unique=(("prn",),),
    )
    op.create_index_if_missing("ix_patients_extraction_session_id", "patients", ["extraction_session_id"])
    op.create_table_if_missing(
        "set_aside_patients",
        op.required(op.big_id(), "id", "extraction_session_id"),
        op.required(sa.Integer(), "position"),
        op.required(sa.String(32), "reason"),
        op.required(sa.String(255), "detail"),
        op.required(op.long_text(), "raw_json"),
        op.optional(op.instant(), "taken_in_at"),
        op.required(op.instant(), "created_at"),
        references={"extraction_session_id": "extraction_sessions"},
        unique=(("extraction_session_id", "position"),),
    )
    op.create_table_if_missing(
        "data_conflicts",
        op.required(op.big_id(), "id", "patient_id"),
        op.required(op.bytewise(128), "prn"),
        op.required(sa.String(32), "conflict_type", "severity", "status"),
        op.required(sa.String(255), "field_name"),
        op.optional(op.long_text(), "old_value", "new_value"),
        op.required(op.big_id(), "extraction_session_id_1", "extraction_session_id_2"),
        op.required(op.long_text(), "conflict_description"),
        op.required(op.instant(), "detected_at"),
        op.optional(sa.String(255), "reviewed_by"),
        op.optional(op.instant(), "reviewed_at"),
        op.optional(op.long_text(), "resolution_notes"),
        one_of={
            "conflict_type": ("medication_conflict", "data_changed", "demographic_mismatch", "extraction_duplicate"),
            "severity": ("low", "medium", "high", "critical"),
            "status": ("unresolved", "reviewing", "resolved", "false_positive"),
        },
        references={
            "extraction_session_id_1": "extraction_sessions",
            "extraction_session_id_2": "extraction_sessions",
            "patient_id": "patients",
        },
    )
    for column in ("extraction_session_id_1", "extraction_session_id_2", "patient_id"):
        op.create_index_if_missing(f"ix_data_conflicts_{column}", "data_conflicts", [column])
    op.create_index_if_missing("ix_data_conflicts_status_severity", "data_conflicts", ["status", "severity"])
    op.create_table_if_missing(
        "patient_extractions",
        op.required(op.big_id(), "id"),
        op.required(op.bytewise(128), "prn"),
        op.required(op.big_id(), "patient_id", "extraction_session_id"),
        op.required(op.sha256(), "criteria_key"),
        op.optional(op.instant(), "extracted_at"),
        op.required(sa.Integer(), "position"),
        op.optional(sa.String(255), "patient_uuid", "patient_name", "first_name", "last_name"),
        op.optional(sa.Date(), "date_of_birth"),
        op.optional(sa.String(255), "date_of_birth_text", "age", "gender", "phone", "email"),
        op.optional(op.long_text(), "address", "filter_medication_name"),
        op.optional(
            sa.String(255),
            "filter_medication_strength",
            "filter_start_date",
            "filter_stop_date",
            "filter_last_seen",
            "filter_provider",
        ),
        op.optional(op.long_text(), "summary_page_url"),
        op.optional(sa.String(255), "extraction_method", "found_at"),
        op.required(op.sha256(), "data_checksum"),
        op.required(sa.String(32), "processing_status"),
        op.optional(op.big_id(), "duplicate_of_id"),
        op.optional(op.long_text(), "extra"),
        one_of={"processing_status": ("processed", "conflict", "duplicate", "failed")},
        references={
            "duplicate_of_id": "patient_extractions",
            "extraction_session_id": "extraction_sessions",
            "patient_id": "patients",
        },
        unique=(("extraction_session_id", "prn"),),
    )
    op.create_index_if_missing("ix_patient_extractions_duplicate_of_id", "patient_extractions", ["duplicate_of_id"])
    op.create_index_if_missing(
        "ix_patient_extractions_patient_id_criteria_key_extracted_at",
        "patient_extractions",
        ["patient_id", "criteria_key", "extracted_at"],
    )
    _create_list(
        "allergies",
        op.optional(sa.String(255), "allergy_type"),
        op.optional(op.long_text(), "allergy_name", "reaction"),
        op.optional(sa.String(255), "severity"),
        op.optional(op.long_text(), "notes"),
    )
    op.create_table_if_missing(
        "conflict_reviews",
        op.required(op.big_id(), "id", "conflict_id"),
        op.required(sa.String(32), "old_status", "new_status"),
        op.required(sa.String(255), "reviewed_by"),
        op.required(op.instant(), "reviewed_at"),
        op.required(op.long_text(), "notes"),
        references={"conflict_id": "data_conflicts"},
    )
    op.create_index_if_missing("ix_conflict_reviews_conflict_id", "conflict_reviews", ["conflict_id"])
    _create_list(
        "diagnoses",
        op.optional(sa.String(255), "diagnosis_type"),
        op.optional(op.long_text(), "diagnosis_text"),
        op.optional(sa.String(255), "diagnosis_code", "acuity"),
        op.optional(sa.Date(), "start_date"),
        op.optional(sa.String(255), "start_date_text"),
        op.optional(sa.Date(), "stop_date"),
        op.optional(sa.String(255), "stop_date_text"),
    )
    _create_list(
        "health_concerns",
        op.optional(sa.String(255), "concern_type"),
        op.optional(op.long_text(), "concern_text"),
        op.optional(sa.String(255), "status", "priority"),
        op.optional(sa.Date(), "start_date"),
        op.optional(sa.String(255), "start_date_text"),
        op.optional(sa.Date(), "end_date"),
        op.optional(sa.String(255), "end_date_text"),
        op.optional(op.long_text(), "notes"),
    )
    _create_list(
        "medications",
        op.optional(sa.String(255), "medication_type"),
        op.optional(op.long_text(), "medication_name"),
        op.optional(sa.String(255), "medication_strength", "medication_strength_text"),
        op.optional(op.long_text(), "sig"),
        op.optional(sa.Date(), "start_date"),
        op.optional(sa.String(255), "start_date_text"),
        op.optional(sa.Date(), "stop_date"),
        op.optional(sa.String(255), "stop_date_text", "dates"),
        op.optional(op.long_text(), "diagnosis"),
    )


def downgrade() -> None:
    # The tables only: an index that a foreign key needs cannot be dropped before its table.
    for table in reversed(loses):
        op.drop_table(table, if_exists=True)


def _create_list(name: str, *columns: list[sa.Column[object]]) -> None:
    """Create the table of a clinical list, each row of which belongs to an extraction."""
    op.create_table_if_missing(
        name,
        op.required(op.big_id(), "id", "patient_extraction_id"),
        *columns,
        op.optional(sa.Integer(), "row_index"),
        op.optional(sa.String(255), "extraction_method", "extracted_at"),
        op.optional(op.long_text(), "extra"),
        references={"patient_extraction_id": "patient_extractions"},
    )
    op.create_index_if_missing(f"ix_{name}_patient_extraction_id", name, ["patient_extraction_id"])
