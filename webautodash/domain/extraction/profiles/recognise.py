"""Recognises which profile fits a file, and finds the patients in it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from webautodash.domain.checksum import folded
from webautodash.domain.extraction.profiles.profile import Alternatives, Profile, dotted
from webautodash.domain.extraction.profiles.translate_patient import find


class Sample(NamedTuple):
    """What a file shows of itself, without its patients' lists."""

    members: Sequence[Mapping[str, Any]]
    """The objects that can name the portal: the document, its metadata, its results."""
    patients: Sequence[Mapping[str, Any]]
    """The first patients at the place that the profile names."""


def misses(profile: Profile, sample: Sample) -> list[str]:
    """What the file lacks of a profile, as phrases without a value of the file; empty if the profile fits.

    A profile fits if the portal has one of its names or types, or else if all paths of its shape are in one of the
    first patients; and if the first patients have any of its fields.
    """
    if not sample.patients:
        return [f"no patients at {_places(profile.patients)}"]
    objects = [*sample.members, *sample.patients]
    stated = {"portal_name": profile.portal_names, "portal_type": profile.portal_types}
    if any(_names(objects, key) & set(map(folded, names)) for key, names in stated.items()):
        found = any(find(one, path) is not None for one in sample.patients for path in _own_paths(profile))
        return [] if found or profile.is_native else ["the patients have none of its fields"]
    missed = [key for key, names in stated.items() if names]
    reasons = [f"{' and '.join(missed)} differ"] if missed else []
    if not profile.shape:
        return reasons
    lacking = min(([each for each in profile.shape if not _has_any(one, each)] for one in sample.patients), key=len)
    return [*reasons, f"the patients lack {', '.join(map(_places, lacking))}"] if lacking else []


def _has_any(patient: Mapping[str, Any], alternatives: Alternatives) -> bool:
    return any(find(patient, path) is not None for path in alternatives)


def _own_paths(profile: Profile) -> list[tuple[str, ...]]:
    places = [*profile.demographics, *(path for _, some in (*profile.person, *profile.patient) for path in some)]
    for name, mapping in profile.lists.items():
        places += [(f"all_{name}",), *mapping.at, *(path for _, path in mapping.split)]
    return places


def _places(alternatives: Alternatives) -> str:
    return " or ".join(map(dotted, alternatives))


def _names(objects: Sequence[Mapping[str, Any]], key: str) -> set[str]:
    return {folded(name) for one in objects if isinstance(name := one.get(key), str)}
