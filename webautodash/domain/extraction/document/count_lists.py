"""Counts the patients of a document whose lists are empty, without decoding the items of the lists."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from webautodash.domain.extraction.document.read_document import Document
from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS
from webautodash.domain.extraction.patient.completeness import COMPLETENESS_FIELDS, failure_field
from webautodash.domain.extraction.profiles.profile import KeyPath, Profile
from webautodash.domain.extraction.profiles.translate_patient import find
from webautodash.domain.limits import LARGEST_PATIENT
from webautodash.domain.suspicious_files import ListCounts

# Enough to tell a share, and few enough that a large file takes no longer.
_MOST_COUNTED = 250
# Longer than an empty list of any writer.
_LONGEST_EMPTY = 256
_EMPTY = frozenset({b"", b"null", b"[]"})
_MISSING = msgspec.Raw(b"null")


class _Lists(NamedTuple):
    """Where a profile has the lists, and the decoder that takes them out of a patient."""

    keys: tuple[str, ...]
    places: Mapping[str, Sequence[KeyPath]]
    decode: Callable[[msgspec.Raw], Any]


def count_lists(document: Document) -> ListCounts:
    """Count the empty lists of the complete patients; of a large file, those of every nth patient.

    A patient that cannot be read here is not counted.
    """
    lists = _lists(document.profile)
    empty, counted = dict.fromkeys(lists.places, 0), 0
    step = -(-len(document.patients) // _MOST_COUNTED) or 1
    for raw in document.patients[::step] if document.failed is None else ():
        if (names := _empty_lists(raw, lists)) is not None:
            counted += 1
            for name in names:
                empty[name] += 1
    return ListCounts(len(document.patients), counted, empty)


def _empty_lists(raw: msgspec.Raw, lists: _Lists) -> list[str] | None:
    """The lists of a patient that have no item; None for a patient that is not complete or cannot be read."""
    if len(memoryview(raw)) > LARGEST_PATIENT:
        return None
    try:
        values = lists.decode(raw)
        if failure_field(dict(zip(COMPLETENESS_FIELDS, values[-len(COMPLETENESS_FIELDS) :], strict=True))):
            return None
        there = {
            key: member
            for key, member in zip(lists.keys, values, strict=False)
            if member is not _MISSING and _has_content(member)
        }
        return [name for name, paths in lists.places.items() if not any(_has_items(there, path) for path in paths)]
    except (ValueError, RecursionError):
        return None


def _has_items(members: Mapping[str, msgspec.Raw], path: KeyPath) -> bool:
    key, *inner = path
    if key not in members or not inner:
        return key in members
    return bool(find(msgspec.json.decode(members[key]), tuple(inner)))


def _has_content(member: msgspec.Raw) -> bool:
    view = memoryview(member)
    return len(view) > _LONGEST_EMPTY or bytes(view).translate(None, b" \t\r\n") not in _EMPTY


def _lists(profile: Profile) -> _Lists:
    places: dict[str, list[KeyPath]] = {}
    for which in NAMED_LISTS:
        paths: list[KeyPath] = [(key,) for key in which.list_keys]
        if (mapping := profile.lists.get(which.name)) is not None:
            paths += [*mapping.at, *(path for _, path in mapping.split)]
        places[which.name] = [path for path in dict.fromkeys(paths) if path and path[0] not in COMPLETENESS_FIELDS]
    keys = tuple(dict.fromkeys(path[0] for paths in places.values() for path in paths))
    return _Lists(keys, places, _decoder(keys))


@lru_cache(maxsize=32)
def _decoder(keys: tuple[str, ...]) -> Callable[[msgspec.Raw], Any]:
    """Decodes a patient to the undecoded members of some keys, followed by ``COMPLETENESS_FIELDS``."""
    fields: list[Any] = [
        (f"member_{number}", msgspec.Raw, msgspec.field(default=_MISSING, name=key)) for number, key in enumerate(keys)
    ]
    fields += [(f"status_{name}", Any, msgspec.field(default=None, name=name)) for name in COMPLETENESS_FIELDS]
    decoder = msgspec.json.Decoder(msgspec.defstruct("patient", fields, gc=False))
    values = attrgetter(*(name for name, *_ in fields))
    return lambda raw: values(decoder.decode(raw))
