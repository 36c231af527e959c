"""Finds the offsets of the parts of a document, and keys that occur twice."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from webautodash.domain.extraction.document.faults import DUPLICATE_KEY, DocumentFaultError, Fault, metadata_limit
from webautodash.domain.extraction.document.split_document import SplitDocument
from webautodash.domain.extraction.json_text import SEPARATOR, WHITE_SPACE, end_of_value, skip, text_of
from webautodash.domain.limits import LARGEST_METADATA, LARGEST_SET_ASIDE

_MOST_MEMBERS = 1_000
_KEY = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\r\n]*+:[ \t\r\n]*+', re.DOTALL)


class Offsets(NamedTuple):
    """Where the parts of a document are, in bytes."""

    metadata_at: int
    patients: range
    other_members: Sequence[Mapping[str, range]]
    """The members except metadata and patients, by key: those of the document, then those of each object on the way to
    the patients."""


def find_offsets(content: memoryview, split: SplitDocument) -> Offsets:
    """Find all offsets. Raises DocumentFaultError if an object has the same key twice."""
    keys, found = split.container.keys, range(0)
    members: list[dict[str, range]] = [{} for _ in keys]

    def patients(begin: int) -> int | None:
        nonlocal found
        end = _end_of_patients(content, begin, split)
        found = range(begin, end or begin)
        return end

    def outside(depth: int, begin: int) -> int | None:
        """Where the object at this depth of the path, or the patients, end; None for a value of another kind."""
        if depth == len(keys):
            return patients(begin)
        if content[begin] != ord("{"):
            return None
        decoded: dict[str, Callable[[int], int | None]] = {keys[depth]: partial(outside, depth + 1)}
        if depth == 0:
            decoded["extraction_metadata"] = lambda at: _end_of(content, at, split.metadata)
        members[depth], end = _members(content, begin, decoded)
        return end

    outside(0, skip(WHITE_SPACE, content, 0))
    metadata_at = members[0].pop("extraction_metadata", range(0)).start if members else 0
    for key, inside in zip(keys, members, strict=True):
        inside.pop(key, None)
    return Offsets(metadata_at, found, members)


def _members(
    content: memoryview, at: int, decoded: Mapping[str, Callable[[int], int | None]]
) -> tuple[dict[str, range], int]:
    """The members of an object, and where it ends. ``decoded`` finds the ends of the members that were decoded."""
    places: dict[str, range] = {}
    at = skip(WHITE_SPACE, content, at) + 1
    while found := _KEY.match(content, skip(WHITE_SPACE, content, at)):
        key, begin = text_of(found[1]), found.end()
        if key in places:
            raise DocumentFaultError(found.start(), DUPLICATE_KEY)
        if len(places) == _MOST_MEMBERS:
            reason = f"more than {_MOST_MEMBERS:,} members beside the patients"
            raise DocumentFaultError(found.start(), Fault("too_many_members", reason))
        if (end_of := decoded.get(key)) is not None:
            # If this is not the value that was decoded, the key occurs again.
            end = end_of(begin) or end_of_value(content, begin)
        else:
            end = end_of_value(content[: begin + LARGEST_METADATA], begin)
            if end is None:
                reason = f"a member that no extraction has, of more than {metadata_limit()}"
                raise DocumentFaultError(found.start(), Fault("member_too_large", reason))
        assert end is not None  # noqa: S101  # the content is valid JSON
        places[key], at = range(begin, end), skip(SEPARATOR, content, end)
    return places, skip(WHITE_SPACE, content, at) + 1


def _end_of(content: memoryview, begin: int, raw: msgspec.Raw) -> int | None:
    end = begin + len(memoryview(raw))
    return end if bytes(content[begin:end]) == bytes(raw) else None


def _end_of_patients(content: memoryview, begin: int, split: SplitDocument) -> int | None:
    """Where the patients end; None if these are other patients. Raises DocumentFaultError for one that is too large."""
    is_single = split.container.is_single
    at: int | None = begin if is_single else skip(WHITE_SPACE, content, begin + 1)
    for position, raw in enumerate(split.patients):
        if 2 * len(memoryview(raw)) > LARGEST_SET_ASIDE and _size_in_a_statement(bytes(raw)) > LARGEST_SET_ASIDE:
            size = f"{LARGEST_SET_ASIDE >> 20} MiB"
            fault = Fault("patient_too_large", f"a patient of more than {size} cannot be kept")
            raise DocumentFaultError(f"$.{split.container.place(position)}".replace("$.[", "$["), fault)
        if at is None or (at := _end_of(content, at, raw)) is None:
            return None
        if is_single:
            return at
        at = skip(SEPARATOR, content, at)
    return at + 1 if at is not None and content[at] == ord("]") else None


def _size_in_a_statement(raw: bytes) -> int:
    """Quotes, backslashes and line ends take two bytes each in a statement."""
    return len(raw) + sum(map(raw.count, (b'"', b"'", b"\\", b"\n", b"\r")))
