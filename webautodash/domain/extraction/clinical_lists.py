"""The clinical lists: which fields each has, where they stand in a file, and the columns of its rows.

Four of them have names of their own in a file; ``other_records`` takes every other list of a patient.

A row has the columns of the list's table. A date field ``x`` has two: ``x`` parsed and ``x_text`` raw. A value that its
column cannot hold as it is stays in ``extra`` under its own name; nothing is dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

SCRAPE_FIELDS = ("row_index", "extraction_method", "extracted_at")


@dataclass(frozen=True)
class ClinicalList:
    """One of a patient's lists, as FORMAT's table gives it."""

    name: str
    """Also the name of its table and of the field in a conflict."""
    text_field: str
    text_keys: tuple[str, ...]
    """The keys that may hold the item's text, the first present wins."""
    copy_keys: tuple[str, ...]
    """Those of the keys of text and type whose equal copies do not count; stored checksums depend on them."""
    type_field: str
    type_keys: tuple[str, ...]
    """The keys that may hold the item's type; none where the name of the list is the type."""
    prose_fields: tuple[str, ...]
    short_fields: tuple[str, ...]
    date_fields: tuple[str, ...]
    split_lists: tuple[tuple[str, str], ...]
    """Older files' lists, and the type that each list's name gives."""
    bare_names: tuple[str, ...] = ()
    """Names of the list in other portals' files, which give no type; the first with items wins."""
    alternatives: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()
    """By field, the keys that may stand for it, the first present wins. Several keys of one are joined by a
    space, where the first of them is there."""
    range_field: str | None = None
    """The one of the short fields that holds a printed range of dates."""
    strength_field: str | None = None
    code_field: str | None = None
    code_keys: tuple[str, ...] = ()
    """The keys that may hold the code where the text does not."""

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The columns that count as they stand; dates and ranges count as days."""
        short = (field for field in self.short_fields if field != self.range_field)
        strength = (f"{self.strength_field}_text",) if self.strength_field else ()
        return (self.text_field, self.type_field, *self.prose_fields, *short, *strength)

    @cached_property
    def given(self) -> tuple[str, ...]:
        """The columns that an item gives as it stands, those that are compared first."""
        dates = (f"{field}_text" for field in self.date_fields)
        ranges = (self.range_field,) if self.range_field else ()
        return (*self.compared, *dates, *ranges, *SCRAPE_FIELDS)

    @cached_property
    def read(self) -> tuple[str, ...]:
        """The columns that are read out of what was given."""
        return (*self.date_fields, *(field for field in (self.strength_field, self.code_field) if field))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column of a row but its numbers: what was given, what was read out of it, and the rest."""
        return (*self.given, *self.read, "extra")

    @cached_property
    def content(self) -> tuple[str, ...]:
        """The columns that can make a row an item: not its type, which the name of its list may give, nor how it was
        scraped, nor what is read out of others."""
        silent = (self.type_field, *SCRAPE_FIELDS)
        return (*(name for name in self.given if name not in silent), "extra")

    @cached_property
    def alternatives_of(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """``alternatives`` by field."""
        return dict(self.alternatives)

    @cached_property
    def item_keys(self) -> frozenset[str]:
        """Every key of an item that gives a column its value."""
        own = (
            column.removesuffix("_text") for column in self.given if column not in (self.text_field, self.type_field)
        )
        others = (key for _, some in self.alternatives for keys in some for key in keys)
        return frozenset((*own, *self.text_keys, *self.type_keys, *others, *self.code_keys))

    @cached_property
    def text_copies(self) -> frozenset[str]:
        """The ``copy_keys`` of the text."""
        return frozenset(self.copy_keys).intersection(self.text_keys)

    @cached_property
    def type_copies(self) -> frozenset[str]:
        """The ``copy_keys`` of the type, and the key of a type that the name of the list has overruled."""
        return frozenset(self.copy_keys).intersection(self.type_keys) | {"own_type"}

    @cached_property
    def list_keys(self) -> tuple[str, ...]:
        """Every key of a patient that may hold the list."""
        return (self.key, *(key for key, _ in self.split_lists), *self.bare_names)

    @property
    def key(self) -> str:
        """The list's key in a patient."""
        return f"all_{self.name}"


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
)
HEALTH_CONCERNS = ClinicalList(
    name="health_concerns",
    text_field="concern_text",
    text_keys=("concern_text", "name", "description", "note_text", "text", "content"),
    type_field="concern_type",
    type_keys=("concern_type", "type"),
    copy_keys=(
        *("concern_text", "name", "description", "note_text", "text", "content"),
        *("concern_type", "type"),
    ),
    prose_fields=("notes",),
    short_fields=("status", "priority"),
    date_fields=("start_date", "end_date"),
    split_lists=(
        ("active_health_concerns", "active"),
        ("inactive_health_concerns", "inactive"),
        ("health_concern_notes", "note"),
    ),
    bare_names=("health_concerns",),
)
OTHER_RECORDS = ClinicalList(
    name="other_records",
    text_field="label",
    text_keys=(
        *("label", "name", "test_name", "title", "vaccine", "vaccine_name", "condition", "procedure", "document_name"),
        *("medication_name", "medication_text", "drug_name", "diagnosis_text", "allergen", "allergy_name"),
        *("concern_text", "description", "text", "note_text", "note", "reason", "type"),
    ),
    # The key of the list in the patient.
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
)
NAMED_LISTS = (MEDICATIONS, DIAGNOSES, ALLERGIES, HEALTH_CONCERNS)
"""The lists that a file names."""
LISTS = (*NAMED_LISTS, OTHER_RECORDS)
"""All lists that have a table."""

SECTIONS = frozenset(
    {
        *("appointments", "documents", "encounters", "family_history", "imaging", "imaging_results", "immunizations"),
        *("insurance", "lab_orders", "lab_results", "labs", "medical_history", "medical_notes", "messages", "notes"),
        *("orders", "procedures", "referrals", "social_history", "surgical_history", "visits", "vitals"),
        *("vital_signs",),
    }
)
"""Other lists that an error may name; any other key of a file could itself be a patient's value."""
