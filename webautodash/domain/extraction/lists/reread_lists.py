"""Reads stored lists again by today's rules, so that a file is not taken for a change of what it repeats.

An earlier version stored fields and lists that it did not know as JSON in ``extra``, where this version has columns.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS, OTHER_RECORDS
from webautodash.domain.extraction.lists.derived_columns import complete_rows
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.lists.read_item import (
    as_items,
    item_type,
    longest,
    take_alternative,
    take_item_text,
    take_type,
)
from webautodash.domain.extraction.lists.read_lists import older_lists, read_items, take_other_records, unmatched_items
from webautodash.domain.extraction.lists.rows import Rows, RowTable, join_rows
from webautodash.domain.extraction.patient.patient_record import SWEEP_FIELDS
from webautodash.errors import UnreadablePatient

NOT_RECORDS = frozenset(
    {
        *("patient_id", "patient_name", "extraction_status", "extraction_error", "error", "status", *SWEEP_FIELDS[:-2]),
        *("demographics_printable", "extraction_metadata", "extraction_summary", "filter_criteria"),
    }
)
"""Keys of a patient that never hold a list of records."""


def as_read_today(
    lists: Mapping[str, Rows], extra: Mapping[str, Any] | None, order: DateOrder
) -> dict[str, Rows] | None:
    """The lists that a file with the content of a stored extraction gives today; None if they are the stored lists.

    ``extra`` is that of the extraction.
    """
    rest = dict(extra or {})
    current = dict(lists)
    for which in NAMED_LISTS:
        own = current[which.name] = _reread_rows(which, lists[which.name], order)
        older = {name: rest[name] for name in which.list_keys[1:] if isinstance(rest.get(name), list)}
        with suppress(UnreadablePatient):
            if own:
                unmatched = unmatched_items(which, own, older_lists(older, which), order)
            else:
                items, unmatched = read_items(older, which, order)
                if items.structs:
                    current[which.name] = complete_rows(which, [items], order)[0]
            rest = {key: value for key, value in rest.items() if key not in older} | unmatched
    with suppress(UnreadablePatient):
        others = take_other_records(rest, lambda *keys: ".".join(keys), NOT_RECORDS)
        if others.structs:
            rows = complete_rows(OTHER_RECORDS, [others], order)[0]
            both = join_rows(OTHER_RECORDS, [current[OTHER_RECORDS.name], rows])
            [current[OTHER_RECORDS.name]] = RowTable(OTHER_RECORDS, both).divided([len(both[0])])
    return current if any(current[name] is not rows for name, rows in lists.items()) else None


def _reread_rows(which: ClinicalList, rows: Rows, order: DateOrder) -> Rows:
    if not any(extra and not which.item_keys.isdisjoint(extra) for extra in rows.columns()[-1]):
        return rows
    items = []
    for row in rows:
        rest = dict(row["extra"] or {})
        fields = [
            row[which.text_field] or take_item_text(rest, which),
            row[which.type_field] or take_type(rest, which, None),
        ]
        for column in which.copied[2:]:
            field = column.removesuffix("_text")
            fields.append(row[column] or take_alternative(rest, which, field, longest(which, column)) or row[column])
        items.append((item_type(which)(*fields), rest or None))
    return complete_rows(which, [as_items(items)], order)[0]
