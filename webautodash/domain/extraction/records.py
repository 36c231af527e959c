"""One patient, normalised: typed values beside raw text, nothing dropped."""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, cast

import msgspec

from webautodash.domain.checksum import checksum
from webautodash.domain.dates import DateOrder, parse_date
from webautodash.domain.extraction.clinical_lists import LISTS, NAMED_LISTS, OTHER_RECORDS, SECTIONS
from webautodash.domain.extraction.completeness import FIELDS as COMPLETENESS_FIELDS
from webautodash.domain.extraction.completeness import failure_field
from webautodash.domain.extraction.content import NATIVE, Container
from webautodash.domain.extraction.documents import decode_patient
from webautodash.domain.extraction.items import (
    NO_ITEMS,
    Items,
    Prose,
    Short,
    completed,
    item_type,
    read_again,
    read_items,
    remaining,
    require_few,
    take_other_records,
    take_text,
)
from webautodash.domain.extraction.json_text import Path, half_characters, has_more_values, repeated_key, says_all
from webautodash.domain.extraction.rows import Rows
from webautodash.domain.limits import LARGEST_PATIENT, MOST_ROWS, MOST_VALUES, PRN_LENGTH, SHORT_TEXT_LENGTH
from webautodash.domain.row_checks import list_checks
from webautodash.errors import UnreadablePatient, without_context

_FILTER_FIELDS = (
    "filter_medication_strength",
    "filter_start_date",
    "filter_stop_date",
    "filter_last_seen",
    "filter_provider",
)
PRINTED = "demographics_printable"
"""The key of the demographics in a patient, and of those without a column in ``extra``."""
FOUND = (*_FILTER_FIELDS, "filter_medication_name", "summary_page_url", "extraction_method", "found_at")
"""Columns of ``patient_extractions``: how the sweep came to a patient."""

# What is no list of records even where a file has a list there.
_NO_RECORDS = frozenset(
    {
        *("patient_id", "patient_name", "extraction_status", "extraction_error", "error", "status", *FOUND[:-2]),
        *("demographics_printable", "extraction_metadata", "extraction_summary", "filter_criteria"),
    }
)


class Demographics(NamedTuple):
    """Who a patient is, as one extraction says; every value as the portal printed it, the birth date parsed too."""

    patient_uuid: str | None = None
    patient_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    date_of_birth: date | None = None
    date_of_birth_text: str | None = None
    age: str | None = None
    gender: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None

    def values(self) -> dict[str, Any]:
        """By column name."""
        return dict(zip(DEMOGRAPHICS, self, strict=True))

    def named(self) -> "Demographics":
        """With the name made of first and last name where there is none, as rows of older versions lack it."""
        return self if self.patient_name else self._replace(patient_name=full_name(self.first_name, self.last_name))


DEMOGRAPHICS: tuple[str, ...] = Demographics._fields
CHECKED = ("prn", "criteria_key", "position", *DEMOGRAPHICS, *FOUND, "data_checksum", "extra")
"""Columns of ``patient_extractions`` that are in its own check; the others can be compared with other rows."""


def full_name(first: str | None, last: str | None) -> str | None:
    """The name where ``patient_name`` is missing: first and last name, or the one of them that is there."""
    return " ".join(part.strip() for part in (first, last) if part and part.strip()) or None


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


def other_demographics(extra: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The fields of ``demographics_printable`` that have no column, out of the ``extra`` of an extraction."""
    found = extra.get(PRINTED) if extra else None
    return found if isinstance(found, dict) and found else None


class _Person(NamedTuple):
    """What a patient's own fields say, the lists apart."""

    prn: str
    demographics: Demographics
    found: dict[str, str | None]
    leftovers: dict[str, Any]


def patient_record(raw: msgspec.Raw, position: int, order: DateOrder) -> PatientRecord:
    """Decode and normalise one patient.

    Raises UnreadablePatient, with a code and a JSON path, for one without a PRN or with a shape that is none.
    """
    return records([read_patient(raw, position, order)], order)[0]


class Draft(NamedTuple):
    """One patient, decoded, with the items of the lists as they were given."""

    position: int
    prn: str
    demographics: Demographics
    found: dict[str, str | None]
    extra: dict[str, Any] | None
    items: dict[str, Items]
    failed: str | None = None
    """The field that says that the extraction of this patient failed, see ``domain.completeness``."""


@without_context
def read_patient(raw: msgspec.Raw, position: int, order: DateOrder, container: Container = NATIVE) -> Draft:
    """Decode one patient, an incomplete one too. ``container`` is where the file has its patients.

    Raises UnreadablePatient as ``patient_record``.
    """
    text = _acceptable(raw, position, container)
    try:
        usual = _usual().decode(text)
    except (ValueError, RecursionError):
        patient = _decoded(raw, position, container)
        _require_once(text, patient)
        return _normalise(patient, position, order)
    if not says_all(text, usual):
        _require_once(text, _decoded(raw, position, container))
    for which in NAMED_LISTS:
        require_few(getattr(usual, which.key), which.key)
    printed = usual.demographics_printable
    name = _said(printed.patient_name) or _said(usual.patient_name)
    complete = _completeness(usual)
    if name is None or usual.patient_name not in {None, name} or (complete and failure_field(complete)):
        # A name to be made of others, two names of which the other one is kept too, an extraction that failed.
        return _normalise(_decoded(raw, position, container), position, order)
    born = _said(printed.date_of_birth)
    demographics = Demographics(
        patient_uuid=usual.patient_id,
        patient_name=name,
        first_name=printed.first_name,
        last_name=printed.last_name,
        date_of_birth=parse_date(born, order),
        date_of_birth_text=born,
        age=printed.age,
        gender=_said(printed.gender),
        phone=printed.phone,
        email=printed.email,
        address=printed.address,
    )
    scraped = usual.extraction_metadata or _NOT_SCRAPED
    found = dict(zip(FOUND, (*_found(usual), scraped.extraction_method, scraped.found_at), strict=True))
    items = {which.name: Items(getattr(usual, which.key) or ()) for which in NAMED_LISTS}
    items[OTHER_RECORDS.name] = NO_ITEMS
    return Draft(position, read_prn(printed.prn), demographics, found, complete, items)


def records(drafts: Sequence[Draft], order: DateOrder) -> list[PatientRecord]:
    """The records of some patients; a batch costs much less than its patients one by one."""
    lists = {which.name: completed(which, [draft.items[which.name] for draft in drafts], order) for which in LISTS}
    own = [{name: rows[place] for name, rows in lists.items()} for place in range(len(drafts))]
    return list(map(_record, drafts, own, list_checks(own)))


def _record(draft: Draft, lists: dict[str, Rows], checks: str) -> PatientRecord:
    fingerprint = checksum(draft.prn, draft.demographics.values(), lists)
    return PatientRecord(
        draft.position, draft.prn, draft.demographics, draft.found, lists, draft.extra, fingerprint, checks
    )


def normalise(patient: dict[str, Any], position: int, order: DateOrder) -> PatientRecord:
    """A decoded patient as a record; see ``patient_record``."""
    return records([_normalise(patient, position, order)], order)[0]


def _normalise(patient: dict[str, Any], position: int, order: DateOrder) -> Draft:
    failed = failure_field(patient)
    try:
        return _draft(patient, position, order)._replace(failed=failed)
    except UnreadablePatient as error:
        # A failed extraction is often without what a complete one has.
        error.failed = failed
        raise


def as_read_today(
    lists: Mapping[str, Rows], extra: Mapping[str, Any] | None, order: DateOrder
) -> dict[str, Rows] | None:
    """The stored lists of an extraction as a file with the same content gives them; None where they are the same.

    ``extra`` is what the extraction keeps beside them.
    """
    found = read_again(lists, extra, _NO_RECORDS, order)
    return found if any(found[name] is not rows for name, rows in lists.items()) else None


def _draft(patient: dict[str, Any], position: int, order: DateOrder) -> Draft:
    rest = dict(patient)
    person = _person(rest, order)
    items: dict[str, Items] = {}
    for which in NAMED_LISTS:
        items[which.name], unmatched = read_items(patient, which, order)
        for key in which.list_keys:
            rest.pop(key, None)
        rest.update(unmatched)

    def place(key: str, *inner: str) -> str:
        # A key that no extraction is known to have may itself be a value.
        outer = key if key in _known_keys() else f"[member {list(patient).index(key) + 1}]"
        return ".".join((outer, *(name if name in _known_keys() else "[...]" for name in inner)))

    items[OTHER_RECORDS.name] = take_other_records(rest, place, _NO_RECORDS)
    if sum(len(some.given) for some in items.values()) > MOST_ROWS:
        raise UnreadablePatient("too_many_items", f"more than {MOST_ROWS:,} in all lists")
    extra = remaining(rest | person.leftovers, "patient")
    return Draft(position, person.prn, person.demographics, person.found, extra, items)


_found: Callable[[Any], tuple[Any, ...]] = attrgetter(*FOUND[:-2])
_stated: Callable[[Any], tuple[Any, ...]] = attrgetter(*COMPLETENESS_FIELDS)
_NOTHING_STATED = (None,) * len(COMPLETENESS_FIELDS)


def _completeness(usual: Any) -> dict[str, Any] | None:
    """What a patient says of its own extraction."""
    if (stated := _stated(usual)) == _NOTHING_STATED:
        return None
    return {field: value for field, value in zip(COMPLETENESS_FIELDS, stated, strict=True) if value is not None}


class _Printed(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    prn: Any = None
    patient_name: Short = None
    date_of_birth: Short = None
    age: Short = None
    gender: Short = None
    first_name: Short = None
    last_name: Short = None
    phone: Short = None
    email: Short = None
    address: Prose = None


class _Scraped(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    extraction_method: Short = None
    found_at: Short = None


_NOT_SCRAPED = _Scraped()


@cache
def _usual() -> msgspec.json.Decoder[Any]:
    """Decodes a patient with the fields that most have and no other, each of them fitting its column."""
    short = ("patient_id", "patient_name", *_FILTER_FIELDS, *COMPLETENESS_FIELDS)
    known: list[tuple[str, Any, Any]] = [(name, Short, None) for name in short]
    known += [(name, Prose, None) for name in ("filter_medication_name", "summary_page_url")]
    known += [(which.key, list[item_type(which)] | None, None) for which in NAMED_LISTS]  # type: ignore[misc]
    known += [(PRINTED, _Printed, msgspec.NODEFAULT), ("extraction_metadata", _Scraped | None, None)]
    usual = msgspec.defstruct("usual_patient", known, forbid_unknown_fields=True, omit_defaults=True, kw_only=True)
    return msgspec.json.Decoder(usual)


def _acceptable(raw: msgspec.Raw, position: int, container: Container) -> bytes:
    if len(memoryview(raw)) > LARGEST_PATIENT:
        limit = f"more than {LARGEST_PATIENT >> 20} MiB"
        raise UnreadablePatient("too_large", f"{container.place(position)}: {limit}")
    text = bytes(raw)
    if len(text) > MOST_VALUES and has_more_values(text, MOST_VALUES):
        raise UnreadablePatient("too_many_values", f"{container.place(position)}: more than {MOST_VALUES:,}")
    return text


@without_context
def _decoded(raw: msgspec.Raw, position: int, container: Container) -> dict[str, Any]:
    where = container.place(position)
    try:
        return decode_patient(raw)
    except RecursionError:
        raise UnreadablePatient("nested_too_deeply", where) from None
    except ValueError as error:
        raise UnreadablePatient(_unreadable(raw, error), where) from None


def _unreadable(raw: msgspec.Raw, error: ValueError) -> str:
    if "out of range" in str(error):
        return "unusable_number"
    return "half_character" if next(half_characters(bytes(raw)), None) else "malformed"


def _require_once(text: bytes, patient: dict[str, Any]) -> None:
    """Which of two values of one key is true, nobody can say. Raises UnreadablePatient."""
    if not says_all(text, patient) and (repeated := repeated_key(text)):
        raise UnreadablePatient("duplicate_key", _where(repeated.path))


def _where(path: Path) -> str:
    """A JSON path. A key that no extraction is known to have may itself be a value."""
    steps = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" if step in _known_keys() else "[...]"
        for step in path[:_MOST_STEPS]
    )
    return steps.removeprefix(".") + ("..." if len(path) > _MOST_STEPS else "")


_MOST_STEPS = 6


@cache
def _known_keys() -> frozenset[str]:
    usual = msgspec.structs.fields(cast(type[msgspec.Struct], _usual().type))
    printed, scraped = msgspec.structs.fields(_Printed), msgspec.structs.fields(_Scraped)
    items = [field for which in LISTS for field in msgspec.structs.fields(item_type(which))]
    others = {key for which in LISTS for key in (*which.list_keys, *which.item_keys)} | SECTIONS
    return frozenset(field.encode_name for field in (*usual, *printed, *scraped, *items)) | others


def _person(rest: dict[str, Any], order: DateOrder) -> _Person:
    printed = rest.pop(PRINTED, None)
    if not isinstance(printed, dict):
        raise UnreadablePatient("no_demographics", PRINTED)
    printed = dict(printed)
    prn = read_prn(printed.pop("prn", None))
    demographics = _demographics(rest, printed, order)
    found = [take_text(rest, name) for name in _FILTER_FIELDS]
    found += [take_text(rest, name, sys.maxsize) for name in ("filter_medication_name", "summary_page_url")]
    inner = rest.pop("extraction_metadata", None)
    inner = dict(inner) if isinstance(inner, dict) else {"value": inner}
    found += [take_text(inner, "extraction_method"), take_text(inner, "found_at")]
    leftovers = {
        PRINTED: remaining(printed, PRINTED),
        "extraction_metadata": remaining(inner, "extraction_metadata"),
    }
    return _Person(prn, demographics, dict(zip(FOUND, found, strict=True)), leftovers)


def read_prn(value: object) -> str:
    """The identity of a patient: trimmed, otherwise as it came; equal only when every byte is.

    Raises UnreadablePatient where there is none, or one that could be mistaken for another: a fraction, control
    characters, more than fits.
    """
    where = "demographics_printable.prn"
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise UnreadablePatient("no_prn", where)
    if not isinstance(value, str):
        raise UnreadablePatient("unusable_prn", where)
    prn = value.strip()
    if len(prn) > PRN_LENGTH or not prn.isprintable():
        raise UnreadablePatient("unusable_prn", where)
    return prn


def _demographics(rest: dict[str, Any], printed: dict[str, Any], order: DateOrder) -> Demographics:
    uuid = take_text(rest, "patient_id")
    name = _required_fit(printed, "patient_name") or _required_fit(rest, "patient_name")
    if rest.get("patient_name") == name:
        rest.pop("patient_name", None)
    born = _required_fit(printed, "date_of_birth")
    first, last = take_text(printed, "first_name"), take_text(printed, "last_name")
    if name is None and full_name(first, last) is None:
        first, last = take_text(rest, "first_name"), take_text(rest, "last_name")
    if name is None and (name := full_name(first, last)) is not None and len(name) > SHORT_TEXT_LENGTH:
        raise UnreadablePatient("unusable_value", f"first_name, last_name: more than {SHORT_TEXT_LENGTH} characters")
    return Demographics(
        patient_uuid=uuid,
        patient_name=name,
        first_name=first,
        last_name=last,
        date_of_birth=parse_date(born, order),
        date_of_birth_text=born,
        age=take_text(printed, "age"),
        gender=_required_fit(printed, "gender"),
        phone=take_text(printed, "phone"),
        email=take_text(printed, "email"),
        address=take_text(printed, "address", sys.maxsize),
    )


def _required_fit(fields: dict[str, Any], key: str) -> str | None:
    """A value that tells one person from another: it fits its column, or the patient waits for a person."""
    text = take_text(fields, key)
    if text is None and fields.get(key) is not None:
        raise UnreadablePatient("unusable_value", f"{key}: not a text of at most {SHORT_TEXT_LENGTH} characters")
    return _said(text)


def _said(text: str | None) -> str | None:
    return text if text and text.strip() else None
