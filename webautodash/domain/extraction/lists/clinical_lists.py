"""The clinical lists of a patient. Everything that depends on a list follows from its declaration here.

A new list needs its declaration in ``LISTS``, a model with its columns and its count in ``extraction_sessions``, and a
revision that creates both.
"""

from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.vocabulary import ConflictType, Severity

MEDICATIONS = ClinicalList(
    name="medications",
    text_field="medication_name",
    text_keys=("medication_name", "name", "medication", "medication_text", "drug_name"),
    type_field="medication_type",
    type_keys=("medication_type", "status"),
    copy_keys=("medication_name", "medication_type"),
    prose_fields=("sig", "diagnosis"),
    short_fields=("dates",),
    date_fields=("start_date", "stop_date"),
    range_field="dates",
    strength_field="medication_strength",
    split_lists=(
        ("current_medications", "current"),
        ("active_medications", "active"),
        ("historical_medications", "historical"),
    ),
    bare_names=("medications",),
    alternatives=(
        ("sig", (("directions",), ("instructions",), ("frequency", "route"))),
        ("medication_strength", (("dosage",),)),
        ("stop_date", (("end_date",),)),
    ),
    shown_columns=(
        *("medication_name", "medication_strength", "medication_type", "sig", "start_date_text", "stop_date_text"),
    ),
    conflict_type=ConflictType.MEDICATION_CONFLICT,
    change_severity=Severity.MEDIUM,
    counts_when_empty=True,
)
DIAGNOSES = ClinicalList(
    name="diagnoses",
    text_field="diagnosis_text",
    text_keys=("diagnosis_text", "name", "condition", "diagnosis"),
    type_field="diagnosis_type",
    type_keys=("diagnosis_type", "status"),
    copy_keys=("diagnosis_text", "name", "condition", "diagnosis_type"),
    prose_fields=(),
    short_fields=("acuity",),
    date_fields=("start_date", "stop_date"),
    code_field="diagnosis_code",
    code_keys=("code", "icd10"),
    split_lists=(("current_diagnoses", "current"), ("historical_diagnoses", "historical")),
    bare_names=("diagnoses", "problems"),
    alternatives=(("start_date", (("diagnosed_date",),)),),
    shown_columns=(
        *("diagnosis_text", "diagnosis_code", "diagnosis_type", "acuity", "start_date_text", "stop_date_text"),
    ),
    counts_when_empty=True,
)
ALLERGIES = ClinicalList(
    name="allergies",
    text_field="allergy_name",
    text_keys=("allergen", "allergy_name", "name"),
    type_field="allergy_type",
    type_keys=("allergy_type", "type"),
    copy_keys=("allergen", "allergy_name", "name", "allergy_type", "type"),
    prose_fields=("reaction", "notes"),
    short_fields=("severity",),
    date_fields=(),
    split_lists=(("drug_allergies", "drug"), ("food_allergies", "food"), ("environmental_allergies", "environmental")),
    bare_names=("allergies",),
    shown_columns=("allergy_name", "allergy_type", "reaction", "severity", "notes"),
    change_severity=Severity.MEDIUM,
    removal_severity=Severity.HIGH,
    counts_when_empty=True,
)
HEALTH_CONCERNS = ClinicalList(
    name="health_concerns",
    text_field="concern_text",
    text_keys=("concern_text", "name", "description", "note_text", "text", "content"),
    type_field="concern_type",
    type_keys=("concern_type", "type"),
    copy_keys=(*("concern_text", "name", "description", "note_text", "text", "content"), *("concern_type", "type")),
    prose_fields=("notes",),
    short_fields=("status", "priority"),
    date_fields=("start_date", "end_date"),
    split_lists=(
        ("active_health_concerns", "active"),
        ("inactive_health_concerns", "inactive"),
        ("health_concern_notes", "note"),
    ),
    bare_names=("health_concerns",),
    shown_columns=("concern_text", "concern_type", "status", "priority", "start_date_text", "end_date_text"),
    counts_when_empty=True,
)
OTHER_RECORDS = ClinicalList(
    name="other_records",
    text_field="label",
    text_keys=(
        *("label", "name", "test_name", "title", "vaccine", "vaccine_name", "condition", "procedure", "document_name"),
        *("medication_name", "medication_text", "drug_name", "diagnosis_text", "allergen", "allergy_name"),
        *("concern_text", "description", "text", "note_text", "note", "reason", "type"),
    ),
    # The key of the list in the patient is the type.
    type_field="section",
    type_keys=(),
    copy_keys=(),
    prose_fields=("value",),
    short_fields=("unit",),
    date_fields=("date",),
    split_lists=(),
    alternatives=(
        ("value", (("result",),)),
        ("unit", (("units",),)),
        (
            "date",
            (
                *(("test_date",), ("result_date",), ("collected_at",), ("recorded_at",), ("administered_date",)),
                *(("date_administered",), ("appointment_date",), ("document_date",), ("diagnosed_date",)),
                *(("onset_date",), ("start_date",)),
            ),
        ),
    ),
    # Most fields of such a record have no column, such as the blood pressure in vitals.
    shown_columns=("section", "label", "value", "unit", "date_text", "extra"),
)
LISTS = (MEDICATIONS, DIAGNOSES, ALLERGIES, HEALTH_CONCERNS, OTHER_RECORDS)
"""All lists, each with a table of its own. The row checks of an extraction keep this order: append a new list."""
NAMED_LISTS = tuple(which for which in LISTS if which is not OTHER_RECORDS)
"""The lists that have keys of their own in a file."""

SECTIONS = frozenset(
    {
        *("appointments", "documents", "encounters", "family_history", "imaging", "imaging_results", "immunizations"),
        *("insurance", "lab_orders", "lab_results", "labs", "medical_history", "medical_notes", "messages", "notes"),
        *("orders", "procedures", "referrals", "social_history", "surgical_history", "visits", "vitals"),
        *("vital_signs",),
    }
)
"""Keys of other lists that an error may name. Any other key could itself be a value of a patient."""
