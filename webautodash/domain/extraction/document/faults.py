"""What can be wrong with a document, and where."""

import codecs
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from webautodash.domain.extraction.decoder_errors import parts_of
from webautodash.domain.limits import LARGEST_METADATA, MOST_PATIENTS

_CHUNK = 1 << 20


class Fault(NamedTuple):
    """Why a document is refused."""

    kind: str
    reason: str


LONE_SURROGATE = Fault("half_character", "an escape of half a character (lone surrogate)")
TOO_DEEP = Fault("nested_too_deeply", "nested too deeply")
DUPLICATE_KEY = Fault("duplicate_key", "an object has the same key twice; which value is right is unknown")
TOO_MANY_PATIENTS = Fault("too_many_patients", f"more than {MOST_PATIENTS:,} patients")
TWO_LISTS = Fault("two_lists", "patients are in more than one place; which are right is unknown")
FAILED_JOB = Fault("failed_job", "the job that wrote the file reports that it failed; there are no patients")
NO_PATIENTS = Fault("malformed", "there is no list of patients")
TRUNCATED = Fault("cut_short", "the file ends in the middle")


class DocumentFaultError(Exception):
    """A fault and its position: an offset in bytes, or a JSON path."""

    def __init__(self, where: int | str, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.where, self.fault = where, fault


def no_profile(attempts: Iterable[tuple[str, Sequence[str]]]) -> Fault:
    """The fault of a document that no profile fits: the profiles that were tried, each with what the file lacks."""
    tried = "; ".join(f"{profile}: {', '.join(missed)}" for profile, missed in attempts)
    return Fault("no_profile", f"no profile fits this file. Tried: {tried}")


def line_and_column(content: memoryview, offset: int) -> str:
    """A position as an editor shows it, counted in characters from 1."""
    line, column, decoder = 1, 1, codecs.getincrementaldecoder("utf-8")("replace")
    for begin in range(0, offset, _CHUNK):
        text = decoder.decode(bytes(content[begin : min(begin + _CHUNK, offset)]))
        before, newline, last = text.rpartition("\n")
        line += before.count("\n") + len(newline)
        column = len(last) + (1 if newline else column)
    return f"line {line}, column {column}"


def invalid_type(error: msgspec.ValidationError, prefix: str = "$") -> DocumentFaultError:
    """The fault of valid JSON whose values have the wrong type."""
    parts = parts_of(error)
    return DocumentFaultError(prefix + parts.path, Fault("malformed", parts.reason))


def malformed_json(error: ValueError, size: int) -> DocumentFaultError:
    """The fault of a document of ``size`` bytes that is not valid JSON."""
    parts = parts_of(error)
    if parts.is_truncated:
        return DocumentFaultError(size, TRUNCATED)
    return DocumentFaultError(size if parts.offset is None else parts.offset, Fault("malformed", parts.reason))


def metadata_limit() -> str:
    """The largest size of the metadata, for a message."""
    return f"{LARGEST_METADATA >> 20} MiB"
