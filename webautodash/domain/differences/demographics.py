"""Differences between demographics."""

from operator import attrgetter
from typing import Any

from webautodash.domain.checksum import canonical_date, canonical_fields, folded
from webautodash.domain.differences.difference import Difference, Fields
from webautodash.domain.extraction.demographics import Demographics
from webautodash.domain.extraction.json_values import sorted_json
from webautodash.domain.limits import SHORT_TEXT_LENGTH
from webautodash.domain.vocabulary import ConflictType, Severity

# Another birth date: the PRN may have been given to someone else.
_DEMOGRAPHIC_SEVERITIES = {
    "patient_name": Severity.HIGH,
    "date_of_birth": Severity.CRITICAL,
    "gender": Severity.HIGH,
}


_CONTACT = ("first_name", "last_name", "phone", "email", "address")


_MOST_OTHER_FIELDS = 20
"""More fields than this differ in no patient; a file that says so gets one conflict for all of them."""


def demographic_differences(known: Demographics, new: Demographics) -> list[Difference]:
    """Name, birth date and gender that both have and that differ. A value that one side lacks says nothing."""
    known, new = known.named(), new.named()
    if _facts(known) == _facts(new):
        return []
    return [
        _mismatch(field, known, new, severity)
        for field, severity in _DEMOGRAPHIC_SEVERITIES.items()
        if (old := _compared(known, field)) and (now := _compared(new, field)) and old != now
    ]


def other_demographic_differences(
    known: Demographics, known_other: Fields | None, new: Demographics, new_other: Fields | None
) -> list[Difference]:
    """Contact details and unknown demographic fields that both have and that differ.

    First and last name are parts of the name: they count on their own only where the name does not differ.
    """
    if new_other == known_other and _contact(known) == _contact(new):
        return []
    before, now = _other_fields(known, known_other), _other_fields(new, new_other)
    old, said = canonical_fields(before), canonical_fields(now)
    differing = [field for field in said if field in old and old[field] != said[field]]
    if _compared(known.named(), "patient_name") != _compared(new.named(), "patient_name"):
        differing = [field for field in differing if field not in {"first_name", "last_name"}]
    if len(differing) > _MOST_OTHER_FIELDS:
        pair = [{field: fields[field] for field in differing} for fields in (before, now)]
        return [_low_mismatch("demographics_printable", *pair)]
    return [_low_mismatch(field, before[field], now[field]) for field in differing]


def is_another_person(known: Demographics, new: Demographics) -> bool:
    """Whether birth date and name both differ: another person under the same PRN is likelier than two corrections."""
    return {"patient_name", "date_of_birth"} <= {found.field_name for found in demographic_differences(known, new)}


def another_person(known: Demographics, new: Demographics) -> Difference:
    """The PRN stands for two persons; the values are who each of them is."""
    before, now = (
        {"patient_name": one.named().patient_name, "date_of_birth": one.date_of_birth_text} for one in (known, new)
    )
    return Difference(
        ConflictType.DEMOGRAPHIC_MISMATCH,
        Severity.CRITICAL,
        "prn",
        sorted_json(before),
        sorted_json(now),
        "name and birth date both differ; the patient of the file is set aside",
    )


def appearances(before: Demographics, new: Demographics) -> list[Difference]:
    """Name, birth date and gender that one of two extractions with the same criteria has and the other lacks."""
    before, new = before.named(), new.named()
    return [
        _mismatch(field, before, new, Severity.LOW)
        for field in _DEMOGRAPHIC_SEVERITIES
        if bool(_compared(before, field)) != bool(_compared(new, field))
    ]


_facts = attrgetter("patient_name", "date_of_birth", "date_of_birth_text", "gender")


_contact = attrgetter(*_CONTACT)


def _other_fields(person: Demographics, other: Fields | None) -> dict[str, Any]:
    """By name; where a value did not fit its column it stands among the unknown fields."""
    return {field: value for field in _CONTACT if (value := getattr(person, field)) is not None} | dict(other or {})


def _low_mismatch(field: str, old: Any, new: Any) -> Difference:
    return Difference(
        ConflictType.DEMOGRAPHIC_MISMATCH,
        Severity.LOW,
        field if len(field) <= SHORT_TEXT_LENGTH else f"{field[: SHORT_TEXT_LENGTH - 3]}...",
        sorted_json(old),
        sorted_json(new),
        # The name of an unknown field may itself be a value.
        f"{field} differs" if field in _CONTACT else "a field of demographics_printable differs",
    )


def _compared(person: Demographics, field: str) -> str:
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
