"""Finds the PRN in a patient's JSON without reading the rest."""

from typing import Any

import msgspec

from webautodash.domain.extraction.json_text import repeated_key
from webautodash.domain.extraction.json_values import value_at, value_type
from webautodash.domain.extraction.patient.demographics import read_prn
from webautodash.domain.extraction.profiles.built_in import native_profile
from webautodash.domain.extraction.profiles.profile import Profile
from webautodash.domain.extraction.profiles.translate_patient import find, has_value
from webautodash.domain.limits import LARGEST_PATIENT
from webautodash.errors import UnreadablePatient


def readable_prn(raw: msgspec.Raw, profile: Profile | None = None) -> str | None:
    """The PRN of a patient that cannot be stored; None unless it can be read without doubt.

    Without a ``profile`` the patient is read as native.
    """
    if len(memoryview(raw)) > LARGEST_PATIENT or repeated_key(bytes(raw)):
        return None
    return checked_prn(prn_value(raw, profile or native_profile()))


def checked_prn(value: object) -> str | None:
    """The PRN, or None for a value that is none."""
    try:
        return None if value is None else read_prn(value)
    except UnreadablePatient:
        return None


def prn_value(raw: msgspec.Raw, profile: Profile) -> Any:
    """The value in the place of the PRN, not checked; None if there is none or the patient cannot be decoded."""
    if len(memoryview(raw)) > LARGEST_PATIENT:
        return None
    for path in profile.prn_places:
        try:
            outer = value_at(path[:1], msgspec.json.decode(raw, type=value_type(path[:1], Any)))
        except (ValueError, RecursionError):
            # There is no such place.
            continue
        if has_value(found := find(outer, path[1:])):
            return found
    return None
