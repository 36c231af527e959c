"""Damaged extraction files by the thousand: real shapes with a fault, the same for the same seed.

`python tests/fuzz.py --seconds 600 --seed 1` looks for a file that breaks the reader: an unexpected error, a
value in an error, a patient that is counted never or twice. It keeps such files, and `python tests/fuzz.py FILE` tries
one again.
"""

import argparse
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from typing import Any

from builders import a_file, a_patient
from generated_patients import has_repeated_key, patient_record

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.document.read_document import Document, read_document
from webautodash.domain.extraction.document.session_metadata import session_record
from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS
from webautodash.domain.extraction.patient.patient_record import PatientRecord
from webautodash.errors import MalformedDocument, WebAutoDashError
from webautodash.repositories.set_aside import SetAside
from webautodash.services.ingest.plan import RepeatedPlace, planned

CANARY = "Zyxwvut"
TIMEOUT_SECONDS = 30
_POSITION = re.compile(r"line \d+, column \d+|\$[\w.\[\]…]*")
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+|\s+', re.DOTALL)
_MEMBER = re.compile(rb'"[^"\\]*"\s*:\s*(?:"[^"\\]*"|[^\s{}\[\]:,"]+|\[\]|\{\})')
_WORDS = [
    *(None, "", " ", "N/A", "01/02/1990", "2020-01-02", "Aspirin 81 mg", "Gout (M10.079)", "Café", "💊"),
    *("\0", "x" * 300),
]
_HOSTILE = [
    b"NaN", b"-Infinity", b"1e999", b"-1e999", b"9" * 400, b"9" * 5_000, b"0.1", b"1e2", b"null", b"true", b"[]", b"{}",
    b'"\\ud83d"', b'"\\udc8a"', b'"\\ud83d\\udc8a"', b'"\\u0000"', b'"\\\\"', b'"\\""', b'":"', b"\x00",
    b"\xff", b"\xc3", b"\\", b'"', b"{", b"}", b"[", b"]", b",", b":", b"\n", b"\xef\xbb\xbf", b"/**/", b"'a'",
    b"[" * 100 + b"]" * 100, b"[" * 1_500 + b"]" * 1_500, b'{"a":' * 1_500 + b"1" + b"}" * 1_500, b"[" * 2_000,
    b'{"demographics_printable": {"prn": "P1"}}', b'"extraction_results": []', b'"extraction_metadata": {}',
    b'"prn": "P1"', b'"pr\\u006e": "P2"', b'"all_medications": [{"sig": 1}, "x", null, [1]]',
]  # fmt: skip


class BrokenPromiseError(Exception):
    """A promise about every file is broken."""


class _Hangs(BaseException):
    pass


def content(seed: str) -> bytes:
    """One file."""
    dice = random.Random(seed)  # noqa: S311  # the same files each time, no secret
    written = _written(dice, _whole_file(dice))
    for _ in range(dice.choice([0, 1, 1, 1, 2, 3, 8])):
        written = dice.choice(_MUTATIONS)(dice, written)
    return written


def _whole_file(dice: random.Random) -> dict[str, Any]:
    patients = [_patient(dice) for _ in range(dice.choice([0, 1, 2, 3, 3, 7]))]
    file = a_file(*patients, note=CANARY, clinic={CANARY: dice.choice(_WORDS)}, at=dice.choice(_WORDS))
    return file if dice.random() < 0.7 else dict(reversed(file.items())) | {CANARY: [1, {}]}


def _patient(dice: random.Random) -> Any:
    def items(key: str, *others: str) -> list[Any]:
        return [
            dice.choice(
                [CANARY, {key: CANARY}, {key: dice.choice(_WORDS), "row_index": dice.choice([0, -1, 1.5, "x"])}]
            )
            if dice.random() < 0.4
            else {name: dice.choice([CANARY, *_WORDS]) for name in (key, *others) if dice.random() < 0.8}
            for _ in range(dice.choice([0, 1, 2, 5]))
        ]

    patient = a_patient(
        dice.choice(["P1", "P2", " P2 ", "P3", "P4", "P5", "P6", 7, None, CANARY * 30]),
        name=dice.choice([CANARY, None]),
        born=dice.choice(_WORDS),
        medications=items("medication_name", "sig", "start_date", "stop_date", "dates", "medication_type"),
        diagnoses=items("diagnosis_text", "diagnosis_type", "acuity"),
        allergies=items("allergen", "name", "reaction", "type"),
        health_concerns=items("concern_text", "status", CANARY),
    )
    if dice.random() < 0.3:
        which = dice.choice(NAMED_LISTS)
        patient[dice.choice(which.split_lists)[0]] = patient.pop(which.key) if dice.random() < 0.5 else [CANARY]
    if dice.random() < 0.3:
        patient[dice.choice([CANARY, "filter_provider", "extraction_metadata"])] = dice.choice([*_WORDS, {CANARY: [1]}])
    return patient if dice.random() < 0.95 else dice.choice([None, 7, CANARY, [CANARY]])


def _written(dice: random.Random, file: dict[str, Any]) -> bytes:
    compact, indent = dice.random() < 0.3, dice.choice([None, None, 1])
    text = json.dumps(
        file,
        ensure_ascii=dice.random() < 0.5,
        indent=indent,
        separators=(",", ":") if compact else dice.choice([None, (" ,", " : ")]),
    )
    return dice.choice([b"", b"", b"", b"\xef\xbb\xbf", b"\n "]) + text.encode()


def _anywhere(dice: random.Random, written: bytes) -> int:
    return dice.randint(0, len(written))


def _insert(dice: random.Random, written: bytes) -> bytes:
    at = _anywhere(dice, written)
    return written[:at] + dice.choice(_HOSTILE) + written[at:]


def _change_a_byte(dice: random.Random, written: bytes) -> bytes:
    at = _anywhere(dice, written)
    return written[:at] + bytes([dice.randrange(256)]) + written[at + 1 :]


def _cut_short(dice: random.Random, written: bytes) -> bytes:
    return written[: _anywhere(dice, written)]


def _cut_out(dice: random.Random, written: bytes) -> bytes:
    at = _anywhere(dice, written)
    return written[:at] + written[at + dice.choice([1, 2, 10, 100]) :]


def _repeat(dice: random.Random, written: bytes) -> bytes:
    begin, at = _anywhere(dice, written), _anywhere(dice, written)
    return written[:at] + written[begin : begin + dice.choice([1, 10, 100, 1_000])] + written[at:]


def _encode_otherwise(dice: random.Random, written: bytes) -> bytes:
    return written.decode("utf-8", "replace").encode(
        dice.choice(["utf-16", "utf-16-le", "utf-32", "latin-1"]), "replace"
    )


def _exchange_a_token(dice: random.Random, written: bytes) -> bytes:
    tokens = _TOKEN.findall(written) or [b""]
    tokens[dice.randrange(len(tokens))] = dice.choice([*_HOSTILE, dice.choice(tokens)])
    return b"".join(tokens)


def _exchange_a_value(dice: random.Random, written: bytes) -> bytes:
    """Replace a value by something hostile; in most cases it is still JSON."""
    tokens = _TOKEN.findall(written)
    places = [
        n for n, token in enumerate(tokens) if token[:1] not in b"{}[]:, \n" and b":" not in tokens[n + 1 : n + 3]
    ]
    if places:
        tokens[dice.choice(places)] = dice.choice(_HOSTILE[:18] + _HOSTILE[34:38])
    return b"".join(tokens)


def _repeat_a_member(dice: random.Random, written: bytes) -> bytes:
    """Repeat a key of its object, or insert one of another."""
    members = list(_MEMBER.finditer(written))
    if not members:
        return written
    at, other = dice.choice(members), dice.choice(members)
    member = (at if dice.random() < 0.7 else other)[0]
    if dice.random() < 0.3:
        member = b'"\\u%04x' % member[1] + member[2:]
    return written[: at.start()] + member + b", " + written[at.start() :]


_MUTATIONS: Sequence[Callable[[random.Random, bytes], bytes]] = [
    *[_insert, _change_a_byte, _cut_short, _cut_out, _repeat, _exchange_a_token, _encode_otherwise],
    *[_exchange_a_value, _repeat_a_member] * 3,
]


def examine(path: Path, seen: Counter[str]) -> None:
    """Read a file as the ingest does, and count the outcome. Raises BrokenPromiseError, or a foreign error."""
    try:
        document = read_document(path)
    except MalformedDocument as error:
        _require(_POSITION.fullmatch(error.position) is not None, "a position", error.position)
        _require_no_value(str(error))
        seen["refused"] += 1
        return
    _require(document.sha256 == sha256(path.read_bytes()).hexdigest(), "the digest of its bytes")
    whole = _decoded(path.read_bytes())
    if whole is not None:
        _require(len(whole["extraction_results"]) == len(document.patients), "all patients")
    session_record(document.metadata, DateOrder.MDY, UTC)
    json.dumps(document.metadata, allow_nan=False).encode()
    _examine_patients(document, seen)


def _examine_patients(document: Document, seen: Counter[str]) -> None:
    places: list[int] = []
    prns: list[str] = []
    for batch in planned(document, DateOrder.MDY):
        for entry in batch:
            if isinstance(entry, SetAside):
                places.append(entry.position)
                _examine_aside(document, entry)
                seen[entry.reason] += 1
                continue
            if isinstance(entry, RepeatedPlace):
                places.append(entry.kept.position)
                _examine_aside(document, entry.kept)
                _require(entry.prn in prns, "a repeat of a patient that came before")
                seen["repeated"] += 1
                continue
            prns.append(entry.record.prn)
            _require([kept.position for kept in entry.kept] == [one.position for one in entry.repeats], "kept repeats")
            for record in (entry.record, *entry.repeats):
                places.append(record.position)
                _examine_record(document, record)
            seen["planned"] += 1
    _require(sorted(places) == list(range(len(document.patients))), "each patient once")
    _require(len(set(prns)) == len(prns), "each PRN once")


def _examine_aside(document: Document, entry: SetAside) -> None:
    raw = bytes(document.patients[entry.position])
    _require(entry.raw_json.encode() == raw, "a patient as it came")
    _require(len(entry.detail) <= 255, "a detail that its column can hold")
    _require_no_value(f"{entry.reason} {entry.detail}")
    if entry.reason == "duplicate_key":
        _require(has_repeated_key(raw), "a key that stands twice")


def _examine_record(document: Document, record: PatientRecord) -> None:
    raw = document.patients[record.position]
    _require(not has_repeated_key(bytes(raw)), "keys that stand once")
    again = patient_record(raw, record.position, DateOrder.MDY)
    _require(again.checksum == record.checksum, "the same checksum again")
    lists = [list(rows) for rows in record.lists.values()]
    kept = json.dumps([record.extra, record.sweep, record.demographics, lists], allow_nan=False, default=str)
    kept.encode()


def _decoded(written: bytes) -> Any:
    """The value from another decoder; None where that decoder gives up."""

    def refuse(word: str) -> None:
        raise BrokenPromiseError(f"{word} is no JSON")

    try:
        return json.loads(written.decode("utf-8-sig"), parse_constant=refuse)
    except RecursionError:
        return None
    except ValueError as error:
        if "integer string conversion" in str(error):
            return None
        raise BrokenPromiseError("JSON that another decoder takes, too") from None


def _require(holds: bool, what: str, found: object = "") -> None:
    if not holds:
        raise BrokenPromiseError(f"expected {what} {found}".rstrip())


def _require_no_value(message: str) -> None:
    _require(CANARY[:5] not in message, "no value in an error", message)


@contextmanager
def _time_limit() -> Iterator[None]:
    def hangs(*_: object) -> None:
        raise _Hangs

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(TIMEOUT_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def problem_with(path: Path, seen: Counter[str]) -> str | None:
    """The traceback of a reading that failed wrongly; None for a right result."""
    try:
        with _time_limit():
            try:
                examine(path, seen)
            except WebAutoDashError as error:
                seen[type(error).__name__] += 1
                _require_no_value(str(error))
    except (Exception, _Hangs):
        return traceback.format_exc()
    return None


def run(seed: str, seconds: float, folder: Path, most: int = sys.maxsize) -> tuple[list[Path], Counter[str]]:
    """Try files until the time is over; keep those that break the reader in the folder, with their tracebacks."""
    seen: Counter[str] = Counter()
    kept: list[Path] = []
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "x.json")
        while time.monotonic() < end and seen["files"] < most and len(kept) < 10:
            path.write_bytes(content(f"{seed}/{seen['files']}"))
            seen["files"] += 1
            if problem := problem_with(path, seen):
                folder.mkdir(parents=True, exist_ok=True)
                name = sha256(path.read_bytes()).hexdigest()[:12]
                kept.append(folder / f"{name}.json")
                kept[-1].write_bytes(path.read_bytes())
                (folder / f"{name}.txt").write_text(problem)
    return kept, seen


def main() -> int:
    """Try one file, or many."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", nargs="?", type=Path, help="one file to try again")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--into", type=Path, default=Path("build/fuzz"), help="folder for files that break the reader")
    chosen = parser.parse_args()
    if chosen.file:
        seen: Counter[str] = Counter()
        problem = problem_with(chosen.file, seen)
        print(problem or dict(seen))  # noqa: T201
        return 1 if problem else 0
    kept, seen = run(chosen.seed, chosen.seconds, chosen.into)
    print(f"seed {chosen.seed}: {', '.join(f'{name} {count:,}' for name, count in seen.most_common())}")  # noqa: T201
    for path in kept:
        print(f"breaks the reader: python {os.path.relpath(__file__)} {path}")  # noqa: T201
    return 1 if kept else 0


if __name__ == "__main__":
    sys.exit(main())
