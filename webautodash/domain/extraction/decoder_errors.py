"""Takes apart the errors of msgspec, which state what is wrong and where in their text only.

The version of msgspec has an upper bound, and a test pins the texts.
"""

import re
from typing import NamedTuple

_BYTE_OFFSET = re.compile(r" \(byte (\d+)\)")
_JSON_PATH = re.compile(r" - at `\$?([^`]*)`")


class DecoderError(NamedTuple):
    """The parts of an error."""

    reason: str
    """The text without the position."""
    offset: int | None
    """Where the JSON is malformed, in bytes."""
    path: str
    """The JSON path of a value of the wrong type, without its `$`; empty for the outermost value."""

    @property
    def is_truncated(self) -> bool:
        """Whether the text ended inside a value."""
        return self.offset is None and "truncated" in self.reason

    @property
    def is_number_out_of_range(self) -> bool:
        """Whether a number is too large for its type."""
        return "out of range" in self.reason


def parts_of(error: Exception) -> DecoderError:
    """The parts of a DecodeError or ValidationError, or of any other ValueError that the decoder raises."""
    text = str(error)
    offset, path = _BYTE_OFFSET.search(text), _JSON_PATH.search(text)
    reason = _JSON_PATH.sub("", _BYTE_OFFSET.sub("", text))
    return DecoderError(reason, int(offset[1]) if offset else None, path[1] if path else "")
