"""One patient, normalised."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from webautodash.domain.checksum import checksum
from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.clinical_lists import LISTS
from webautodash.domain.extraction.demographics import DEMOGRAPHIC_COLUMNS, Demographics, other_demographics
from webautodash.domain.extraction.derived_columns import complete_rows
from webautodash.domain.extraction.item_types import Items
from webautodash.domain.extraction.rows import Rows
from webautodash.domain.row_checks import list_checks

FILTER_FIELDS = (
    "filter_medication_strength",
    "filter_start_date",
    "filter_stop_date",
    "filter_last_seen",
    "filter_provider",
)


SWEEP_FIELDS = (*FILTER_FIELDS, "filter_medication_name", "summary_page_url", "extraction_method", "found_at")
"""Columns of ``patient_extractions``: how the sweep came to a patient."""


CHECKED_COLUMNS = ("prn", "criteria_key", "position", *DEMOGRAPHIC_COLUMNS, *SWEEP_FIELDS, "data_checksum", "extra")
"""Columns of ``patient_extractions`` that are in its own check; the others can be compared with other rows."""


class PatientRecord(NamedTuple):
    """What one file says of one patient."""

    position: int
    """Place in the file, from 0."""
    prn: str
    demographics: Demographics
    found: dict[str, str | None]
    """How the sweep came to this patient, by the names in ``FOUND``."""
    lists: dict[str, Rows]
    """Rows by the name of their list."""
    extra: dict[str, Any] | None
    checksum: str
    """64 hexadecimal digits, see ``domain.checksum``."""
    list_checks: str
    """Of each row in the lists, see ``domain.row_checks``."""

    @property
    def other_demographics(self) -> dict[str, Any] | None:
        """The fields of ``demographics_printable`` that have no column, by name."""
        return other_demographics(self.extra) if self.extra else None


class DecodedPatient(NamedTuple):
    """One patient, decoded, with the items of the lists as they were given."""

    position: int
    prn: str
    demographics: Demographics
    found: dict[str, str | None]
    extra: dict[str, Any] | None
    items: dict[str, Items]
    failed: str | None = None
    """The field that says that the extraction of this patient failed, see ``domain.completeness``."""


def complete_records(drafts: Sequence[DecodedPatient], order: DateOrder) -> list[PatientRecord]:
    """The records of some patients; a batch costs much less than its patients one by one."""
    lists = {which.name: complete_rows(which, [draft.items[which.name] for draft in drafts], order) for which in LISTS}
    own = [{name: rows[place] for name, rows in lists.items()} for place in range(len(drafts))]
    return list(map(_record, drafts, own, list_checks(own)))


def _record(draft: DecodedPatient, lists: dict[str, Rows], checks: str) -> PatientRecord:
    fingerprint = checksum(draft.prn, draft.demographics.values(), lists)
    return PatientRecord(
        draft.position, draft.prn, draft.demographics, draft.found, lists, draft.extra, fingerprint, checks
    )
