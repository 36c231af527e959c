"""Reading one file: its identity, its faults with their positions, and no value of it in an error."""

import errno
import json
import os
import resource
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from io import FileIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from builders import a_file, a_patient
from generated_patients import patient_record
from hypothesis import given, strategies as st

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.document import private_copy
from webautodash.domain.extraction.document.read_document import Document, read_document
from webautodash.domain.extraction.json_values import decode_patient, raw_text
from webautodash.domain.json_document import sorted_json
from webautodash.errors import (
    FileGone,
    MalformedDocument,
    NoTemporarySpace,
    ReadInterrupted,
    StillBeingWritten,
    UnreadableFile,
    UnusableFile,
)

Write = Callable[[bytes], Path]
BOM = b"\xef\xbb\xbf"
CONTENT = a_file(
    a_patient("MARK1", name="MARK Ünïcode 💊", medications=["MARK 10 MG"], odd={"MARK": [1.5, None, True]}),
    a_patient("MARK2", born="MARK", allergies=["MARK"]),
    provider="MARK",
)
EMPTY = json.dumps(a_file()).encode()
COMPACT = json.dumps(CONTENT, ensure_ascii=False, separators=(",", ":")).encode()
PRETTY = json.dumps(CONTENT, ensure_ascii=False, indent=2).encode()


def refusal(path: Path) -> MalformedDocument:
    with pytest.raises(MalformedDocument) as caught:
        read_document(path)
    assert "MARK" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


def unusable(path: Path, **options: int) -> str:
    """The kind of the error that refuses a path."""
    with pytest.raises(UnusableFile) as caught:
        read_document(path, **options)
    return caught.value.kind


def patients(document: Document) -> list[dict[str, Any]]:
    return [decode_patient(raw) for raw in document.patients]


@pytest.mark.parametrize("content", [COMPACT, PRETTY, BOM + PRETTY, b"\n\n" + COMPACT + b"\n \n"])
def test_a_file_is_its_metadata_its_patients_and_the_digest_of_its_bytes(content: bytes, write: Write) -> None:
    document = read_document(write(content))
    assert document.metadata == CONTENT["extraction_metadata"]
    assert patients(document) == CONTENT["extraction_results"]
    assert (document.sha256, document.size) == (sha256(content).hexdigest(), len(content))
    assert document.provider_name == "MARK"


def test_the_text_of_a_patient_is_the_files_own(write: Write) -> None:
    odd = b'{ "a" : "\\u00e9\\/" ,\n"b":1e2 }'
    document = read_document(write(b'{"extraction_metadata":{},"extraction_results":[' + odd + b" , 7]}"))
    assert [raw_text(raw) for raw in document.patients] == [odd.decode(), "7"]


def test_the_prns_are_those_that_the_patients_give(write: Write) -> None:
    values = ["A", " B\n", 7, 2**70, None, "", True, 1.5, ["A"], "x" * 200, "x" * 128, "\ud83d\udc8a"]
    some = [a_patient(prn) for prn in values] + [{}, {"demographics_printable": 7}, {"demographics_printable": None}]
    document = read_document(write(json.dumps(a_file(*some)).encode()))
    expected = ["A", "B", 7, 2**70, None, "", True, None, None, "x" * 129, "x" * 128, "💊", None, None, None]
    assert document.prns == expected
    assert read_document(write(json.dumps(a_file(*some, "no object")).encode())).prns is None


def test_unknown_parts_of_a_file_are_ignored(write: Write) -> None:
    document = read_document(write(json.dumps({"version": [1, {}], **a_file()}).encode()))
    assert patients(document) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "unusable_provider_name") for name in (7, 0, True, False, [], ["Gary Wang"], {}, {"name": "Gary"})),
        ("MARK" * 64, "name_too_long"),
    ],
)
def test_a_provider_name_that_is_no_text_or_too_long_is_refused(name: Any, kind: str, write: Write) -> None:
    error = refusal(write(json.dumps(a_file(provider=name)).encode()))
    assert (error.kind, error.position) == (kind, "$.extraction_metadata.provider_name")


@pytest.mark.parametrize(("name", "read"), [(None, None), ("", None), ("  ", None), ("x" * 255, "x" * 255)])
def test_a_blank_name_of_a_provider_is_none(name: Any, read: str | None, write: Write) -> None:
    assert read_document(write(json.dumps(a_file(provider=name)).encode())).provider_name == read


# Content that is not an extraction

DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize("bom", [b"", BOM], ids=["plain", "bom"])
@pytest.mark.parametrize(
    ("kind", "line", "column", "content"),
    [
        ("empty", 1, 1, b""),
        ("malformed", 1, 1, b"MARK"),
        ("malformed", 1, 9, b'{"MARK" 1}'),
        ("malformed", 3, 11, b'{\n  "a": 1,\n  "MARK": x\n}'),
        ("malformed", 1, 10, '{"ÄÖÜ💊": x}'.encode()),
        ("malformed", 3, 3, EMPTY + b'\n\n {"b": "MARK"}'),
        ("malformed", 2, 6, b'{"a":\r\n"MARK\tTAB"}'),
        ("malformed", 1, len(COMPACT.decode()) + 2, COMPACT + b"MARK"),
        ("malformed", 1, 32, b'{"extraction_metadata":{"MARK":NaN}}'),
        ("malformed", 1, 33, b'{"extraction_metadata":{"MARK":-Infinity}}'),
        ("malformed", 1, 33, b'{"extraction_metadata":{"MARK":"\x00"}}'),
        ("not_utf8", 1, 11, b'{"MARK": "\xff' + b" " * 9),
        ("not_utf8", 2, 12, b'{\n"\xc3\xa4\xc3\xa4": "MARK\xc3(    "}'),
        ("not_utf8", 1, 1, b"\xed\xa0\x80 MARK MARK"),
        ("not_utf8", 1, 1, "Ä".encode("utf-16") + b"MARK MARK"),
        ("not_utf8", 1, 8, b'{"a": "\xf0\x9f\x92'),
        ("not_utf8", 1, 1, b"\xc0\xaf MARK"),
        ("nested_too_deeply", 2, 128, b'{"x":\n' + b"[" * 200_000),
        ("nested_too_deeply", 1, 641, b'{"a":' * 200_000),
        ("nested_too_deeply", 2, 132, b'{"extraction_metadata":\n{"a":' + DEEP + b'},"extraction_results":[]}'),
        ("nested_too_deeply", 1, 182, b'{"extraction_results":[],"extraction_metadata":{},"x":' + DEEP + b"}"),
        ("nested_too_deeply", 1, 175, b'{"extraction_metadata":{},"extraction_results":[' + b"[" * 3_000_000),
        ("half_character", 1, 30, b'{"extraction_metadata":{"a":"\\udc00 MARK"},"extraction_results":[]}'),
        ("half_character", 2, 3, b'{"extraction_results":[],"extraction_metadata":\n{"\\uDBFF":"MARK"}}'),
        ("half_character", 1, 60, b'{"extraction_results":[],"extraction_metadata":{},"x":"MARK\\ud83d\\u0041"}'),
        ("half_character", 1, 3, b'{"\\ud83d":"MARK","extraction_results":[],"extraction_metadata":{}}'),
    ],
)
def test_a_file_that_is_no_json_of_this_format_is_refused_with_its_line_and_column_in_characters(
    bom: bytes, kind: str, line: int, column: int, content: bytes, write: Write
) -> None:
    error = refusal(write(bom + content))
    assert (error.position, error.kind) == (f"line {line}, column {column}", kind)
    assert error.truncated == (content in {b"", b'{"a": "\xf0\x9f\x92'})


@pytest.mark.parametrize("before", [(1 << 20) - 5, (1 << 20) - 4, (1 << 20) - 3, (1 << 20) - 2])
def test_a_letter_on_the_border_of_two_reads_is_whole(before: int, write: Write) -> None:
    content = COMPACT[:-2].ljust(before) + b',"' + "💊".encode() + b'"]}'
    document = read_document(write(content))
    assert raw_text(document.patients[-1]) == '"💊"'
    error = refusal(write(content[:-4] + content[-3:]))
    assert error.position == f"line 1, column {len(COMPACT[:-2].ljust(before).decode()) + 3}"


def test_an_error_far_into_one_long_line_has_its_column(write: Write) -> None:
    content = b'{"a":["' + "ä".encode() * 1_500_000 + b'", x]'
    assert refusal(write(content)).position == "line 1, column 1500011"


@pytest.mark.parametrize("cut", range(1, len(PRETTY), 97))
def test_a_file_that_was_cut_short_is_recognised(cut: int, write: Write) -> None:
    content = PRETTY[:cut]
    error = refusal(write(content))
    assert error.truncated
    lines = content.decode("utf-8", "ignore").split("\n")
    assert error.position == f"line {len(lines)}, column {len(lines[-1]) + 1}"
    assert error.kind in {"cut_short", "not_utf8"}


@pytest.mark.parametrize(
    ("content", "position"),
    [
        (b"[]", "$"),
        (b"7", "$"),
        (b'"MARK"', "$"),
        (b"{}", "$"),
        (b'{"extraction_metadata": {}}', "$"),
        (b'{"extraction_results": []}', "$"),
        (b'{"extraction_metadata": null, "extraction_results": []}', "$.extraction_metadata"),
        (b'{"extraction_metadata": ["MARK"], "extraction_results": []}', "$.extraction_metadata"),
        (b'{"extraction_metadata": {}, "extraction_results": {"MARK": 1}}', "$.extraction_results"),
        (b'{"extraction_metadata": {}, "extraction_results": null}', "$.extraction_results"),
        (b'{"extraction_metadata": {"MARK": 1e999}, "extraction_results": []}', "$.extraction_metadata[...]"),
        (b'{"extraction_metadata": {"MARK": ' + b"9" * 5_000 + b'}, "extraction_results": []}', None),
        (b'{"extraction_metadata": {"a": ' + b"[" * 65 + b"]" * 65 + b'}, "extraction_results": []}', None),
    ],
)
def test_json_that_is_no_extraction_has_its_json_path(content: bytes, position: str | None, write: Write) -> None:
    error = refusal(write(content))
    assert not error.truncated
    assert error.position == position or (position is None and error.position.startswith("$.extraction_metadata"))


@pytest.mark.parametrize(
    ("content", "position"),
    [
        (b'{"extraction_metadata":{},"extraction_results":["MARK"],\n"extraction_results":[]}', "line 2, column 1"),
        (b'{"extraction_metadata":{},"extraction_results":[1],"extraction_results":[2]}', "line 1, column 52"),
        (b'{"extraction_metadata":{},"extraction_results":[1],"extraction_results":[1]}', "line 1, column 52"),
        (b'{"extraction_metadata":{},"extraction_results":null,"extraction_results":[1]}', "$.extraction_results"),
        (b'{"extraction_metadata":{"MARK":1},"extraction_metadata":{},"extraction_results":[]}', "line 1, column 35"),
        (b'{"extraction_metadata":{},"extraction_results":[],"extraction\\u005fmetadata":{}}', "line 1, column 51"),
        (b'{"MARK":1,"extraction_metadata":{},"MARK":2,"extraction_results":[]}', "line 1, column 36"),
        (b'{"extraction_metadata":{"MARK":1,\n "MARK":1},"extraction_results":[]}', "line 2, column 2"),
        (b'{"extraction_metadata":{},"extraction_results":[],"other":{"MARK":1,\n "MARK":1}}', "line 2, column 2"),
        (
            b'{"extraction_results":[],"extraction_metadata":{"a":[{"b":1},{"b":"MARK","\\u0062":1}]}}',
            "line 1, column 74",
        ),
    ],
)
def test_a_repeated_key_is_refused_with_the_position_of_the_second(content: bytes, position: str, write: Write) -> None:
    for bom in (b"", BOM):
        error = refusal(write(bom + content))
        assert (error.position, error.truncated) == (position, False)
        assert error.kind == ("malformed" if position.startswith("$") else "duplicate_key")


BEFORE = b'{"extraction_metadata":{},"extraction_results":['


@pytest.mark.parametrize(
    ("content", "where", "kind"),
    [
        (
            b'{"extraction_results":[],"extraction_metadata":{"a":"%b"}}' % (b"x" * (1 << 20)),
            "$.extraction_metadata",
            "metadata_too_large",
        ),
        (BEFORE + b'],"MARK":"' + b"x" * (1 << 20) + b'"}', "line 1, column 51", "member_too_large"),
        (BEFORE + b'"","' + b"x" * (17 << 20) + b'"]}', "$.extraction_results[1]", "patient_too_large"),
        (BEFORE + b'"","' + b'\\"' * (9 << 19) + b'"]}', "$.extraction_results[1]", "patient_too_large"),
        (
            BEFORE + b"]," + b",".join(b'"%d":0' % number for number in range(1_000)) + b"}",
            "line 1, column 7925",
            "too_many_members",
        ),
    ],
    ids=["metadata", "member", "patient", "escapes", "members"],
)
def test_a_part_that_is_too_large_is_refused(content: bytes, where: str, kind: str, write: Write) -> None:
    error = refusal(write(content))
    assert (error.position, error.kind) == (where, kind)


def test_a_file_larger_than_the_setting_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with path.open("wb") as file:
        file.truncate(2 << 30)
    begun = time.process_time()
    assert unusable(path) == "file_too_large"
    assert time.process_time() - begun < 1
    path.write_bytes(COMPACT)
    assert read_document(path, largest=len(COMPACT)).size == len(COMPACT)
    assert unusable(path, largest=len(COMPACT) - 1) == "file_too_large"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents") / "file.json"


@given(content=st.binary(max_size=30))
def test_random_bytes_are_refused(scratch: Path, content: bytes) -> None:
    scratch.write_bytes(content)
    assert refusal(scratch).path == scratch


# Paths that are not regular files


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "s.json"
    with socket.socket(socket.AF_UNIX) as server, suppress(OSError):
        server.bind(os.path.relpath(path))
        yield path


def test_a_fifo_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    os.mkfifo(path)
    assert unusable(path) == "no_regular_file"


def test_a_socket_a_device_a_folder_and_a_path_that_can_be_no_file_are_refused(listening: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder.json"
    folder.mkdir()
    for path in (listening, folder, Path("/dev/null"), tmp_path / ("x" * 300)):
        assert unusable(path) == "no_regular_file"


def test_a_link_is_refused_wherever_it_leads(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_bytes(COMPACT)
    for name, target in {"a": "real.json", "b": "nowhere", "c": "c.json", "d": "/etc/passwd"}.items():
        (tmp_path / f"{name}.json").symlink_to(target)
        assert unusable(tmp_path / f"{name}.json") == "symbolic_link"


def test_a_path_that_is_not_there_is_gone(write: Write, tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path / "a" / "b.json", write(COMPACT) / "c.json"):
        with pytest.raises(FileGone):
            read_document(path)


@pytest.mark.parametrize("call", ["open", "fstat", "read"])
@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ESTALE, ReadInterrupted),
        (errno.EMFILE, ReadInterrupted),
        (errno.ETIMEDOUT, ReadInterrupted),
        (errno.EACCES, UnreadableFile),
        (errno.EIO, UnreadableFile),
        (errno.ENOENT, FileGone),
    ],
)
def test_an_error_of_the_system_is_not_a_fault_of_the_file(
    write: Write, monkeypatch: pytest.MonkeyPatch, call: str, number: int, kind: type[Exception]
) -> None:
    path = write(COMPACT)

    def refuse(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    if call == "read":
        monkeypatch.setattr(private_copy, "open", lambda handle, *_, **__: _Refusing(handle, refuse), raising=False)
    else:
        monkeypatch.setattr(private_copy.os, call, refuse)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(kind):
        read_document(path)
    monkeypatch.undo()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert read_document(path).size == len(COMPACT)


class _Refusing(FileIO):
    """An open file that cannot be read."""

    def __init__(self, handle: int, refuse: Callable[[], int]) -> None:
        super().__init__(handle)
        self._refuse = refuse

    def read(self, _: int = -1, /) -> bytes:
        raise AssertionError(self._refuse())


def test_a_file_with_a_second_name_is_refused_until_the_other_is_gone(write: Write, tmp_path: Path) -> None:
    path = write(COMPACT)
    os.link(path, tmp_path / "other.json")
    assert unusable(tmp_path / "other.json") == "hard_link"
    path.unlink()
    assert read_document(tmp_path / "other.json").sha256 == sha256(COMPACT).hexdigest()


def test_a_path_that_is_not_utf_8_is_read(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.json"))
    path.write_bytes(COMPACT)
    assert read_document(path).size == len(COMPACT)


# Files that change while they are read


class _Meddling:
    """A digest that changes the file at each update."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        self._meddle, self.times = meddle, 0

    def update(self, _: bytes) -> None:
        self.times += 1
        self._meddle()

    def hexdigest(self) -> str:
        return "0" * 64


def _append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


@pytest.mark.parametrize(
    "meddle",
    [
        lambda path: _append(path, b" "),
        lambda path: os.truncate(path, 10),
        lambda path: os.truncate(path, 0),
        lambda path: os.utime(path, ns=(1, 1)),
        lambda path: path.write_bytes(COMPACT[:-1]),
    ],
    ids=["grows", "shrinks", "emptied", "touched", "rewritten"],
)
def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_pass(
    meddle: Callable[[Path], object], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(COMPACT)
    monkeypatch.setattr(private_copy, "sha256", lambda: _Meddling(lambda: meddle(path)))
    with pytest.raises(StillBeingWritten):
        read_document(path)


@pytest.mark.parametrize("swap", ["file", "link", "fifo"])
def test_a_file_that_replaces_the_path_during_the_reading_is_not_read(
    swap: str, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = PRETTY.ljust(2 << 20)
    path, other = write(content), tmp_path / "other.json"
    digest = sha256(content).hexdigest()

    def meddle() -> None:
        if swap == "file":
            other.write_bytes(EMPTY.ljust(2 << 20))
        elif swap == "link":
            other.symlink_to("/dev/zero")
        else:
            os.mkfifo(other)
        other.replace(path)

    class Meddling(_Meddling):
        def update(self, chunk: bytes) -> None:
            read.update(chunk)
            if not self.times:
                super().update(chunk)

        def hexdigest(self) -> str:
            return read.hexdigest()

    read = sha256()
    monkeypatch.setattr(private_copy, "sha256", lambda: Meddling(meddle))
    document = read_document(path)
    assert (document.sha256, document.size) == (digest, len(content))
    assert patients(document) == CONTENT["extraction_results"]


def test_a_file_that_grows_faster_than_it_is_read_does_not_block_the_reader(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(COMPACT)
    digest = _Meddling(lambda: _append(path, b" " * (1 << 20)))
    monkeypatch.setattr(private_copy, "sha256", lambda: digest)
    with pytest.raises(StillBeingWritten):
        read_document(path)
    assert digest.times <= 2


@pytest.mark.parametrize("in_memory", [32 << 20, 100])
def test_the_bytes_that_were_hashed_are_parsed_even_if_the_file_changes(
    in_memory: int, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_copy, "_IN_MEMORY", in_memory)
    path = write(COMPACT)
    document = read_document(path)
    with path.open("r+b") as file:
        file.write(b"x" * len(COMPACT))
    path.unlink()
    assert patients(document) == CONTENT["extraction_results"]
    assert document.sha256 == sha256(COMPACT).hexdigest()


# Large files


@pytest.mark.parametrize("content", [COMPACT, BOM + PRETTY])
def test_a_large_file_reads_like_a_small_one(content: bytes, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    small = read_document(write(content))
    monkeypatch.setattr(private_copy, "_IN_MEMORY", 100)
    large = read_document(write(content))
    assert patients(large) == patients(small)
    assert (large.sha256, large.size, large.metadata) == (small.sha256, small.size, small.metadata)
    error = refusal(write(content[:-5] + b"x" + content[-5:]))
    monkeypatch.undo()
    assert str(refusal(write(content[:-5] + b"x" + content[-5:]))) == str(error)


def test_a_large_file_needs_at_most_42_mb_of_memory_and_no_file_stays_open(write: Write) -> None:
    fat = json.dumps(a_patient("GW1", notes="x" * 500_000)).encode()
    path = write(b'{"extraction_metadata":{},"extraction_results":[' + b",".join([fat] * 150) + b"]}")
    assert path.stat().st_size > 75_000_000
    open_before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else None
    tracemalloc.start()
    try:
        document = read_document(path)
        for position, raw in enumerate(document.patients):
            patient_record(raw, position, DateOrder.MDY)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(document.patients) == 150
    assert peak < 42_000_000
    del document, raw
    if open_before is not None:
        assert len(list(Path("/proc/self/fd").iterdir())) <= open_before


def test_a_full_disk_during_the_private_copy_is_an_error_of_this_file(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(PRETTY * 100)
    monkeypatch.setattr(private_copy, "_IN_MEMORY", 100)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(NoTemporarySpace):
            read_document(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    "content",
    [
        b"\n" * 4_000_000 + b"x",
        b'{"a":"' + b"\\ud83d" * 500_000,
        b'{"extraction_metadata":{},"extraction_results":[' + b"[]," * 500_000,
    ],
)
def test_a_hostile_file_is_refused_in_a_time_proportional_to_its_length(content: bytes, write: Write) -> None:
    path = write(content)
    begun = time.process_time()
    refusal(path)
    assert time.process_time() - begun < 5


# Small things


@pytest.mark.parametrize("raw", [b"7", b'"x"', b"[]", b"null", b"{", b'{"a":1e999}'])
def test_a_patient_must_be_an_object(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # any of msgspec's
        decode_patient(msgspec.Raw(raw))


def test_json_for_people_is_sorted_and_unescaped() -> None:
    assert sorted_json({"b": "é", "a": [None, 1]}) == '{"a": [null, 1], "b": "é"}'


def test_a_whole_character_in_two_escapes_is_read(write: Write) -> None:
    content = b'{"extraction_metadata": {"job_name": "\\ud83d\\udc8a"}, "extraction_results": []}'
    assert read_document(write(content)).metadata == {"job_name": "💊"}
