"""One patient of a file: typed values beside raw text; nothing is dropped."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from webautodash.domain.checksum import checksum
from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.extraction.lists.derived_columns import complete_rows
from webautodash.domain.extraction.lists.read_item import Items
from webautodash.domain.extraction.lists.rows import Rows
from webautodash.domain.extraction.patient.demographics import DEMOGRAPHIC_COLUMNS, Demographics, other_demographics
from webautodash.domain.row_checks import list_checks

FILTER_FIELDS = (
    "filter_medication_strength",
    "filter_start_date",
    "filter_stop_date",
    "filter_last_seen",
    "filter_provider",
)
SWEEP_FIELDS = (*FILTER_FIELDS, "filter_medication_name", "summary_page_url", "extraction_method", "found_at")
"""Columns of ``patient_extractions`` that tell how the robot found a patient."""
CHECKED_COLUMNS = ("prn", "criteria_key", "position", *DEMOGRAPHIC_COLUMNS, *SWEEP_FIELDS, "data_checksum", "extra")
"""Columns of ``patient_extractions`` that its own row check covers. The others can be compared with other rows."""


class PatientRecord(NamedTuple):
    """One patient extraction, ready to be stored."""

    position: int
    """Position in the file, from 0."""
    prn: str
    demographics: Demographics
    sweep: dict[str, str | None]
    """How the robot found the patient, by the names in ``SWEEP_FIELDS``."""
    lists: dict[str, Rows]
    """Rows by the name of their list."""
    extra: dict[str, Any] | None
    checksum: str
    """64 hexadecimal digits, see ``domain.checksum``."""
    list_checks: str
    """The checks of all rows in the lists, see ``domain.row_checks``."""

    @property
    def other_demographics(self) -> dict[str, Any] | None:
        """The fields of ``demographics_printable`` that have no column, by name."""
        return other_demographics(self.extra) if self.extra else None


class DecodedPatient(NamedTuple):
    """One patient, decoded, whose rows are not complete yet."""

    position: int
    prn: str
    demographics: Demographics
    sweep: dict[str, str | None]
    extra: dict[str, Any] | None
    items: dict[str, Items]
    failed: str | None = None
    """The field that marks the extraction of this patient as failed, see ``completeness``."""


def complete_records(patients: Sequence[DecodedPatient], order: DateOrder) -> list[PatientRecord]:
    """The records of several patients; a batch costs much less than one patient at a time."""
    lists = {which.name: complete_rows(which, [each.items[which.name] for each in patients], order) for which in LISTS}
    own = [{name: rows[place] for name, rows in lists.items()} for place in range(len(patients))]
    return list(map(_record, patients, own, list_checks(own)))


def _record(patient: DecodedPatient, lists: dict[str, Rows], checks: str) -> PatientRecord:
    fingerprint = checksum(patient.prn, patient.demographics.values(), lists)
    return PatientRecord(
        patient.position, patient.prn, patient.demographics, patient.sweep, lists, patient.extra, fingerprint, checks
    )
