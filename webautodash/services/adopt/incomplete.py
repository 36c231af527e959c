"""Decides which extractions of the earlier scripts are incomplete; the survey and the copy ask here."""

from collections import Counter
from collections.abc import Mapping

from webautodash.domain.legacy.clinical_rows import listed_items
from webautodash.domain.legacy.tables import LEGACY_LISTS, LegacyRow
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.repositories.unit_of_work import ProviderWork

ROWS_MISSING = "clinical rows are missing though a checksum is there"
ROWS_FEWER = "fewer clinical rows than the comprehensive record lists"
NOT_FINISHED = "the earlier scripts did not finish it"
_AT_ONCE = 500


def flag_of(row: LegacyRow, rows: Mapping[str, int], record: LegacyRow | None) -> str | None:
    """Why an extraction is incomplete; None if it is complete as far as can be determined.

    ``rows`` has the number of its clinical rows by list, ``record`` its comprehensive record. The scripts wrote the
    record last: an extraction without rows whose record lists nothing had empty lists.
    """
    if row["processing_status"] not in {ProcessingStatus.PROCESSED, ProcessingStatus.CONFLICT}:
        return NOT_FINISHED
    listed = {which.name: listed_items(record[which.key]) if record else None for which in LEGACY_LISTS}
    has_rows = any(rows.get(which.name) for which in LEGACY_LISTS)
    if not has_rows and row["data_checksum"] and any(items != [] for items in listed.values()):
        return ROWS_MISSING
    if any(len(items or ()) > rows.get(name, 0) for name, items in listed.items()):
        return ROWS_FEWER
    return None


def count_incomplete(work: ProviderWork) -> dict[str, int]:
    """By reason, the number of extractions that the copy will flag. Reads every extraction once."""
    found, after = Counter[str](), 0
    while batch := work.legacy_rows.completeness(after, _AT_ONCE):
        after = batch[-1][0]["id"]
        flags = (flag_of(*extraction) for extraction in batch)
        found.update(flag for flag in flags if flag is not None)
    return dict(sorted(found.items()))
