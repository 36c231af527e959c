"""The four clinical lists: which fields each has, where they stand in a file, and the columns of its rows.

A row has the columns of the list's table. A date field ``x`` has two: ``x`` parsed and ``x_text`` raw. A value that its
column cannot hold as it is stays in ``extra`` under its own name; nothing is dropped.
"""

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
    type_field: str
    type_keys: tuple[str, ...]
    prose_fields: tuple[str, ...]
    short_fields: tuple[str, ...]
    date_fields: tuple[str, ...]
    split_lists: tuple[tuple[str, str], ...]
    """Older files' lists, and the type that each list's name gives."""
    range_field: str | None = None
    """The one of the short fields that holds a printed range of dates."""
    strength_field: str | None = None
    code_field: str | None = None

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

    @property
    def key(self) -> str:
        """The list's key in a patient."""
        return f"all_{self.name}"


MEDICATIONS = ClinicalList(
    name="medications",
    text_field="medication_name",
    text_keys=("medication_name",),
    type_field="medication_type",
    type_keys=("medication_type",),
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
)
DIAGNOSES = ClinicalList(
    name="diagnoses",
    text_field="diagnosis_text",
    text_keys=("diagnosis_text", "name", "condition"),
    type_field="diagnosis_type",
    type_keys=("diagnosis_type",),
    prose_fields=(),
    short_fields=("acuity",),
    date_fields=("start_date", "stop_date"),
    code_field="diagnosis_code",
    split_lists=(("current_diagnoses", "current"), ("historical_diagnoses", "historical")),
)
ALLERGIES = ClinicalList(
    name="allergies",
    text_field="allergy_name",
    text_keys=("allergen", "allergy_name", "name"),
    type_field="allergy_type",
    type_keys=("allergy_type", "type"),
    prose_fields=("reaction", "notes"),
    short_fields=("severity",),
    date_fields=(),
    split_lists=(("drug_allergies", "drug"), ("food_allergies", "food"), ("environmental_allergies", "environmental")),
)
HEALTH_CONCERNS = ClinicalList(
    name="health_concerns",
    text_field="concern_text",
    text_keys=("concern_text", "name", "description", "note_text", "text", "content"),
    type_field="concern_type",
    type_keys=("concern_type", "type"),
    prose_fields=("notes",),
    short_fields=("status", "priority"),
    date_fields=("start_date", "end_date"),
    split_lists=(
        ("active_health_concerns", "active"),
        ("inactive_health_concerns", "inactive"),
        ("health_concern_notes", "note"),
    ),
)
LISTS = (MEDICATIONS, DIAGNOSES, ALLERGIES, HEALTH_CONCERNS)
