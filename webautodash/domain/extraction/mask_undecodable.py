"""Masks the places of a document that no decoder can read, so that one patient does not spoil the whole file.

Each place is overwritten with valid JSON of the same length while the document is split, and restored afterwards.
"""

from collections.abc import Iterator

from webautodash.domain.extraction.document_faults import DocumentFaultError, Fault
from webautodash.domain.limits import LARGEST_SET_ASIDE, NESTING_DEPTH

_MOST_MASKS = 100_000
# Of the whole document: twice the depth that a patient may have.
DEEP = 2 * NESTING_DEPTH
LONGEST_DEEP = 1 << 20

Masks = list[tuple[int, bytes]]
"""The offset of each masked place, and the bytes that were there."""


def mask(content: memoryview, masks: Masks, places: Iterator[tuple[int, int | None]], fault: Fault) -> bool:
    """Mask the places. Returns whether there was any. Raises DocumentFaultError for a place that has no end, and for
    too many or too large places."""
    before, size = len(masks), sum(len(masked) for _, masked in masks)
    for begin, end in places:
        size += (end or begin) - begin
        if end is None or size > LARGEST_SET_ASIDE or len(masks) == _MOST_MASKS:
            raise DocumentFaultError(masks[before][0] if len(masks) > before else begin, fault)
        masks.append((begin, bytes(content[begin:end])))
        content[begin:end] = rb"\ufffd" if content[begin] == ord("\\") else b"0".ljust(end - begin)
    return len(masks) > before


def unmask(content: memoryview, masks: Masks) -> None:
    """Restore the masked bytes."""
    for begin, masked in masks:
        content[begin : begin + len(masked)] = masked
