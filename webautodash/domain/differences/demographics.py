"""Differences between demographics: who a patient is."""

from operator import attrgetter
from typing import Any

from webautodash.domain.checksum import canonical_date, canonical_fields, folded
from webautodash.domain.differences.difference import Difference, FieldValues
from webautodash.domain.extraction.patient.demographics import Demographics
from webautodash.domain.json_document import sorted_json
from webautodash.domain.limits import SHORT_TEXT_LENGTH
from webautodash.domain.vocabulary import ConflictType, Severity

_IDENTITY_SEVERITIES = {
    "patient_name": Severity.HIGH,
    # Another birth date: the PRN may have been given to another person.
    "date_of_birth": Severity.CRITICAL,
    "gender": Severity.HIGH,
}
_CONTACT = ("first_name", "last_name", "phone", "email", "address")
# A hostile file can differ in any number of fields. Beyond this number, they share one conflict.
_MOST_OTHER_FIELDS = 20

_identity_of = attrgetter("patient_name", "date_of_birth", "date_of_birth_text", "gender")
_contact_of = attrgetter(*_CONTACT)


def demographic_differences(stored: Demographics, new: Demographics) -> list[Difference]:
    """Name, birth date and gender that both have and that differ. A missing value is not a difference."""
    stored, new = stored.named(), new.named()
    if _identity_of(stored) == _identity_of(new):
        return []
    return [
        _mismatch(field, stored, new, severity)
        for field, severity in _IDENTITY_SEVERITIES.items()
        if (old := _canonical(stored, field)) and (now := _canonical(new, field)) and old != now
    ]


def other_demographic_differences(
    stored: Demographics, stored_other: FieldValues | None, new: Demographics, new_other: FieldValues | None
) -> list[Difference]:
    """Contact details and unknown demographic fields that both have and that differ.

    First and last name are parts of the name, so they only count if the name itself does not differ.
    """
    if new_other == stored_other and _contact_of(stored) == _contact_of(new):
        return []
    before, now = _other_fields(stored, stored_other), _other_fields(new, new_other)
    old, current = canonical_fields(before), canonical_fields(now)
    differing = [field for field in current if field in old and old[field] != current[field]]
    if _canonical(stored.named(), "patient_name") != _canonical(new.named(), "patient_name"):
        differing = [field for field in differing if field not in {"first_name", "last_name"}]
    if len(differing) > _MOST_OTHER_FIELDS:
        pair = [{field: fields[field] for field in differing} for fields in (before, now)]
        return [_low_mismatch("demographics_printable", *pair)]
    return [_low_mismatch(field, before[field], now[field]) for field in differing]


def is_another_person(stored: Demographics, new: Demographics) -> bool:
    """Whether birth date and name both differ. Another person under the PRN is more likely than two corrections."""
    return {"patient_name", "date_of_birth"} <= {found.field_name for found in demographic_differences(stored, new)}


def another_person(stored: Demographics, new: Demographics) -> Difference:
    """The conflict for a PRN that stands for two persons; the values identify both."""
    return _both_persons(stored, new, "name and birth date both differ; the patient of the file is set aside")


def two_persons(record: Demographics, row: Demographics) -> Difference | None:
    """The conflict if the earlier scripts kept another birth date in a patient's row than in a record of the patient.

    They replaced the name in a row and kept the birth date, so that a row may hold the parts of two persons.
    """
    differing = {found.field_name for found in demographic_differences(record, row)}
    if "date_of_birth" not in differing:
        return None
    what = "name and birth date" if "patient_name" in differing else "the birth date"
    return _both_persons(record, row, f"the earlier scripts' row and record of the patient differ in {what}")


def _both_persons(stored: Demographics, new: Demographics, description: str) -> Difference:
    before, now = (
        {"patient_name": one.named().patient_name, "date_of_birth": one.date_of_birth_text} for one in (stored, new)
    )
    return Difference(
        ConflictType.DEMOGRAPHIC_MISMATCH,
        Severity.CRITICAL,
        "prn",
        sorted_json(before),
        sorted_json(now),
        description,
    )


def one_sided_differences(before: Demographics, new: Demographics) -> list[Difference]:
    """Name, birth date and gender that only one of two extractions with the same criteria has."""
    before, new = before.named(), new.named()
    return [
        _mismatch(field, before, new, Severity.LOW)
        for field in _IDENTITY_SEVERITIES
        if bool(_canonical(before, field)) != bool(_canonical(new, field))
    ]


def _other_fields(person: Demographics, other: FieldValues | None) -> dict[str, Any]:
    """By name. A value that does not fit its column is among the unknown fields."""
    return {field: value for field in _CONTACT if (value := getattr(person, field)) is not None} | dict(other or {})


def _low_mismatch(field: str, old: Any, new: Any) -> Difference:
    return Difference(
        ConflictType.DEMOGRAPHIC_MISMATCH,
        Severity.LOW,
        field if len(field) <= SHORT_TEXT_LENGTH else f"{field[: SHORT_TEXT_LENGTH - 3]}...",
        sorted_json(old),
        sorted_json(new),
        # The name of an unknown field may itself be a value of the patient.
        f"{field} differs" if field in _CONTACT else "a field of demographics_printable differs",
    )


def _canonical(person: Demographics, field: str) -> str:
    if field == "date_of_birth":
        return canonical_date(person.values(), field)
    return folded(getattr(person, field) or "")


def _mismatch(field: str, old: Demographics, new: Demographics, severity: Severity) -> Difference:
    raw = "date_of_birth_text" if field == "date_of_birth" else field
    return Difference(
        ConflictType.DEMOGRAPHIC_MISMATCH,
        severity,
        field,
        sorted_json(getattr(old, raw)),
        sorted_json(getattr(new, raw)),
        f"{field.replace('_', ' ')} differs",
    )
