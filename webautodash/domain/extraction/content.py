"""The bytes of a file taken apart: its metadata, and its patients, each still undecoded.

One patient that no decoder bears (half a character, brackets without end) does not spoil the file: while the file is
split, such places are covered with something harmless of the same length, and laid open again afterwards.
"""

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from webautodash.domain.extraction.clinical_lists import NAMED_LISTS
from webautodash.domain.extraction.json_text import (
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


_MISSING = msgspec.Raw(b"")
# What stands for nothing where a file may say that its job failed.
_NOTHING = frozenset({b"", b"null", b'""', b"false", b"[]", b"{}"})
# What tells a patient from other objects, where a file has some beside its list of patients.
_DEMOGRAPHICS = ("demographics_printable", "demographics")
_IDENTITY = ("patient_id", "patient_name", "full_name", "prn", "mrn")
_FAILED = frozenset({"aborted", "cancelled", "canceled", "error", "failed", "failure", "timed_out", "timeout"})
_LONGEST_STATUS = 64


class Container(NamedTuple):
    """Where a file has its patients."""

    keys: tuple[str, ...]
    """The keys that lead to the list of patients; none where the file is the list."""
    is_single: bool = False
    """Whether there is one patient in the place of the list."""

    @property
    def path(self) -> str:
        """As a JSON path."""
        return "".join(("$", *(f".{key}" for key in self.keys)))

    def place(self, position: int) -> str:
        """The JSON path of a patient, from the top."""
        path = self.path if self.is_single else f"{self.path}[{position}]"
        return path.removeprefix("$").removeprefix(".")


NATIVE = Container(("extraction_results",))
_IN_RESULTS = Container(("extraction_results", "patients"))
_ONE_PATIENT = Container(("extraction_results",), is_single=True)
_BESIDE_METADATA = Container(("patients",))
_BARE = Container(())


class _File(msgspec.Struct):
    """A file of the usual shape."""

    extraction_results: list[msgspec.Raw]
    extraction_metadata: msgspec.Raw = _MISSING


class _Outer(msgspec.Struct):
    """The members of a file, or of its results, that tell what it is."""

    extraction_metadata: msgspec.Raw = _MISSING
    extraction_results: msgspec.Raw = _MISSING
    patients: msgspec.Raw = _MISSING
    status: msgspec.Raw = _MISSING
    success: msgspec.Raw = _MISSING
    error: msgspec.Raw = _MISSING
    extraction_status: msgspec.Raw = _MISSING
    extraction_error: msgspec.Raw = _MISSING
    patient_id: msgspec.Raw = _MISSING
    demographics_printable: msgspec.Raw = _MISSING

    @property
    def is_patient(self) -> bool:
        return self.patient_id is not _MISSING or self.demographics_printable is not _MISSING

    @property
    def failed_field(self) -> str | None:
        """The member that says that the job failed."""
        said = {
            "status": _text(self.status).strip().casefold() in _FAILED,
            "extraction_status": _text(self.extraction_status).strip().casefold() in _FAILED,
            "success": _begin(self.success) == b"false",
            "error": _begin(self.error) not in _NOTHING,
            "extraction_error": _begin(self.extraction_error) not in _NOTHING,
        }
        return next((name for name, is_so in said.items() if is_so), None)


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
_TWO_LISTS = _Wrong("two_lists", "patients stand in more than one place (which are true?)")
_FAILED_JOB = _Wrong("failed_job", "the job that wrote the file says that it failed; there are no patients")
_NO_PATIENTS = _Wrong("malformed", "there is no list of patients")
_CUT_SHORT = _Wrong("cut_short", "the file ends in the middle")


class _RefusedError(Exception):
    """What is wrong, and where: an offset in bytes, or a JSON path."""

    def __init__(self, where: int | str, wrong: _Wrong) -> None:
        super().__init__(wrong.reason)
        self.where, self.wrong = where, wrong


Covers = list[tuple[int, bytes]]
"""Where something is covered, and what."""


class Parts(NamedTuple):
    """What a file consists of."""

    metadata: dict[str, Any]
    patients: list[msgspec.Raw]
    prns: list[str | int | None] | None
    """What each patient gives as its PRN, trimmed; None where not every patient is an object."""
    container: Container
    beside: dict[str, Any]
    """The members of the file, and of its results, that are neither metadata nor patients."""
    failed: str | None
    """The path of the member that says that the job failed; its patients may be incomplete."""


@without_context
def taken_apart(path: Path, content: memoryview) -> Parts:
    """The parts of a file. ``content`` is written to meanwhile, and is the same again afterwards.

    Raises MalformedDocument with line and column, or a JSON path, for what is no extraction, and for one that is not
    to be kept in memory: of more patients, larger ones, or larger metadata than ``domain.limits`` allows.
    """
    covers: Covers = []
    try:
        try:
            split = _split(content, covers)
        finally:
            for begin, covered in covers:
                content[begin : begin + len(covered)] = covered
        places = _places(content, split)
        for begin, _ in covers:
            if begin not in places.patients:
                raise _RefusedError(begin, _HALF if content[begin] == ord("\\") else _TOO_DEEP)
        metadata = _metadata(bytes(split.metadata), places.metadata_at)
        beside, failed = _beside(content, places)
        return Parts(metadata, split.patients, split.prns, split.container, beside, failed)
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


class _Split(NamedTuple):
    container: Container
    metadata: msgspec.Raw
    patients: list[msgspec.Raw]
    prns: list[str | int | None] | None


def _split(content: memoryview, covers: Covers) -> _Split:
    while True:
        try:
            return _usual(content) or _unusual(content)
        except RecursionError:
            _cover(content, covers, deep_values(content, _DEEP, _LONGEST_DEEP), _TOO_DEEP)
        except msgspec.ValidationError as error:
            raise _invalid(error) from None
        except ValueError as error:
            # The decoder has many words for half a character, "truncated" among them.
            if not _cover(content, covers, half_characters(content), _HALF):
                raise _malformed(error, len(content)) from None


def _usual(content: memoryview) -> _Split | None:
    """The parts of a file of the usual shape with patients; None for any other."""
    try:
        prns = _prns(content, NATIVE)
        file = msgspec.json.decode(content, type=_File)
    except msgspec.ValidationError:
        return None
    if not file.extraction_results:
        return None
    return _Split(NATIVE, file.extraction_metadata, file.extraction_results, prns)


def _unusual(content: memoryview) -> _Split:
    container, metadata = _container(content)
    prns: list[str | int | None] | None = None
    try:
        prns = _prns(content, container)
    except msgspec.ValidationError:
        # One of them is no object.
        depth = 1 + len(container.keys)
        if len(content) > _MAY_HAVE_MANY and not container.is_single and may_have_more(content, MOST_PATIENTS, depth):
            raise _RefusedError(container.path, _TOO_MANY) from None
    kind = msgspec.Raw if container.is_single else list[msgspec.Raw]
    found = _in(container, msgspec.json.decode(content, type=_wrapped(container, kind)))
    if container is _BARE and not any(map(_is_patient, found)):
        # Any list of anything is JSON.
        raise _RefusedError("$", _NO_PATIENTS)
    return _Split(container, metadata, [found] if container.is_single else found, prns)


def _container(content: memoryview) -> tuple[Container, msgspec.Raw]:
    """Where a file has its patients, and its metadata. Raises _RefusedError for one that has none."""
    if bytes(content[(start := _after(_SPACE, content, 0)) : start + 1]) == b"[":
        msgspec.json.decode(content, type=msgspec.Raw)
        if content[_after(_SPACE, content, start + 1)] == ord("]"):
            raise _RefusedError("$", _NO_PATIENTS)
        return _BARE, _MISSING
    outer = msgspec.json.decode(content, type=_Outer)
    results, metadata = outer.extraction_results, outer.extraction_metadata
    if _begins(results, b"{"):
        inner = msgspec.json.decode(results, type=_Outer)
        if inner.is_patient:
            if _holds_any(inner.patients):
                raise _RefusedError("$.extraction_results", _TWO_LISTS)
            return _ONE_PATIENT, metadata
        failed = inner.failed_field or outer.failed_field
        if _begins(inner.patients, b"[") and (_has_items(inner.patients) or not failed):
            return _IN_RESULTS, metadata
        raise _RefusedError("$.extraction_results", _FAILED_JOB if failed else _NO_PATIENTS)
    if _has_items(results):
        return NATIVE, metadata
    if _has_items(outer.patients):
        return _BESIDE_METADATA, metadata
    if outer.failed_field:
        raise _RefusedError("$", _FAILED_JOB)
    has_list = results is not _MISSING or _begins(outer.patients, b"[")
    if metadata is _MISSING or not has_list:
        raise _RefusedError("$", _NO_PATIENTS)
    return (_BESIDE_METADATA if results is _MISSING else NATIVE), metadata


def _is_patient(raw: msgspec.Raw) -> bool:
    return _begins(raw, b"{") and bool(msgspec.json.decode(raw, type=_Outer).is_patient)


def _begins(raw: msgspec.Raw, bracket: bytes) -> bool:
    return bytes(memoryview(raw)[:1]) == bracket


def _begin(raw: msgspec.Raw) -> bytes:
    return bytes(memoryview(raw)[:_LONGEST_STATUS])


def _has_items(raw: msgspec.Raw) -> bool:
    """Whether it is a list that is not empty."""
    return _begins(raw, b"[") and _holds_any(raw)


def _holds_any(raw: msgspec.Raw) -> bool:
    """Whether it is a list or an object that is not empty."""
    is_either = _begins(raw, b"[") or _begins(raw, b"{")
    return is_either and _after(_SPACE, memoryview(raw), 1) < len(memoryview(raw)) - 1


def _text(raw: msgspec.Raw) -> str:
    text = bytes(memoryview(raw)[:_LONGEST_STATUS])
    return text_of(text) if text[:1] == b'"' and len(text) < _LONGEST_STATUS else ""


def _wrapped(container: Container, kind: Any) -> Any:
    """The type of a file that has this in the place of its patients."""
    for key in reversed(container.keys):
        kind = msgspec.defstruct("members", [(key, kind)])
    return kind


def _in(container: Container, file: Any) -> Any:
    for key in container.keys:
        file = getattr(file, key)
    return file


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


def _prns(content: memoryview, container: Container) -> list[str | int | None]:
    """As in ``Parts``. Raises _RefusedError before too many patients are in memory.

    Raises ValidationError where one is no object, and whatever else the decoder raises.
    """
    prns: list[str | int | None] = []

    def note(patient: Any) -> None:
        if len(prns) == MOST_PATIENTS:
            raise _RefusedError(container.path, _TOO_MANY)
        prns.append(_prn(patient.demographics_printable))
        patient.demographics_printable = None

    fields: list[Any] = [("demographics_printable", msgspec.Raw, msgspec.Raw(b"null"))]
    patient = msgspec.defstruct("patient", fields, namespace={"__post_init__": note}, gc=False)
    kind: Any = patient if container.is_single else list[patient]  # type: ignore[valid-type]
    msgspec.json.decode(content, type=_wrapped(container, kind))
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


class _Places(NamedTuple):
    """Where the parts of a file are, as offsets in bytes."""

    metadata_at: int
    patients: range
    beside: Mapping[str, range]
    """By key, the other members of the file."""
    in_results: Mapping[str, range]
    """By key, the members of the results beside the list of patients."""


def _places(content: memoryview, split: _Split) -> _Places:
    """Where everything is. Raises _RefusedError where a key stands twice."""
    container, found = split.container, range(0)
    inner: dict[str, range] = {}

    def patients(begin: int) -> int | None:
        nonlocal found
        end = _end_of_patients(content, begin, split)
        found = range(begin, end or begin)
        return end

    def results(begin: int) -> int | None:
        nonlocal inner
        if content[begin] != ord("{"):
            return None
        inner, end = _members(content, begin, {"patients": patients})
        return end

    if container is _BARE:
        patients(_after(_SPACE, content, 0))
        return _Places(0, found, {}, {})
    known = {"extraction_metadata": lambda begin: _end_of(content, begin, split.metadata)}
    known[container.keys[0]] = results if container is _IN_RESULTS else patients
    outer, _ = _members(content, 0, known)
    metadata_at = outer.get("extraction_metadata", found).start
    beside = {key: place for key, place in outer.items() if key not in known}
    return _Places(metadata_at, found, beside, {key: place for key, place in inner.items() if key != "patients"})


def _beside(content: memoryview, places: _Places) -> tuple[dict[str, Any], str | None]:
    """The other members, and the path of the one that says that the job failed.

    Raises _RefusedError for one that holds patients, which nothing would read, and for more than can be kept.
    """
    if not places.beside and not places.in_results:
        return {}, None
    size = sum(len(key) + len(place) for some in (places.beside, places.in_results) for key, place in some.items())
    if size > LARGEST_METADATA:
        reason = f"members that no extraction has, of more than {_megabyte()} together"
        raise _RefusedError("$", _Wrong("member_too_large", reason))
    outer, failed = _other_members(content, places.beside)
    inner, failed_inside = _other_members(content, places.in_results)
    if inner:
        outer["extraction_results"] = inner
    if nested_too_deeply(outer):
        raise _RefusedError("$", _TOO_DEEP)
    return outer, f"extraction_results.{failed_inside}" if failed_inside else failed


def _other_members(content: memoryview, places: Mapping[str, range]) -> tuple[dict[str, Any], str | None]:
    texts = {key: bytes(content[place.start : place.stop]) for key, place in places.items()}
    members = {key: _member(text, places[key].start) for key, text in texts.items()}
    for key, value in members.items():
        if (key == "patients" and isinstance(value, list | dict) and value) or _holds_patient({key: value}):
            raise _RefusedError(places[key].start, _TWO_LISTS)
    stated = {key: msgspec.Raw(text) for key, text in texts.items() if key in _Outer.__struct_fields__}
    return members, _Outer(**stated).failed_field


def _member(text: bytes, at: int) -> Any:
    if repeated := repeated_key(text):
        raise _RefusedError(at + repeated.at, _TWICE)
    try:
        value = msgspec.json.decode(text)
    except RecursionError:
        raise _RefusedError(at, _TOO_DEEP) from None
    except ValueError:
        raise _RefusedError(at, _Wrong("malformed", "a value that cannot be read")) from None
    if nested_too_deeply(value):
        raise _RefusedError(at, _TOO_DEEP)
    return value


def _holds_patient(value: Any) -> bool:
    """Whether a value is, or holds at any depth, what may be a patient: it is not enough that it names one."""
    if isinstance(value, list):
        return any(map(_holds_patient, value))
    if not isinstance(value, dict):
        return False
    has_parts = any(isinstance(part, list | dict) and part for part in value.values())
    return (
        any(isinstance(value.get(key), dict) for key in _DEMOGRAPHICS)
        or (has_parts and any(value.get(key) is not None for key in _IDENTITY))
        or any(_has_objects(value.get(key)) for which in NAMED_LISTS for key in which.list_keys)
        or any(map(_holds_patient, value.values()))
    )


def _has_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _members(
    content: memoryview, at: int, known: Mapping[str, Callable[[int], int | None]]
) -> tuple[dict[str, range], int]:
    """Where the members of an object are, and where it ends. ``known`` finds the ends of those that were decoded."""
    places: dict[str, range] = {}
    at = _after(_SPACE, content, at) + 1
    while found := _KEY.match(content, _after(_SPACE, content, at)):
        key, begin = text_of(found[1]), found.end()
        if key in places:
            raise _RefusedError(found.start(), _TWICE)
        if len(places) == _MOST_MEMBERS:
            reason = f"more than {_MOST_MEMBERS:,} members beside the patients"
            raise _RefusedError(found.start(), _Wrong("too_many_members", reason))
        if (end_of := known.get(key)) is not None:
            # Another value than the one that was decoded: the key stands once more.
            end = end_of(begin) or end_of_value(content, begin)
        else:
            end = end_of_value(content[: begin + LARGEST_METADATA], begin)
            if end is None:
                reason = f"a member that no extraction has, of more than {_megabyte()}"
                raise _RefusedError(found.start(), _Wrong("member_too_large", reason))
        assert end is not None  # noqa: S101  # the content was decoded
        places[key], at = range(begin, end), _after(_BETWEEN, content, end)
    return places, _after(_SPACE, content, at) + 1


def _after(pattern: re.Pattern[bytes], content: memoryview, at: int) -> int:
    found = pattern.match(content, at)
    return found.end() if found else at


def _end_of(content: memoryview, begin: int, raw: msgspec.Raw) -> int | None:
    end = begin + len(memoryview(raw))
    return end if bytes(content[begin:end]) == bytes(raw) else None


def _end_of_patients(content: memoryview, begin: int, split: _Split) -> int | None:
    """Where the patients end, None if other ones begin there. Raises _RefusedError for one that is too large."""
    is_single = split.container.is_single
    at: int | None = begin if is_single else _after(_SPACE, content, begin + 1)
    for position, raw in enumerate(split.patients):
        if 2 * len(memoryview(raw)) > LARGEST_SET_ASIDE and _size_in_a_statement(bytes(raw)) > LARGEST_SET_ASIDE:
            size = f"{LARGEST_SET_ASIDE >> 20} MiB"
            wrong = _Wrong("patient_too_large", f"a patient of more than {size} cannot be kept")
            raise _RefusedError(f"$.{split.container.place(position)}".replace("$.[", "$["), wrong)
        if at is None or (at := _end_of(content, at, raw)) is None:
            return None
        if is_single:
            return at
        at = _after(_BETWEEN, content, at)
    return at + 1 if at is not None and content[at] == ord("]") else None


def _size_in_a_statement(raw: bytes) -> int:
    """A server is told of quotes, backslashes and ends of lines in two bytes each."""
    return len(raw) + sum(map(raw.count, (b'"', b"'", b"\\", b"\n", b"\r")))


def _metadata(text: bytes, at: int) -> dict[str, Any]:
    where = "$.extraction_metadata"
    if not text:
        return {}
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
