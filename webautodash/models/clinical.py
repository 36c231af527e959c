"""The clinical lists of a patient extraction. ``<field>_text`` holds the raw text of the parsed column ``<field>``."""

import datetime
from datetime import date

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from webautodash.models.base import BigId, Json, Name, Prose, ProviderBase, long_text_index, table_options


class ClinicalRow(ProviderBase):
    """The columns that all lists share."""

    __abstract__ = True
    __table_args__ = table_options()

    id: Mapped[BigId] = mapped_column(primary_key=True, sort_order=-2)
    row_index: Mapped[int | None]
    extraction_method: Mapped[Name | None]
    extracted_at: Mapped[Name | None]
    extra: Mapped[Json | None]
    """Fields that have no column, or whose value does not fit the column, unchanged."""

    @declared_attr
    def patient_extraction_id(self) -> Mapped[BigId]:
        """The extraction that the row belongs to."""
        # Index: a batch reads the lists of changed patients before it decides; charts read the lists of a patient.
        return mapped_column(ForeignKey("patient_extractions.id"), index=True, sort_order=-1)


class Medication(ClinicalRow):
    """One row of a patient's medication list. The strength is parsed from the name if the file has no field for it."""

    __tablename__ = "medications"
    # Found by the beginning of the name.
    __table_args__ = table_options(long_text_index("medication_name"))

    medication_type: Mapped[Name | None]
    medication_name: Mapped[Prose | None]
    medication_strength: Mapped[Name | None]
    medication_strength_text: Mapped[Name | None]
    sig: Mapped[Prose | None]
    start_date: Mapped[date | None]
    start_date_text: Mapped[Name | None]
    stop_date: Mapped[date | None]
    stop_date_text: Mapped[Name | None]
    dates: Mapped[Name | None]
    diagnosis: Mapped[Prose | None]


class Diagnosis(ClinicalRow):
    """One row of a patient's diagnosis list. ``diagnosis_code`` holds the ICD-10 codes in the text, comma separated."""

    __tablename__ = "diagnoses"
    # Found by code or the beginning of a code.
    __table_args__ = table_options(Index(None, "diagnosis_code"))

    diagnosis_type: Mapped[Name | None]
    diagnosis_text: Mapped[Prose | None]
    diagnosis_code: Mapped[Name | None]
    acuity: Mapped[Name | None]
    start_date: Mapped[date | None]
    start_date_text: Mapped[Name | None]
    stop_date: Mapped[date | None]
    stop_date_text: Mapped[Name | None]


class Allergy(ClinicalRow):
    """One row of a patient's allergy list."""

    __tablename__ = "allergies"

    allergy_type: Mapped[Name | None]
    allergy_name: Mapped[Prose | None]
    reaction: Mapped[Prose | None]
    severity: Mapped[Name | None]
    notes: Mapped[Prose | None]


class HealthConcern(ClinicalRow):
    """One row of a patient's list of health concerns and notes."""

    __tablename__ = "health_concerns"

    concern_type: Mapped[Name | None]
    concern_text: Mapped[Prose | None]
    status: Mapped[Name | None]
    priority: Mapped[Name | None]
    start_date: Mapped[date | None]
    start_date_text: Mapped[Name | None]
    end_date: Mapped[date | None]
    end_date_text: Mapped[Name | None]
    notes: Mapped[Prose | None]


class OtherRecord(ClinicalRow):
    """One item of a list that has no table of its own; ``section`` is the list's key in the patient."""

    __tablename__ = "other_records"

    section: Mapped[Name | None]
    label: Mapped[Prose | None]
    value: Mapped[Prose | None]
    unit: Mapped[Name | None]
    date: Mapped[datetime.date | None]
    date_text: Mapped[Name | None]
