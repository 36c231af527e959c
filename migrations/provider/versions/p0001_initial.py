"""The tables of one provider's database.

Keeps nothing on downgrade: the tables are dropped with their rows.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

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

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
SHA256 = sa.String(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def bytewise(length: int) -> sa.String:
    """Text that is compared byte by byte."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table_if_missing(
        "database_identity",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("identity", sa.String(32), nullable=False),
        sa.Column("slug", bytewise(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("folder", sa.String(255)),
        sa.Column("date_order", sa.String(32), nullable=False),
        sa.Column("aliases", LONG_TEXT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_database_identity"),
    )
    op.create_table_if_missing(
        "extraction_sessions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("content_sha256", SHA256, nullable=False),
        sa.Column("criteria_key", SHA256, nullable=False),
        sa.Column("job_id", sa.BigInteger()),
        sa.Column("job_name", sa.String(255)),
        sa.Column("portal_name", sa.String(255)),
        sa.Column("extraction_mode", sa.String(255)),
        sa.Column("provider_name", sa.String(255)),
        sa.Column("provider_directory", sa.String(255)),
        sa.Column("target_url", LONG_TEXT),
        sa.Column("patient_identifier", sa.String(255)),
        sa.Column("target_medication", sa.String(255)),
        sa.Column("start_date", sa.Date()),
        sa.Column("end_date", sa.Date()),
        sa.Column("extracted_at", INSTANT),
        sa.Column("results_filename", sa.String(255)),
        sa.Column("path", LONG_TEXT, nullable=False),
        sa.Column("extra", LONG_TEXT),
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
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_extraction_sessions"),
        sa.UniqueConstraint("content_sha256", name="uq_extraction_sessions_content_sha256"),
    )
    op.create_table_if_missing(
        "patients",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("prn", bytewise(128), nullable=False),
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
        sa.Column("address", LONG_TEXT),
        sa.Column("as_of", INSTANT),
        sa.Column("extraction_session_id", BIG_ID, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["extraction_session_id"], ["extraction_sessions.id"], name="fk_patients_extraction_session_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_patients"),
        sa.UniqueConstraint("prn", name="uq_patients_prn"),
    )
    op.create_index_if_missing("ix_patients_extraction_session_id", "patients", ["extraction_session_id"])
    op.create_table_if_missing(
        "set_aside_patients",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("extraction_session_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("detail", sa.String(255), nullable=False),
        sa.Column("raw_json", LONG_TEXT, nullable=False),
        sa.Column("taken_in_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["extraction_session_id"], ["extraction_sessions.id"], name="fk_set_aside_patients_extraction_session_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_set_aside_patients"),
        sa.UniqueConstraint(
            "extraction_session_id", "position", name="uq_set_aside_patients_extraction_session_id_position"
        ),
    )
    op.create_table_if_missing(
        "data_conflicts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("patient_id", BIG_ID, nullable=False),
        sa.Column("prn", bytewise(128), nullable=False),
        sa.Column("conflict_type", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("field_name", sa.String(255), nullable=False),
        sa.Column("old_value", LONG_TEXT),
        sa.Column("new_value", LONG_TEXT),
        sa.Column("extraction_session_id_1", BIG_ID, nullable=False),
        sa.Column("extraction_session_id_2", BIG_ID, nullable=False),
        sa.Column("conflict_description", LONG_TEXT, nullable=False),
        sa.Column("detected_at", INSTANT, nullable=False),
        sa.Column("reviewed_by", sa.String(255)),
        sa.Column("reviewed_at", INSTANT),
        sa.Column("resolution_notes", LONG_TEXT),
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
    )
    for column in ("extraction_session_id_1", "extraction_session_id_2", "patient_id"):
        op.create_index_if_missing(f"ix_data_conflicts_{column}", "data_conflicts", [column])
    op.create_index_if_missing("ix_data_conflicts_status_severity", "data_conflicts", ["status", "severity"])
    op.create_table_if_missing(
        "patient_extractions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("prn", bytewise(128), nullable=False),
        sa.Column("patient_id", BIG_ID, nullable=False),
        sa.Column("extraction_session_id", BIG_ID, nullable=False),
        sa.Column("criteria_key", SHA256, nullable=False),
        sa.Column("extracted_at", INSTANT),
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
        sa.Column("address", LONG_TEXT),
        sa.Column("filter_medication_name", LONG_TEXT),
        sa.Column("filter_medication_strength", sa.String(255)),
        sa.Column("filter_start_date", sa.String(255)),
        sa.Column("filter_stop_date", sa.String(255)),
        sa.Column("filter_last_seen", sa.String(255)),
        sa.Column("filter_provider", sa.String(255)),
        sa.Column("summary_page_url", LONG_TEXT),
        sa.Column("extraction_method", sa.String(255)),
        sa.Column("found_at", sa.String(255)),
        sa.Column("data_checksum", SHA256, nullable=False),
        sa.Column("processing_status", sa.String(32), nullable=False),
        sa.Column("duplicate_of_id", BIG_ID),
        sa.Column("extra", LONG_TEXT),
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
    )
    op.create_index_if_missing("ix_patient_extractions_duplicate_of_id", "patient_extractions", ["duplicate_of_id"])
    op.create_index_if_missing(
        "ix_patient_extractions_patient_id_criteria_key_extracted_at",
        "patient_extractions",
        ["patient_id", "criteria_key", "extracted_at"],
    )
    op.create_table_if_missing(
        "allergies",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("patient_extraction_id", BIG_ID, nullable=False),
        sa.Column("allergy_type", sa.String(255)),
        sa.Column("allergy_name", LONG_TEXT),
        sa.Column("reaction", LONG_TEXT),
        sa.Column("severity", sa.String(255)),
        sa.Column("notes", LONG_TEXT),
        sa.Column("row_index", sa.Integer()),
        sa.Column("extraction_method", sa.String(255)),
        sa.Column("extracted_at", sa.String(255)),
        sa.Column("extra", LONG_TEXT),
        sa.ForeignKeyConstraint(
            ["patient_extraction_id"], ["patient_extractions.id"], name="fk_allergies_patient_extraction_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_allergies"),
    )
    op.create_index_if_missing("ix_allergies_patient_extraction_id", "allergies", ["patient_extraction_id"])
    op.create_table_if_missing(
        "conflict_reviews",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("conflict_id", BIG_ID, nullable=False),
        sa.Column("old_status", sa.String(32), nullable=False),
        sa.Column("new_status", sa.String(32), nullable=False),
        sa.Column("reviewed_by", sa.String(255), nullable=False),
        sa.Column("reviewed_at", INSTANT, nullable=False),
        sa.Column("notes", LONG_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["conflict_id"], ["data_conflicts.id"], name="fk_conflict_reviews_conflict_id"),
        sa.PrimaryKeyConstraint("id", name="pk_conflict_reviews"),
    )
    op.create_index_if_missing("ix_conflict_reviews_conflict_id", "conflict_reviews", ["conflict_id"])
    op.create_table_if_missing(
        "diagnoses",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("patient_extraction_id", BIG_ID, nullable=False),
        sa.Column("diagnosis_type", sa.String(255)),
        sa.Column("diagnosis_text", LONG_TEXT),
        sa.Column("diagnosis_code", sa.String(255)),
        sa.Column("acuity", sa.String(255)),
        sa.Column("start_date", sa.Date()),
        sa.Column("start_date_text", sa.String(255)),
        sa.Column("stop_date", sa.Date()),
        sa.Column("stop_date_text", sa.String(255)),
        sa.Column("row_index", sa.Integer()),
        sa.Column("extraction_method", sa.String(255)),
        sa.Column("extracted_at", sa.String(255)),
        sa.Column("extra", LONG_TEXT),
        sa.ForeignKeyConstraint(
            ["patient_extraction_id"], ["patient_extractions.id"], name="fk_diagnoses_patient_extraction_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_diagnoses"),
    )
    op.create_index_if_missing("ix_diagnoses_patient_extraction_id", "diagnoses", ["patient_extraction_id"])
    op.create_table_if_missing(
        "health_concerns",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("patient_extraction_id", BIG_ID, nullable=False),
        sa.Column("concern_type", sa.String(255)),
        sa.Column("concern_text", LONG_TEXT),
        sa.Column("status", sa.String(255)),
        sa.Column("priority", sa.String(255)),
        sa.Column("start_date", sa.Date()),
        sa.Column("start_date_text", sa.String(255)),
        sa.Column("end_date", sa.Date()),
        sa.Column("end_date_text", sa.String(255)),
        sa.Column("notes", LONG_TEXT),
        sa.Column("row_index", sa.Integer()),
        sa.Column("extraction_method", sa.String(255)),
        sa.Column("extracted_at", sa.String(255)),
        sa.Column("extra", LONG_TEXT),
        sa.ForeignKeyConstraint(
            ["patient_extraction_id"], ["patient_extractions.id"], name="fk_health_concerns_patient_extraction_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_health_concerns"),
    )
    op.create_index_if_missing("ix_health_concerns_patient_extraction_id", "health_concerns", ["patient_extraction_id"])
    op.create_table_if_missing(
        "medications",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("patient_extraction_id", BIG_ID, nullable=False),
        sa.Column("medication_type", sa.String(255)),
        sa.Column("medication_name", LONG_TEXT),
        sa.Column("medication_strength", sa.String(255)),
        sa.Column("medication_strength_text", sa.String(255)),
        sa.Column("sig", LONG_TEXT),
        sa.Column("start_date", sa.Date()),
        sa.Column("start_date_text", sa.String(255)),
        sa.Column("stop_date", sa.Date()),
        sa.Column("stop_date_text", sa.String(255)),
        sa.Column("dates", sa.String(255)),
        sa.Column("diagnosis", LONG_TEXT),
        sa.Column("row_index", sa.Integer()),
        sa.Column("extraction_method", sa.String(255)),
        sa.Column("extracted_at", sa.String(255)),
        sa.Column("extra", LONG_TEXT),
        sa.ForeignKeyConstraint(
            ["patient_extraction_id"], ["patient_extractions.id"], name="fk_medications_patient_extraction_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_medications"),
    )
    op.create_index_if_missing("ix_medications_patient_extraction_id", "medications", ["patient_extraction_id"])


def downgrade() -> None:
    # The tables only: an index that a foreign key needs cannot be dropped before its table.
    for table in reversed(loses):
        op.drop_table(table, if_exists=True)
