"""Demographics: who a patient is."""

import sys
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from webautodash.domain.dates import DateOrder, parse_date
from webautodash.domain.extraction.json_values import take_text
from webautodash.domain.limits import PRN_LENGTH, SHORT_TEXT_LENGTH
from webautodash.errors import UnreadablePatient

DEMOGRAPHICS_KEY = "demographics_printable"
"""The key of the demographics in a patient, and in ``extra`` of those that have no column."""


class Demographics(NamedTuple):
    """The demographics in one extraction, as the portal printed them; the birth date is also parsed."""

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
        return dict(zip(DEMOGRAPHIC_COLUMNS, self, strict=True))

    def named(self) -> "Demographics":
        """Fill in a missing name from first and last name. Rows of earlier versions can lack it."""
        return self if self.patient_name else self._replace(patient_name=full_name(self.first_name, self.last_name))


DEMOGRAPHIC_COLUMNS: tuple[str, ...] = Demographics._fields


def full_name(first: str | None, last: str | None) -> str | None:
    """The name if ``patient_name`` is missing: first and last name, or the one that is present."""
    return " ".join(part.strip() for part in (first, last) if part and part.strip()) or None


def other_demographics(extra: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The fields of ``demographics_printable`` that have no column, from the ``extra`` of an extraction."""
    found = extra.get(DEMOGRAPHICS_KEY) if extra else None
    return found if isinstance(found, dict) and found else None


def read_prn(value: object) -> str:
    """The PRN of a patient: trimmed, otherwise unchanged. Two PRNs are equal only if all bytes are.

    Raises UnreadablePatient if it is missing or could be confused with another: a fraction, control characters, more
    than 128 characters.
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


def read_demographics(rest: dict[str, Any], printed: dict[str, Any], order: DateOrder) -> Demographics:
    """Take the demographics out of ``printed``, or out of the patient itself (``rest``) if they are missing there."""
    uuid = take_text(rest, "patient_id")
    name = _identifying_text(printed, "patient_name") or _identifying_text(rest, "patient_name")
    if rest.get("patient_name") == name:
        rest.pop("patient_name", None)
    born = _identifying_text(printed, "date_of_birth")
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
        gender=_identifying_text(printed, "gender"),
        phone=take_text(printed, "phone"),
        email=take_text(printed, "email"),
        address=take_text(printed, "address", sys.maxsize),
    )


def _identifying_text(fields: dict[str, Any], key: str) -> str | None:
    """Take a value that identifies a person. Raises UnreadablePatient if it does not fit its column."""
    text = take_text(fields, key)
    if text is None and fields.get(key) is not None:
        raise UnreadablePatient("unusable_value", f"{key}: not a text of at most {SHORT_TEXT_LENGTH} characters")
    return text_or_none(text)


def text_or_none(text: str | None) -> str | None:
    """None for a blank text."""
    return text if text and text.strip() else None
