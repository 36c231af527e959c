"""Reads a patient: decodes the JSON and takes the values apart."""

import sys
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from webautodash.domain.dates import DateOrder, parse_date
from webautodash.domain.extraction.decoder_errors import parts_of
from webautodash.domain.extraction.document.find_patients import NATIVE, PatientContainer
from webautodash.domain.extraction.json_text import JsonPath, half_characters, has_more_values, repeated_key, says_all
from webautodash.domain.extraction.json_values import decode_patient, take_text, unmapped
from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS, OTHER_RECORDS
from webautodash.domain.extraction.lists.read_item import NO_ITEMS, Items
from webautodash.domain.extraction.lists.read_lists import read_items, require_few, take_other_records
from webautodash.domain.extraction.lists.reread_lists import NOT_RECORDS
from webautodash.domain.extraction.patient.completeness import COMPLETENESS_FIELDS, failure_field
from webautodash.domain.extraction.patient.demographics import (
    DEMOGRAPHICS_KEY,
    Demographics,
    read_demographics,
    read_prn,
    text_or_none,
)
from webautodash.domain.extraction.patient.patient_record import FILTER_FIELDS, SWEEP_FIELDS, DecodedPatient
from webautodash.domain.extraction.patient.patient_schema import NOT_SCRAPED, schema_keys, usual_decoder
from webautodash.domain.extraction.profiles.profile import Profile
from webautodash.domain.extraction.profiles.translate_patient import translate_patient
from webautodash.domain.limits import LARGEST_PATIENT, MOST_ROWS, MOST_VALUES
from webautodash.errors import UnreadablePatient, without_context

_sweep_of: Callable[[Any], tuple[Any, ...]] = attrgetter(*SWEEP_FIELDS[:-2])
_status_of: Callable[[Any], tuple[Any, ...]] = attrgetter(*COMPLETENESS_FIELDS)
_NO_STATUS = (None,) * len(COMPLETENESS_FIELDS)
# A JSON path in an error is cut after this number of steps.
_MOST_STEPS = 6


class _Person(NamedTuple):
    """The fields of a patient except its lists."""

    prn: str
    demographics: Demographics
    sweep: dict[str, str | None]
    leftovers: dict[str, Any]


@without_context
def read_patient(
    raw: msgspec.Raw, position: int, order: DateOrder, container: PatientContainer = NATIVE
) -> DecodedPatient:
    """Decode one patient, including one whose extraction failed. ``container`` is the place of the patients.

    Raises UnreadablePatient, with a code and a JSON path, for a patient without a PRN or with another shape.
    """
    text = _bounded_text(raw, position, container)
    if container.profile is not None and not container.profile.is_native:
        return _read_mapped(text, _decoded(raw, position, container), position, order, container.profile)
    try:
        usual = usual_decoder().decode(text)
    except (ValueError, RecursionError):
        patient = _decoded(raw, position, container)
        _require_unique_keys(text, patient)
        return read_decoded(patient, position, order)
    if not says_all(text, usual):
        _require_unique_keys(text, _decoded(raw, position, container))
    for which in NAMED_LISTS:
        require_few(getattr(usual, which.key), which.key)
    printed = usual.demographics_printable
    name = text_or_none(printed.patient_name) or text_or_none(usual.patient_name)
    status = _status_fields(usual)
    if name is None or usual.patient_name not in {None, name} or (status and failure_field(status)):
        # No name, two different names, or a failed extraction: these need the general way.
        return read_decoded(_decoded(raw, position, container), position, order)
    born = text_or_none(printed.date_of_birth)
    demographics = Demographics(
        patient_uuid=usual.patient_id,
        patient_name=name,
        first_name=printed.first_name,
        last_name=printed.last_name,
        date_of_birth=parse_date(born, order),
        date_of_birth_text=born,
        age=printed.age,
        gender=text_or_none(printed.gender),
        phone=printed.phone,
        email=printed.email,
        address=printed.address,
    )
    scraped = usual.extraction_metadata or NOT_SCRAPED
    sweep = dict(zip(SWEEP_FIELDS, (*_sweep_of(usual), scraped.extraction_method, scraped.found_at), strict=True))
    items = {which.name: Items(getattr(usual, which.key) or ()) for which in NAMED_LISTS}
    items[OTHER_RECORDS.name] = NO_ITEMS
    return DecodedPatient(position, read_prn(printed.prn), demographics, sweep, status, items)


@without_context
def _read_mapped(
    text: bytes, patient: dict[str, Any], position: int, order: DateOrder, profile: Profile
) -> DecodedPatient:
    """Read a patient of another portal."""
    _require_unique_keys(text, patient)
    try:
        return read_decoded(translate_patient(profile, patient), position, order)
    except UnreadablePatient as error:
        in_file = UnreadablePatient(error.reason, profile.place_in_file(error.detail))
        in_file.failed = error.failed
        raise in_file from None


def read_decoded(patient: dict[str, Any], position: int, order: DateOrder) -> DecodedPatient:
    """Read a patient of any shape, field by field. Raises UnreadablePatient as ``read_patient`` does."""
    failed = failure_field(patient)
    try:
        return _draft(patient, position, order)._replace(failed=failed)
    except UnreadablePatient as error:
        # A failed extraction often lacks what a complete one has.
        error.failed = failed
        raise


def _draft(patient: dict[str, Any], position: int, order: DateOrder) -> DecodedPatient:
    rest = dict(patient)
    person = _person(rest, order)
    items: dict[str, Items] = {}
    for which in NAMED_LISTS:
        items[which.name], unmatched = read_items(patient, which, order)
        for key in which.list_keys:
            rest.pop(key, None)
        rest.update(unmatched)

    def place(key: str, *inner: str) -> str:
        # An unknown key may itself be a value of the patient.
        outer = key if key in schema_keys() else f"[member {list(patient).index(key) + 1}]"
        return ".".join((outer, *(name if name in schema_keys() else "[...]" for name in inner)))

    items[OTHER_RECORDS.name] = take_other_records(rest, place, NOT_RECORDS)
    if sum(len(some.structs) for some in items.values()) > MOST_ROWS:
        raise UnreadablePatient("too_many_items", f"more than {MOST_ROWS:,} in all lists")
    extra = unmapped(rest | person.leftovers, "patient")
    return DecodedPatient(position, person.prn, person.demographics, person.sweep, extra, items)


def _status_fields(usual: Any) -> dict[str, Any] | None:
    """The fields that tell whether the extraction of a patient is complete."""
    if (values := _status_of(usual)) == _NO_STATUS:
        return None
    return {field: value for field, value in zip(COMPLETENESS_FIELDS, values, strict=True) if value is not None}


def _bounded_text(raw: msgspec.Raw, position: int, container: PatientContainer) -> bytes:
    if len(memoryview(raw)) > LARGEST_PATIENT:
        limit = f"more than {LARGEST_PATIENT >> 20} MiB"
        raise UnreadablePatient("too_large", f"{container.place(position)}: {limit}")
    text = bytes(raw)
    if len(text) > MOST_VALUES and has_more_values(text, MOST_VALUES):
        raise UnreadablePatient("too_many_values", f"{container.place(position)}: more than {MOST_VALUES:,}")
    return text


@without_context
def _decoded(raw: msgspec.Raw, position: int, container: PatientContainer) -> dict[str, Any]:
    where = container.place(position)
    try:
        return decode_patient(raw)
    except RecursionError:
        raise UnreadablePatient("nested_too_deeply", where) from None
    except ValueError as error:
        raise UnreadablePatient(_unreadable(raw, error), where) from None


def _unreadable(raw: msgspec.Raw, error: ValueError) -> str:
    if parts_of(error).is_number_out_of_range:
        return "unusable_number"
    return "half_character" if next(half_characters(bytes(raw)), None) else "malformed"


def _require_unique_keys(text: bytes, patient: dict[str, Any]) -> None:
    """Raise UnreadablePatient if an object has the same key twice: nobody can tell which value is right."""
    if not says_all(text, patient) and (repeated := repeated_key(text)):
        raise UnreadablePatient("duplicate_key", _where(repeated.path))


def _where(path: JsonPath) -> str:
    """A JSON path, without unknown keys: they may themselves be values of the patient."""
    steps = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" if step in schema_keys() else "[...]"
        for step in path[:_MOST_STEPS]
    )
    return steps.removeprefix(".") + ("..." if len(path) > _MOST_STEPS else "")


def _person(rest: dict[str, Any], order: DateOrder) -> _Person:
    printed = rest.pop(DEMOGRAPHICS_KEY, None)
    if not isinstance(printed, dict):
        raise UnreadablePatient("no_demographics", DEMOGRAPHICS_KEY)
    printed = dict(printed)
    prn = read_prn(printed.pop("prn", None))
    demographics = read_demographics(rest, printed, order)
    sweep = [take_text(rest, name) for name in FILTER_FIELDS]
    sweep += [take_text(rest, name, sys.maxsize) for name in ("filter_medication_name", "summary_page_url")]
    inner = rest.pop("extraction_metadata", None)
    inner = dict(inner) if isinstance(inner, dict) else {"value": inner}
    sweep += [take_text(inner, "extraction_method"), take_text(inner, "found_at")]
    leftovers = {
        DEMOGRAPHICS_KEY: unmapped(printed, DEMOGRAPHICS_KEY),
        "extraction_metadata": unmapped(inner, "extraction_metadata"),
    }
    return _Person(prn, demographics, dict(zip(SWEEP_FIELDS, sweep, strict=True)), leftovers)
