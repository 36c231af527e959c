"""The tables of one provider's database.

Keeps nothing on the way back: the tables go with their rows.
"""

import sqlalchemy as sa
from alembic import op

from webautodash.database import guarded
from webautodash.database.products import types

revision = "p0001"
down_revision = None
branch_labels = None
depends_on = None
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
    op.create_table(
        "database_identity",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("identity", sa.String(32), nullable=False),
        sa.Column("slug", types.bytewise(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("folder", sa.String(255)),
        sa.Column("date_order", sa.String(32), nullable=False),
        sa.Column("aliases", types.JsonText(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_database_identity"),
        **guarded.TABLE_OPTIONS,
    )
    op.create_table(
        "extraction_sessions",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("content_sha256", types.Sha256, nullable=False),
        sa.Column("criteria_key", types.Sha256, nullable=False),
        sa.Column("job_id", sa.BigInteger()),
        sa.Column("job_name", sa.String(255)),
        sa.Column("portal_name", sa.String(255)),
        sa.Column("extraction_mode", sa.String(255)),
        sa.Column("provider_name", sa.String(255)),
        sa.Column("provider_directory", sa.String(255)),
        sa.Column("target_url", types.LongText),
        sa.Column("patient_identifier", sa.String(255)),
        sa.Column("target_medication", sa.String(255)),
        sa.Column("start_date", sa.Date()),
        sa.Column("end_date", sa.Date()),
        sa.Column("extracted_at", types.UtcDateTime()),
        sa.Column("results_filename", sa.String(255)),
        sa.Column("path", types.LongText, nullable=False),
        sa.Column("extra", types.JsonText()),
        sa.Column("total_patients_found", sa.Integer(), nullable=False),
        sa.Column("successful_extractions", sa.Integer(), nullable=False),
        sa.Column("failed_extractions", sa.Integer(), nullable=False),
        sa.Column("conflicts_detected", sa.Integer(), nullable=False),
        sa.Column("patients_new", sa.Integer(), nullable=False),
        sa.Column("patients_stored", sa.Integer(), nullable=False),
        sa.Column("patients_changed", sa.Integer(), nullable=False),
        sa.Column("patients_duplicate", sa.Integer(), nullable=False),
        sa.Column("medications", sa.Integer(), nullable=False),
        sa.Column("diagnoses", sa.Integer(), nullable=False),
        sa.Column("allergies", sa.Integer(), nullable=False),
        sa.Column("health_concerns", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_extraction_sessions"),
        sa.UniqueConstraint("content_sha256", name="uq_extraction_sessions_content_sha256"),
        **guarded.TABLE_OPTIONS,
    )
    op.create_table(
        "patients",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("prn", types.bytewise(128), nullable=False),
        sa.Column("patient_uuid", sa.String(255)),
        sa.Column("patient_name", sa.String(255)),
        sa.Column("first_name", sa.String(255)),
        sa.Column("last_name", sa.String(255)),
        sa.Column("date_of_birth", sa.Date()),
        sa.Column("date_of_birth_text", sa.String(255)),
        sa.Column("age", sa.String(255)),
        sa.Column("gender", sa.String(255)),
        sa.Column("phone", sa.String(255)),
        sa.Column("email", sa.String(255)),
        sa.Column("address", types.LongText),
        sa.Column("as_of", types.UtcDateTime()),
        sa.Column("extraction_session_id", types.BigId, nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["extraction_session_id"], ["extraction_sessions.id"], name="fk_patients_extraction_session_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_patients"),
        sa.UniqueConstraint("prn", name="uq_patients_prn"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, "ix_patients_extraction_session_id", "patients", ["extraction_session_id"])
    op.create_table(
        "set_aside_patients",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("extraction_session_id", types.BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(255), nullable=False),
        sa.Column("raw_json", types.LongText, nullable=False),
        sa.Column("taken_in_at", types.UtcDateTime()),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["extraction_session_id"], ["extraction_sessions.id"], name="fk_set_aside_patients_extraction_session_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_set_aside_patients"),
        sa.UniqueConstraint(
            "extraction_session_id", "position", name="uq_set_aside_patients_extraction_session_id_position"
        ),
        **guarded.TABLE_OPTIONS,
    )
    op.create_table(
        "data_conflicts",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("patient_id", types.BigId, nullable=False),
        sa.Column("prn", types.bytewise(128), nullable=False),
        sa.Column("conflict_type", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("field_name", sa.String(255), nullable=False),
        sa.Column("old_value", types.LongText),
        sa.Column("new_value", types.LongText),
        sa.Column("extraction_session_id_1", types.BigId, nullable=False),
        sa.Column("extraction_session_id_2", types.BigId, nullable=False),
        sa.Column("conflict_description", types.LongText, nullable=False),
        sa.Column("detected_at", types.UtcDateTime(), nullable=False),
        sa.Column("reviewed_by", sa.String(255)),
        sa.Column("reviewed_at", types.UtcDateTime()),
        sa.Column("resolution_notes", types.LongText),
        sa.CheckConstraint(
            "conflict_type IN ('medication_conflict', 'data_changed', 'demographic_mismatch', 'extraction_duplicate')",
            name=op.f("ck_data_conflicts_conflict_type"),
        ),
        sa.CheckConstraint(
            "severity IN ('low', 'medium', 'high', 'critical')", name=op.f("ck_data_conflicts_severity")
        ),
        sa.CheckConstraint(
            "status IN ('unresolved', 'reviewing', 'resolved', 'false_positive')", name=op.f("ck_data_conflicts_status")
        ),
        sa.ForeignKeyConstraint(
            ["extraction_session_id_1"], ["extraction_sessions.id"], name="fk_data_conflicts_extraction_session_id_1"
        ),
        sa.ForeignKeyConstraint(
            ["extraction_session_id_2"], ["extraction_sessions.id"], name="fk_data_conflicts_extraction_session_id_2"
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name="fk_data_conflicts_patient_id"),
        sa.PrimaryKeyConstraint("id", name="pk_data_conflicts"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, "ix_data_conflicts_extraction_session_id_1", "data_conflicts", ["extraction_session_id_1"])
    guarded.create_index(op, "ix_data_conflicts_extraction_session_id_2", "data_conflicts", ["extraction_session_id_2"])
    guarded.create_index(op, "ix_data_conflicts_patient_id", "data_conflicts", ["patient_id"])
    guarded.create_index(op, "ix_data_conflicts_status_severity", "data_conflicts", ["status", "severity"])
    op.create_table(
        "patient_extractions",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("prn", types.bytewise(128), nullable=False),
        sa.Column("patient_id", types.BigId, nullable=False),
        sa.Column("extraction_session_id", types.BigId, nullable=False),
        sa.Column("criteria_key", types.Sha256, nullable=False),
        sa.Column("extracted_at", types.UtcDateTime()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("patient_uuid", sa.String(255)),
        sa.Column("patient_name", sa.String(255)),
        sa.Column("first_name", sa.String(255)),
        sa.Column("last_name", sa.String(255)),
        sa.Column("date_of_birth", sa.Date()),
        sa.Column("date_of_birth_text", sa.String(255)),
        sa.Column("age", sa.String(255)),
        sa.Column("gender", sa.String(255)),
        sa.Column("phone", sa.String(255)),
        sa.Column("email", sa.String(255)),
        sa.Column("address", types.LongText),
        sa.Column("filter_medication_name", types.LongText),
        sa.Column("filter_medication_strength", sa.String(255)),
        sa.Column("filter_start_date", sa.String(255)),
        sa.Column("filter_stop_date", sa.String(255)),
        sa.Column("filter_last_seen", sa.String(255)),
        sa.Column("filter_provider", sa.String(255)),
        sa.Column("summary_page_url", types.LongText),
        sa.Column("extraction_method", sa.String(255)),
        sa.Column("found_at", sa.String(255)),
        sa.Column("data_checksum", types.Sha256, nullable=False),
        sa.Column("processing_status", sa.String(32), nullable=False),
        sa.Column("duplicate_of_id", types.BigId),
        sa.Column("extra", types.JsonText()),
        sa.CheckConstraint(
            "processing_status IN ('processed', 'conflict', 'duplicate', 'failed')",
            name=op.f("ck_patient_extractions_processing_status"),
        ),
        sa.ForeignKeyConstraint(
            ["duplicate_of_id"], ["patient_extractions.id"], name="fk_patient_extractions_duplicate_of_id"
        ),
        sa.ForeignKeyConstraint(
            ["extraction_session_id"], ["extraction_sessions.id"], name="fk_patient_extractions_extraction_session_id"
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name="fk_patient_extractions_patient_id"),
        sa.PrimaryKeyConstraint("id", name="pk_patient_extractions"),
        sa.UniqueConstraint("extraction_session_id", "prn", name="uq_patient_extractions_extraction_session_id_prn"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, "ix_patient_extractions_duplicate_of_id", "patient_extractions", ["duplicate_of_id"])
    guarded.create_index(
        op,
        "ix_patient_extractions_patient_id_criteria_key_extracted_at",
        "patient_extractions",
        ["patient_id", "criteria_key", "extracted_at"],
    )
    op.create_table(
        "allergies",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("patient_extraction_id", types.BigId, nullable=False),
        sa.Column("allergy_type", sa.String(255)),
        sa.Column("allergy_name", types.LongText),
        sa.Column("reaction", types.LongText),
        sa.Column("severity", sa.String(255)),
        sa.Column("notes", types.LongText),
        sa.Column("row_index", sa.Integer()),
        sa.Column("extraction_method", sa.String(255)),
        sa.Column("extracted_at", sa.String(255)),
        sa.Column("extra", types.JsonText()),
        sa.ForeignKeyConstraint(
            ["patient_extraction_id"], ["patient_extractions.id"], name="fk_allergies_patient_extraction_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_allergies"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, "ix_allergies_patient_extraction_id", "allergies", ["patient_extraction_id"])
    op.create_table(
        "conflict_reviews",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("conflict_id", types.BigId, nullable=False),
        sa.Column("old_status", sa.String(32), nullable=False),
        sa.Column("new_status", sa.String(32), nullable=False),
        sa.Column("reviewed_by", sa.String(255), nullable=False),
        sa.Column("reviewed_at", types.UtcDateTime(), nullable=False),
        sa.Column("notes", types.LongText, nullable=False),
        sa.ForeignKeyConstraint(["conflict_id"], ["data_conflicts.id"], name="fk_conflict_reviews_conflict_id"),
        sa.PrimaryKeyConstraint("id", name="pk_conflict_reviews"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, "ix_conflict_reviews_conflict_id", "conflict_reviews", ["conflict_id"])
    op.create_table(
        "diagnoses",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("patient_extraction_id", types.BigId, nullable=False),
        sa.Column("diagnosis_type", sa.String(255)),
        sa.Column("diagnosis_text", types.LongText),
        sa.Column("diagnosis_code", sa.String(255)),
        sa.Column("acuity", sa.String(255)),
        sa.Column("start_date", sa.Date()),
        sa.Column("start_date_text", sa.String(255)),
        sa.Column("stop_date", sa.Date()),
        sa.Column("stop_date_text", sa.String(255)),
        sa.Column("row_index", sa.Integer()),
        sa.Column("extraction_method", sa.String(255)),
        sa.Column("extracted_at", sa.String(255)),
        sa.Column("extra", types.JsonText()),
        sa.ForeignKeyConstraint(
            ["patient_extraction_id"], ["patient_extractions.id"], name="fk_diagnoses_patient_extraction_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_diagnoses"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, "ix_diagnoses_patient_extraction_id", "diagnoses", ["patient_extraction_id"])
    op.create_table(
        "health_concerns",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("patient_extraction_id", types.BigId, nullable=False),
        sa.Column("concern_type", sa.String(255)),
        sa.Column("concern_text", types.LongText),
        sa.Column("status", sa.String(255)),
        sa.Column("priority", sa.String(255)),
        sa.Column("start_date", sa.Date()),
        sa.Column("start_date_text", sa.String(255)),
        sa.Column("end_date", sa.Date()),
        sa.Column("end_date_text", sa.String(255)),
        sa.Column("notes", types.LongText),
        sa.Column("row_index", sa.Integer()),
        sa.Column("extraction_method", sa.String(255)),
        sa.Column("extracted_at", sa.String(255)),
        sa.Column("extra", types.JsonText()),
        sa.ForeignKeyConstraint(
            ["patient_extraction_id"], ["patient_extractions.id"], name="fk_health_concerns_patient_extraction_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_health_concerns"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, "ix_health_concerns_patient_extraction_id", "health_concerns", ["patient_extraction_id"])
    op.create_table(
        "medications",
        sa.Column("id", types.BigId, nullable=False),
        sa.Column("patient_extraction_id", types.BigId, nullable=False),
        sa.Column("medication_type", sa.String(255)),
        sa.Column("medication_name", types.LongText),
        sa.Column("medication_strength", sa.String(255)),
        sa.Column("medication_strength_text", sa.String(255)),
        sa.Column("sig", types.LongText),
        sa.Column("start_date", sa.Date()),
        sa.Column("start_date_text", sa.String(255)),
        sa.Column("stop_date", sa.Date()),
        sa.Column("stop_date_text", sa.String(255)),
        sa.Column("dates", sa.String(255)),
        sa.Column("diagnosis", types.LongText),
        sa.Column("row_index", sa.Integer()),
        sa.Column("extraction_method", sa.String(255)),
        sa.Column("extracted_at", sa.String(255)),
        sa.Column("extra", types.JsonText()),
        sa.ForeignKeyConstraint(
            ["patient_extraction_id"], ["patient_extractions.id"], name="fk_medications_patient_extraction_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_medications"),
        **guarded.TABLE_OPTIONS,
    )
    guarded.create_index(op, "ix_medications_patient_extraction_id", "medications", ["patient_extraction_id"])
    # ### end Alembic commands ###


def downgrade() -> None:
    # The tables alone: an index that a foreign key needs cannot go before its table.
    for table in reversed(loses):
        op.drop_table(table, if_exists=True)
