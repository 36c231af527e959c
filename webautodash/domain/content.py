"""The bytes of a file taken apart: its metadata, and its patients, each still undecoded.

One patient that no decoder bears (half a character, brackets without end) does not spoil the file: while the file is
split, such places are covered with something harmless of the same length, and laid open again afterwards.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from webautodash.domain.json_text import (
    deep_values,
    end_of_value,
    half_characters,
    may_have_more,
    repeated_key,
    text_of,
)
from webautodash.domain.limits import (
    LARGEST_METADATA,
    LARGEST_PATIENT,
    LARGEST_SET_ASIDE,
    MOST_PATIENTS,
    NESTING_DEPTH,
    PRN_LENGTH,
    nested_too_deeply,
)
from webautodash.errors import MalformedDocument, without_context

_CHUNK = 1 << 20
# A smaller file has no more of them, each being a byte and a comma.
_MAY_HAVE_MANY = 2 * MOST_PATIENTS
_MOST_MEMBERS = 1_000
_MOST_COVERS = 100_000
# Of the whole file: what is nested deeper than a patient may be.
_DEEP = 2 * NESTING_DEPTH
_LONGEST_DEEP = 1 << 20

_BYTE_OFFSET = re.compile(r" \(byte (\d+)\)")
_JSON_PATH = re.compile(r" - at `\$?([^`]*)`")

_SPACE = re.compile(rb"[ \t\r\n]*+")
_BETWEEN = re.compile(rb"[ \t\r\n]*+,?[ \t\r\n]*+")
_KEY = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\r\n]*+:[ \t\r\n]*+', re.DOTALL)


class _File(msgspec.Struct):
    extraction_metadata: msgspec.Raw
    extraction_results: list[msgspec.Raw]


class _Demographics(msgspec.Struct):
    prn: Any = None


_read_demographics = msgspec.json.Decoder(_Demographics).decode


class _Wrong(NamedTuple):
    kind: str
    reason: str


_HALF = _Wrong("half_character", "an escape of half a character (lone surrogate)")
_TOO_DEEP = _Wrong("nested_too_deeply", "nested too deeply")
_TWICE = _Wrong("duplicate_key", "a key stands twice in one object (which value is true?)")
_TOO_MANY = _Wrong("too_many_patients", f"more than {MOST_PATIENTS:,} patients")
_CUT_SHORT = _Wrong("cut_short", "the file ends in the middle")


class _RefusedError(Exception):
    """What is wrong, and where: an offset in bytes, or a JSON path."""

    def __init__(self, where: int | str, wrong: _Wrong) -> None:
        super().__init__(wrong.reason)
        self.where, self.wrong = where, wrong


class _TooManyError(Exception):
    pass


Covers = list[tuple[int, bytes]]
"""Where something is covered, and what."""


class Parts(NamedTuple):
    """What a file consists of."""

    metadata: dict[str, Any]
    patients: list[msgspec.Raw]
    prns: list[str | int | None] | None
    """What each patient gives as its PRN, trimmed; None where not every patient is an object."""


@without_context
def taken_apart(path: Path, content: memoryview) -> Parts:
    """The parts of a file. ``content`` is written to meanwhile, and is the same again afterwards.

    Raises MalformedDocument with line and column, or a JSON path, for what is no extraction, and for one that is not
    to be kept in memory: of more patients, larger ones, or larger metadata than ``domain.limits`` allows.
    """
    covers: Covers = []
    try:
        try:
            file, prns = _split(content, covers)
        finally:
            for begin, covered in covers:
                content[begin : begin + len(covered)] = covered
        metadata_at, results = _members(content, file)
        for begin, _ in covers:
            if begin not in results:
                raise _RefusedError(begin, _HALF if content[begin] == ord("\\") else _TOO_DEEP)
        return Parts(_metadata(bytes(file.extraction_metadata), metadata_at), file.extraction_results, prns)
    except _RefusedError as refused:
        where = refused.where if isinstance(refused.where, str) else line_and_column(content, refused.where)
        kind, reason = refused.wrong
        raise MalformedDocument(path, where, reason, kind=kind, truncated=kind == _CUT_SHORT.kind) from None


def line_and_column(content: memoryview, offset: int) -> str:
    """A place in a file as an editor shows it, counted in characters from 1."""
    line, column, decoder = 1, 1, codecs.getincrementaldecoder("utf-8")("replace")
    for begin in range(0, offset, _CHUNK):
        text = decoder.decode(bytes(content[begin : min(begin + _CHUNK, offset)]))
        before, newline, last = text.rpartition("\n")
        line += before.count("\n") + len(newline)
        column = len(last) + (1 if newline else column)
    return f"line {line}, column {column}"


def _split(content: memoryview, covers: Covers) -> tuple[_File, list[str | int | None] | None]:
    while True:
        try:
            prns = _prns(content)
            return msgspec.json.decode(content, type=_File), prns
        except _TooManyError:
            raise _RefusedError("$.extraction_results", _TOO_MANY) from None
        except RecursionError:
            _cover(content, covers, deep_values(content, _DEEP, _LONGEST_DEEP), _TOO_DEEP)
        except msgspec.ValidationError as error:
            raise _invalid(error) from None
        except ValueError as error:
            # The decoder has many words for half a character, "truncated" among them.
            if not _cover(content, covers, half_characters(content), _HALF):
                raise _malformed(error, len(content)) from None


def _cover(content: memoryview, covers: Covers, places: Iterator[tuple[int, int | None]], wrong: _Wrong) -> bool:
    """Cover what is wrong there; whether anything was. Raises _RefusedError for what never ends, or is too much."""
    before, size = len(covers), sum(len(covered) for _, covered in covers)
    for begin, end in places:
        size += (end or begin) - begin
        if end is None or size > LARGEST_SET_ASIDE or len(covers) == _MOST_COVERS:
            raise _RefusedError(covers[before][0] if len(covers) > before else begin, wrong)
        covers.append((begin, bytes(content[begin:end])))
        content[begin:end] = rb"\ufffd" if content[begin] == ord("\\") else b"0".ljust(end - begin)
    return len(covers) > before


def _prns(content: memoryview) -> list[str | int | None] | None:
    """As in ``Parts``. Raises _TooManyError before the patients are in memory, whatever else the decoder raises."""
    prns: list[str | int | None] = []

    def note(patient: Any) -> None:
        if len(prns) == MOST_PATIENTS:
            raise _TooManyError
        prns.append(_prn(patient.demographics_printable))
        patient.demographics_printable = None

    fields: list[Any] = [("demographics_printable", msgspec.Raw, msgspec.Raw(b"null"))]
    patient = msgspec.defstruct("patient", fields, namespace={"__post_init__": note}, gc=False)
    patients = msgspec.defstruct("patients", [("extraction_results", list[patient], ())])  # type: ignore[valid-type]
    try:
        msgspec.json.decode(content, type=patients)
    except msgspec.ValidationError:
        # One of them is no object.
        if len(content) > _MAY_HAVE_MANY:
            msgspec.json.decode(content, type=msgspec.Raw)
            if may_have_more(content, MOST_PATIENTS, 2):
                raise _TooManyError from None
        return None
    return prns


def _prn(demographics: msgspec.Raw) -> str | int | None:
    if len(memoryview(demographics)) > LARGEST_PATIENT:
        return None
    try:
        prn = _read_demographics(demographics).prn
    except (ValueError, RecursionError):
        return None
    # One that is too long is none, however long it is.
    return prn.strip()[: PRN_LENGTH + 1] if isinstance(prn, str) else prn if isinstance(prn, int) else None


def _invalid(error: msgspec.ValidationError, prefix: str = "$") -> _RefusedError:
    reason = str(error)
    inner = _JSON_PATH.search(reason)
    return _RefusedError(prefix + (inner[1] if inner else ""), _Wrong("malformed", _JSON_PATH.sub("", reason)))


def _malformed(error: ValueError, size: int) -> _RefusedError:
    reason = str(error)
    where = _BYTE_OFFSET.search(reason)
    if where is None and "truncated" in reason:
        return _RefusedError(size, _CUT_SHORT)
    return _RefusedError(int(where[1]) if where else size, _Wrong("malformed", _BYTE_OFFSET.sub("", reason)))


def _members(content: memoryview, file: _File) -> tuple[int, range]:
    """Where the metadata begin, and where the patients are. Raises _RefusedError where a key stands twice."""
    places: dict[str, range] = {}
    at = _after(_SPACE, content, 0) + 1
    while found := _KEY.match(content, _after(_SPACE, content, at)):
        key, begin = text_of(found[1]), found.end()
        if key in places:
            raise _RefusedError(found.start(), _TWICE)
        if len(places) == _MOST_MEMBERS:
            reason = f"more than {_MOST_MEMBERS:,} members beside the patients"
            raise _RefusedError(found.start(), _Wrong("too_many_members", reason))
        match key:
            case "extraction_results":
                end = _end_of_list(content, begin, file.extraction_results)
            case "extraction_metadata":
                end = _end_of(content, begin, file.extraction_metadata)
            case _:
                end = end_of_value(content[: begin + LARGEST_METADATA], begin)
                if end is None:
                    reason = f"a member that no extraction has, of more than {_megabyte()}"
                    raise _RefusedError(found.start(), _Wrong("member_too_large", reason))
        # Another value than the one that was decoded: the key stands once more.
        end = end_of_value(content, begin) if end is None else end
        assert end is not None  # noqa: S101  # the content was decoded
        places[key], at = range(begin, end), _after(_BETWEEN, content, end)
    return places["extraction_metadata"].start, places["extraction_results"]


def _after(pattern: re.Pattern[bytes], content: memoryview, at: int) -> int:
    found = pattern.match(content, at)
    return found.end() if found else at


def _end_of(content: memoryview, begin: int, raw: msgspec.Raw) -> int | None:
    end = begin + len(memoryview(raw))
    return end if bytes(content[begin:end]) == bytes(raw) else None


def _end_of_list(content: memoryview, begin: int, patients: Sequence[msgspec.Raw]) -> int | None:
    """Where the list of the patients ends, None if another one begins there. Raises _RefusedError for one too large."""
    at: int | None = _after(_SPACE, content, begin + 1)
    for position, raw in enumerate(patients):
        if 2 * len(memoryview(raw)) > LARGEST_SET_ASIDE and _size_in_a_statement(bytes(raw)) > LARGEST_SET_ASIDE:
            size = f"{LARGEST_SET_ASIDE >> 20} MiB"
            wrong = _Wrong("patient_too_large", f"a patient of more than {size} cannot be kept")
            raise _RefusedError(f"$.extraction_results[{position}]", wrong)
        if at is None or (at := _end_of(content, at, raw)) is None:
            return None
        at = _after(_BETWEEN, content, at)
    return at + 1 if at is not None and content[at] == ord("]") else None


def _size_in_a_statement(raw: bytes) -> int:
    """A server is told of quotes, backslashes and ends of lines in two bytes each."""
    return len(raw) + sum(map(raw.count, (b'"', b"'", b"\\", b"\n", b"\r")))


def _metadata(text: bytes, at: int) -> dict[str, Any]:
    where = "$.extraction_metadata"
    if len(text) > LARGEST_METADATA:
        raise _RefusedError(where, _Wrong("metadata_too_large", f"larger than {_megabyte()}"))
    if repeated := repeated_key(text):
        raise _RefusedError(at + repeated.at, _TWICE)
    try:
        metadata: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.ValidationError as error:
        raise _invalid(error, where) from None
    except RecursionError:
        raise _RefusedError(where, _TOO_DEEP) from None
    if nested_too_deeply(metadata):
        raise _RefusedError(where, _TOO_DEEP)
    return metadata


def _megabyte() -> str:
    return f"{LARGEST_METADATA >> 20} MiB"
