"""Masks what no decoder can read."""

from collections.abc import Iterator

from webautodash.domain.extraction.document_faults import DocumentFaultError, Fault
from webautodash.domain.limits import (
    LARGEST_SET_ASIDE,
    NESTING_DEPTH,
)

_MOST_COVERS = 100_000


# Of the whole file: what is nested deeper than a patient may be.
DEEP = 2 * NESTING_DEPTH


LONGEST_DEEP = 1 << 20


Masks = list[tuple[int, bytes]]
"""Where something is covered, and what."""


def mask(content: memoryview, covers: Masks, places: Iterator[tuple[int, int | None]], wrong: Fault) -> bool:
    """Cover what is wrong there; whether anything was. Raises _RefusedError for what never ends, or is too much."""
    before, size = len(covers), sum(len(covered) for _, covered in covers)
    for begin, end in places:
        size += (end or begin) - begin
        if end is None or size > LARGEST_SET_ASIDE or len(covers) == _MOST_COVERS:
            raise DocumentFaultError(covers[before][0] if len(covers) > before else begin, wrong)
        covers.append((begin, bytes(content[begin:end])))
        content[begin:end] = rb"\ufffd" if content[begin] == ord("\\") else b"0".ljust(end - begin)
    return len(covers) > before
