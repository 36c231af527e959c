"""What can be wrong with a document, and where."""

import codecs
import re
from typing import NamedTuple

import msgspec

from webautodash.domain.limits import (
    LARGEST_METADATA,
    MOST_PATIENTS,
)

_BYTE_OFFSET = re.compile(r" \(byte (\d+)\)")


_JSON_PATH = re.compile(r" - at `\$?([^`]*)`")


_CHUNK = 1 << 20


class Fault(NamedTuple):
    kind: str
    reason: str


LONE_SURROGATE = Fault("half_character", "an escape of half a character (lone surrogate)")


TOO_DEEP = Fault("nested_too_deeply", "nested too deeply")


DUPLICATE_KEY = Fault("duplicate_key", "a key stands twice in one object (which value is true?)")


TOO_MANY_PATIENTS = Fault("too_many_patients", f"more than {MOST_PATIENTS:,} patients")


TWO_LISTS = Fault("two_lists", "patients stand in more than one place (which are true?)")


FAILED_JOB = Fault("failed_job", "the job that wrote the file says that it failed; there are no patients")


NO_PATIENTS = Fault("malformed", "there is no list of patients")


TRUNCATED = Fault("cut_short", "the file ends in the middle")


class DocumentFaultError(Exception):
    """What is wrong, and where: an offset in bytes, or a JSON path."""

    def __init__(self, where: int | str, wrong: Fault) -> None:
        super().__init__(wrong.reason)
        self.where, self.wrong = where, wrong


def line_and_column(content: memoryview, offset: int) -> str:
    """A place in a file as an editor shows it, counted in characters from 1."""
    line, column, decoder = 1, 1, codecs.getincrementaldecoder("utf-8")("replace")
    for begin in range(0, offset, _CHUNK):
        text = decoder.decode(bytes(content[begin : min(begin + _CHUNK, offset)]))
        before, newline, last = text.rpartition("\n")
        line += before.count("\n") + len(newline)
        column = len(last) + (1 if newline else column)
    return f"line {line}, column {column}"


def invalid_type(error: msgspec.ValidationError, prefix: str = "$") -> DocumentFaultError:
    reason = str(error)
    inner = _JSON_PATH.search(reason)
    return DocumentFaultError(prefix + (inner[1] if inner else ""), Fault("malformed", _JSON_PATH.sub("", reason)))


def malformed_json(error: ValueError, size: int) -> DocumentFaultError:
    reason = str(error)
    where = _BYTE_OFFSET.search(reason)
    if where is None and "truncated" in reason:
        return DocumentFaultError(size, TRUNCATED)
    return DocumentFaultError(int(where[1]) if where else size, Fault("malformed", _BYTE_OFFSET.sub("", reason)))


def metadata_limit() -> str:
    return f"{LARGEST_METADATA >> 20} MiB"
