"""Finds the profile of a file, and the patients where the profile says that they are."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import msgspec

from webautodash.domain.extraction.document.find_patients import MISSING, PatientContainer
from webautodash.domain.extraction.json_text import SEPARATOR, WHITE_SPACE, end_of_value, may_have_more, skip
from webautodash.domain.extraction.json_values import value_at, value_type
from webautodash.domain.extraction.profiles.profile import KeyPath, Profile
from webautodash.domain.extraction.profiles.recognise import Sample, misses
from webautodash.domain.limits import LARGEST_PATIENT

# Of the first elements of a list, as many objects are looked at.
_MOST_ELEMENTS = 20
_MOST_SAMPLES = 3
_MOST_MEMBERS = 1_000
_NESTED = re.compile(rb"[\[{]")


class Names(msgspec.Struct):
    """The members of an object that can name the portal."""

    portal_name: Any = None
    portal_type: Any = None


class Attempt(NamedTuple):
    """A profile that was tried, and what the file lacks of it."""

    profile: str
    misses: Sequence[str]
    """Phrases without a value of the file."""


class _Outer(msgspec.Struct):
    extraction_metadata: msgspec.Raw = MISSING
    extraction_results: msgspec.Raw = MISSING


class FoundProfile(NamedTuple):
    """The profile that fits, with the place of the patients; neither if the native reader finds them, or none fits."""

    container: PatientContainer | None
    metadata: msgspec.Raw
    is_native: bool
    """Whether the native reader's profile is the first that fits."""
    has_objects: bool
    """Whether the document has more than metadata and single values, which could be meant for another profile."""
    attempts: Sequence[Attempt]


def find_profile(content: memoryview, profiles: Sequence[Profile], *, is_native: bool) -> FoundProfile:
    """Find the first profile that fits. ``is_native`` tells whether the native reader finds native patients."""
    attempts: list[Attempt] = []
    outer = _decoded(content, _Outer)
    metadata = MISSING if outer is None else outer.extraction_metadata
    names = [] if outer is None else _names(content, outer)
    # Profiles share places, and each look reads the whole document.
    place = cache(partial(_place, content))
    for profile in profiles:
        if is_native_reader(profile):
            if is_native:
                return FoundProfile(None, metadata, True, True, attempts)
            attempts.append(Attempt(profile.name, ["no patient has demographics_printable"]))
            continue
        container, patients = _patients(profile, place)
        if not (missed := misses(profile, Sample(names, patients))):
            return FoundProfile(container, metadata, False, True, attempts)
        attempts.append(Attempt(profile.name, missed))
    document = _decoded(content, dict[str, msgspec.Raw]) if outer is not None and is_small(content) else {}
    has_objects = any(
        key != "extraction_metadata" and _NESTED.search(memoryview(raw), 1) for key, raw in (document or {}).items()
    )
    return FoundProfile(None, metadata, False, has_objects, attempts)


def is_native_reader(profile: Profile) -> bool:
    """Whether this is the built-in native profile, whose patients are found and read without a mapping."""
    return profile.is_native and profile.is_built_in


def samples(raw: msgspec.Raw) -> list[dict[str, Any]]:
    """The first objects of a list, or the object itself. What cannot be decoded is left out."""
    return [decoded for one in _objects(raw) if isinstance(decoded := _decoded(one, dict[str, Any]), dict)]


def is_small(text: memoryview) -> bool:
    """Whether an object has few enough members to be decoded as a whole."""
    return not may_have_more(text, _MOST_MEMBERS, 1)


def _names(content: memoryview, outer: _Outer) -> list[dict[str, Any]]:
    """The names of the portal in the document, its metadata and its results."""
    objects = (content, outer.extraction_metadata, outer.extraction_results)
    found = (_decoded(one, Names) for one in objects if one is not MISSING)
    return [msgspec.structs.asdict(names) for names in found if names is not None]


class _Place(NamedTuple):
    """What a document has at a path."""

    is_single: bool
    patients: list[dict[str, Any]]
    """The first objects there."""


def _place(content: memoryview, keys: KeyPath) -> _Place:
    found = _decoded(content, value_type(keys, msgspec.Raw))
    raw = MISSING if found is None else value_at(keys, found)
    return _Place(bytes(memoryview(raw)[:1]) == b"{", samples(raw))


def _patients(
    profile: Profile, place: Callable[[KeyPath], _Place]
) -> tuple[PatientContainer | None, list[dict[str, Any]]]:
    """The first place of a profile that holds objects, and the first of them."""
    for keys in profile.patients:
        if (found := place(keys)).patients:
            return PatientContainer(keys, is_single=found.is_single, profile=profile), found.patients
    return None, []


def _objects(raw: msgspec.Raw) -> Iterator[memoryview]:
    text = memoryview(raw)
    match bytes(text[:1]):
        case b"{":
            if len(text) <= LARGEST_PATIENT:
                yield text
        case b"[":
            at, number = skip(WHITE_SPACE, text, 1), 0
            for _ in range(_MOST_ELEMENTS):
                end = end_of_value(text[: at + LARGEST_PATIENT], at)
                if end is None or number == _MOST_SAMPLES:
                    return
                if text[at] == ord("{"):
                    number += 1
                    yield text[at:end]
                at = skip(SEPARATOR, text, end)


def _decoded(text: Any, kind: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except (ValueError, RecursionError):
        return None
