"""Which stored extractions have items in the four clinical lists."""

from collections.abc import Collection

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.clinical_lists import LISTS, NAMED_LISTS
from webautodash.domain.extraction.reread_lists import as_read_today
from webautodash.domain.extraction.rows import Rows, no_rows
from webautodash.repositories.unit_of_work import ProviderWork

# Each ``extra`` may be megabytes.
_EXTRAS_AT_ONCE = 20


def has_items(lists: dict[str, Rows]) -> bool:
    """Whether any of the clinical lists of the file format has an item that is not blank."""
    return any(lists[which.name].has_content() for which in NAMED_LISTS)


def with_items(work: ProviderWork, extraction_ids: Collection[int], order: DateOrder) -> set[int]:
    """Return the extractions that have items, including lists that older versions kept in ``extra``.

    Two statements; more only for extractions of older versions.
    """
    if not extraction_ids:
        return set()
    extractions = work.extractions
    found = extractions.with_rows(extraction_ids)
    rest = [number for number in extraction_ids if number not in found]
    if not rest:
        return found
    no_lists = {which.name: no_rows(which) for which in LISTS}
    candidates = extractions.with_lists_in_extra(rest)
    for start in range(0, len(candidates), _EXTRAS_AT_ONCE):
        for number, extra in extractions.extras(candidates[start : start + _EXTRAS_AT_ONCE]).items():
            read = as_read_today(no_lists, extra, order)
            if read is not None and has_items(read):
                found.add(number)
    return found
