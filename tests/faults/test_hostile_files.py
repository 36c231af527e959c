"""Files made to hang, crash, fill or mislead: the command ends, uses little memory, and reports each with its place."""

import json
import os
import re
import stat
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from contents import rows
from selection import backends
from shell import COMMAND, ForkedShell, Shell

from webautodash.config import Settings
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.limits import LARGEST_SET_ASIDE, MOST_ITEMS, MOST_VALUES
from webautodash.services.store import Store

TWICE = "an object has the same key twice"
_MEGABYTE = 1_000_000
_MOST_MEMORY = 300 * _MEGABYTE
_PAUSE_SECONDS = 0.01
_PEAK = re.compile(r"^(RssAnon|VmHWM):\s+(\d+) kB$", re.MULTILINE)
CANARY = "Zyxwvut"
_CANARY = CANARY.encode()
DEEP = b"[" * 100_000 + b"]" * 100_000


def _file(*patients: bytes, metadata: bytes = b'{"provider_name": "Gary Wang"}') -> bytes:
    return b'{"extraction_metadata": %b,\n"extraction_results": [%b]}' % (metadata, b",\n".join(patients))


def _patient(prn: str, more: bytes = b'"note": 1') -> bytes:
    return b'{%b, "demographics_printable": {"prn": "%b", "patient_name": "%b"}}' % (more, prn.encode(), _CANARY)


GOOD = _file(_patient("GOOD"))
MEDICATIONS = b"[" + b",".join([b'{"medication_name": "%b"}' % _CANARY] * 100_000) + b"]"

REJECTED: dict[str, tuple[bytes, str]] = {
    "results_twice": (GOOD[:-1] + b',\n"extraction_results": []}', f"line 3, column 1: {TWICE}"),
    "metadata_twice": (_file(metadata=b'{"a": "%b",\n"a": 1}' % _CANARY), f"line 2, column 1: {TWICE}"),
    "nan": (_file(_patient("N1", b'"%b": NaN' % _CANARY)), "line 2, column 36: JSON is malformed"),
    "infinity": (_file(_patient("N2", b'"note": Infinity')), "line 2, column 33: JSON is malformed"),
    "minus_infinity": (_file(_patient("N3", b'"note": -Infinity')), "line 2, column 34: JSON is malformed"),
    "overflow": (_file(metadata=b'{"%b": 1e999}' % _CANARY), "$.extraction_metadata[...]: Number out of range"),
    "digits": (_file(metadata=b'{"a": %b}' % (b"9" * 5_000)), "$.extraction_metadata[...]: Integer value out of range"),
    "nul": (_file(_patient("N4", b'"note": "\x00"')), "line 2, column 34: JSON is malformed"),
    "half": (_file(metadata=b'{"a": "%b\\udc8a"}' % _CANARY), "line 1, column 39: an escape of half a character"),
    "deep": (_file(metadata=b'{"a":\n%b}' % DEEP), "line 2, column 127: nested too deeply"),
    "deep_open": (b'{"a":\n' + b"[" * 100_000, "line 2, column 128: nested too deeply"),
    "utf_16_bare": (GOOD.decode().encode("utf-16-le"), "line 1, column 1: not UTF-8, probably UTF-16"),
    "utf_16": (GOOD.decode().encode("utf-16"), "line 1, column 1: not UTF-8"),
    "latin_1": (GOOD.replace(_CANARY, b"Jos\xe9" + _CANARY), "line 2, column 98: not UTF-8"),
    "cut_short": (GOOD[:-30], "line 2, column 77: the file ends in the middle"),
    "numbers": (_file(b"0," * 3_000_000 + b"0"), "$.extraction_results: more than 1,000,000 patients"),
    "huge_patient": (
        _file(_patient("N5", b'"note": "%b"' % (b"x" * LARGEST_SET_ASIDE))),
        "$.extraction_results[0]: a patient of more than 17 MiB cannot be kept",
    ),
}  # fmt: skip
KINDS = {
    **dict.fromkeys(("results_twice", "metadata_twice"), "duplicate_key"),
    **dict.fromkeys(("nan", "infinity", "minus_infinity", "overflow", "digits", "nul"), "malformed"),
    "half": "half_character",
    **dict.fromkeys(("deep", "deep_open"), "nested_too_deeply"),
    **dict.fromkeys(("utf_16", "utf_16_bare", "latin_1"), "not_utf8"),
    "cut_short": "cut_short",
    "numbers": "too_many_patients",
    "huge_patient": "patient_too_large",
}
"""The error kind of each file that is rejected."""
ODD_KINDS = {
    **dict.fromkeys(("link", "loop", "device"), "symbolic_link"),
    **dict.fromkeys(("fifo", "socket", "folder"), "no_regular_file"),
    "hard": "hard_link",
    "sparse": "file_too_large",
}
SET_ASIDE: dict[str, tuple[bytes, str, str]] = {
    "key_twice": (_patient("A1", b'"%b": 1, "%b": 2' % ((_CANARY, _CANARY))), "duplicate_key", "[...]"),
    "prn_twice": (
        _patient("A2", b'"demographics_printable": {"prn": "A3"}'), "duplicate_key", "demographics_printable"
    ),
    "overflow": (_patient("A4", b'"note": 1e999'), "unusable_number", "extraction_results[1]"),
    "negative_overflow": (_patient("A5", b'"note": [-1e999]'), "unusable_number", "extraction_results[1]"),
    "digits": (_patient("A6", b'"note": %b' % (b"9" * 5_000)), "unusable_number", "extraction_results[1]"),
    "half": (_patient("A7", b'"note": "%b\\ud83d"' % _CANARY), "half_character", "extraction_results[1]"),
    "nul_prn": (_patient("A8\\u0000"), "unusable_prn", "demographics_printable.prn"),
    "deep": (_patient("A9", b'"note": ' + DEEP), "nested_too_deeply", "extraction_results[1]"),
    "medications": (
        _patient("B1", b'"all_medications": ' + MEDICATIONS), "too_many_items", "all_medications: more than 10,000"
    ),
    "medications_large": (
        _patient("B2", b'"all_medications": ' + MEDICATIONS.replace(b"}", b', "sig": "Take 1 tablet by mouth"}')),
        "too_large", "extraction_results[1]: more than 4 MiB",
    ),
    "values": (
        _patient("B4", b'"note": [%b0]' % (b"[]," * MOST_VALUES)),
        "too_many_values", "extraction_results[1]: more than 300,000",
    ),
    "lists": (
        _patient("B5", b'"all_allergies": [%b1]' % (b"1," * (MOST_ITEMS - 1)) + b"".join(
            b', "%b": [%b1]' % (name.encode(), b"1," * (MOST_ITEMS - 1))
            for which in LISTS for name, _ in which.split_lists
        )),
        "too_many_items", "other_records: more than 10,000",
    ),
    "long_text": (
        _patient("B3", b'"note": "%b"' % (b"x" * 16_000_000)),
        "too_large", "extraction_results[1]: more than 4 MiB",
    ),
}  # fmt: skip
STORED: dict[str, bytes] = {
    "bom": b"\xef\xbb\xbf" + _file(_patient("S1")),
    "nul_in_text": _file(_patient("S2", b'"note": "a\\u0000b"')),
    "large_number": _file(_patient("S3", b'"note": {"of": [1e308, 123456789012345678901234567890, 0.1]}')),
    "zz_good": GOOD,
}


@dataclass
class Ended:
    """How the command ended, its stderr, and its peak memory in bytes."""

    status: int
    err: str
    resident: int
    anonymous: int


def _run(shell: Shell, *arguments: str, **environment: str) -> Ended:
    peaks = {"VmHWM": 0, "RssAnon": 0}
    log = shell.folder / "stderr"
    with log.open("wb") as err:
        child = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=shell.folder,
            env=shell.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=err,
        )
        begun = time.monotonic()
        while child.poll() is None:
            # The status of a process that has just ended cannot be read.
            with suppress(OSError):
                for name, kilobytes in _PEAK.findall(Path(f"/proc/{child.pid}/status").read_text()):
                    peaks[name] = max(peaks[name], int(kilobytes) * 1024)
            if time.monotonic() - begun > 250:
                child.kill()
                pytest.fail("it hangs")
            time.sleep(_PAUSE_SECONDS)
    return Ended(child.returncode, log.read_text(), peaks["VmHWM"], peaks["RssAnon"])


@pytest.fixture
def shell(tmp_path: Path, server_url: str, database_prefix: str) -> Shell:
    """The command with the backend's server."""
    shell = ForkedShell(tmp_path)
    shell.environment |= {"WEBAUTODASH_DATABASE_URL": server_url, "WEBAUTODASH_DATABASE_PREFIX": database_prefix}
    return shell


@pytest.fixture
def settings(shell: Shell, server_url: str, database_prefix: str) -> Settings:
    """The settings of that store, for the test to read its rows."""
    folder = shell.folder / "Results"
    return Settings.load(database_url=server_url, database_prefix=database_prefix, results_dir=folder, _env_file=None)


def _odd_paths(folder: Path) -> dict[str, str]:
    """Create paths that are no regular files; the beginning of the reason for each."""
    outside = folder.parents[1] / "outside.json"
    outside.write_bytes(_file(_patient("OUTSIDE")))
    (folder / "link.json").symlink_to(outside)
    (folder / "loop.json").symlink_to("loop.json")
    (folder / "device.json").symlink_to("/dev/zero")
    other = folder.parents[1] / "other.json"
    other.write_bytes(_file(_patient("LINKED")))
    os.link(other, folder / "hard.json")
    os.mkfifo(folder / "fifo.json")
    os.mknod(folder / "socket.json", stat.S_IFSOCK | 0o600)
    (folder / "folder.json").mkdir()
    with (folder / "sparse.json").open("wb") as file:
        file.truncate(2 << 30)
    return {
        **dict.fromkeys(("link", "loop", "device"), "is a symbolic link"),
        **dict.fromkeys(("fifo", "folder"), "is not a regular file"),
        "socket": "cannot be opened (No such device or address)",
        "hard": "has another name elsewhere (a hard link)",
        "sparse": "has 2,147,483,648 bytes, more",
    }


@backends(sqlite="ci", mariadb="slow", mysql="slow")
def test_no_hostile_file_hangs_fills_the_memory_or_costs_another_a_patient(shell: Shell, settings: Settings) -> None:
    for name, (content, _) in REJECTED.items():
        shell.drop(content, f"{name}.rejected.json")
    for name, (bad, _, _) in SET_ASIDE.items():
        shell.drop(_file(_patient(f"BESIDE {name}"), bad), f"{name}.aside.json")
    for name, content in STORED.items():
        shell.drop(content, f"{name}.json")
    odd = _odd_paths(shell.folder / "Results" / "gary_wang")

    ended = _run(shell, "ingest")
    assert (ended.status, CANARY in ended.err) == (1, False)
    assert ended.resident < _MOST_MEMORY

    reasons = dict(re.findall(r"^(?:rejected|partial): gary_wang/(\S+)\.json: (.*)$", ended.err, re.MULTILINE))
    kinds = {name: kind[1] for name, line in reasons.items() if (kind := re.search(r" \[(\w+)\](?:;.*)?$", line))}
    assert kinds == {f"{name}.rejected": kind for name, kind in KINDS.items()} | ODD_KINDS
    expected = {f"{name}.rejected": where for name, (_, where) in REJECTED.items()} | odd
    assert {name: reasons.get(name, "")[: len(where)] for name, where in expected.items()} == expected
    assert set(reasons) == set(expected) | {f"{name}.aside" for name in SET_ASIDE}

    stored = {row["prn"] for row in rows(settings, "gary_wang", "patients")}
    assert stored == {"S1", "S2", "S3", "GOOD"} | {f"BESIDE {name}" for name in SET_ASIDE}
    files = {row["id"]: Path(str(row["path"])).name for row in rows(settings, "gary_wang", "extraction_sessions")}
    aside = {
        files[row["extraction_session_id"]].removesuffix(".aside.json"): row
        for row in rows(settings, "gary_wang", "set_aside_patients")
    }
    assert {name: (row["position"], row["reason"], row["detail"]) for name, row in aside.items()} == {
        name: (1, reason, where) for name, (_, reason, where) in SET_ASIDE.items()
    }
    for name, (bad, _, _) in SET_ASIDE.items():
        assert str(aside[name]["raw_json"]).encode() == bad, name
    kept = {row["prn"]: json.loads(str(row["extra"])) for row in rows(settings, "gary_wang", "patient_extractions")}
    assert kept["S2"] == {"note": "a\0b"}
    assert kept["S3"] == {"note": {"of": [1e308, 123456789012345678901234567890, 0.1]}}
    assert not any("Infinity" in str(extra) or "NaN" in str(extra) for extra in kept.values())


def _many_rows(prn: str) -> bytes:
    """A patient with the most items allowed, in few bytes."""
    return _patient(
        prn, b", ".join(b'"%b": [%b0]' % (which.key.encode(), b"0," * (MOST_ITEMS - 1)) for which in LISTS[:4])
    )


def _nested(prn: str, opening: bytes, closing: bytes, depth: int) -> bytes:
    """A patient with the most values allowed, which take the most memory for their bytes."""
    value = opening * depth + b"0" + closing * depth
    many = b",".join([value] * ((MOST_VALUES - 1_000) // (depth + 1)))
    return _patient(prn, b'"%b": {"of": [%b]}' % (_CANARY, many))


@backends(sqlite="ci", mariadb="slow", mysql="slow")
def test_no_number_of_rows_or_repeats_fills_the_memory(shell: Shell, settings: Settings) -> None:
    small = [_patient("AGAIN", b'"all_allergies": ["%b %d"]' % (_CANARY, number)) for number in range(200)]
    rows_of_each = [_many_rows(f"ROWS {number}") for number in range(12)]
    nested = [_nested(f"LISTS {number}", b"[", b"]", 50) for number in range(3)]
    nested += [_nested(f"OBJECTS {number}", b'{"":', b"}", 50) for number in range(3)]
    changed = [_patient(f"ROWS {number}", b'"all_allergies": ["%b"]' % _CANARY) for number in range(12)]
    for number, patients in enumerate([[*small, _many_rows("AGAIN")], rows_of_each, nested, changed]):
        metadata = b'{"provider_name": "Gary Wang", "extracted_at": "2024-02-0%dT09:00:00"}' % (number + 1)
        shell.drop(_file(*patients, metadata=metadata), f"{number}.json")
    ended = _run(shell, "ingest")
    assert (ended.status, CANARY in ended.err) == (0, False)
    assert ended.resident < _MOST_MEMORY
    sessions = rows(settings, "gary_wang", "extraction_sessions")
    counts = ("patients_stored", "patients_changed", "patients_duplicate", "failed_extractions", "conflicts_detected")
    assert [tuple(row[name] for name in counts) for row in sessions] == [
        (1, 0, 200, 0, 200),
        (12, 0, 0, 0, 0),
        (6, 0, 0, 0, 0),
        (0, 12, 0, 0, 48),
    ]
    for arguments in (["conflict", "list", "gary_wang"], ["conflict", "list", "--json", "--limit", "1000"]):
        listed = _run(shell, *arguments)
        assert (listed.status, listed.resident < _MOST_MEMORY) == (0, True)


@pytest.mark.ci
def test_a_million_patients_cut_short_are_refused_in_little_memory(tmp_path: Path) -> None:
    shell = ForkedShell(tmp_path)
    patient = _patient("P000000", b'"note": "%b"' % (b"x" * 220)) + b",\n"
    assert len(patient) > 300
    with shell.drop(b"", "a.json").open("wb") as file:
        file.write(b'{"extraction_metadata": {"provider_name": "Gary Wang"},\n"extraction_results": [')
        for number in range(0, 1_000_000, 10_000):
            file.write(b"".join(patient.replace(b"P000000", b"P%06d" % n) for n in range(number, number + 10_000)))
    shell.drop(GOOD, "b.json")
    ended = _run(shell, "ingest")
    assert ended.status == 1
    assert "gary_wang/a.json: line 1000002, column 1: the file ends in the middle" in ended.err
    assert "1 rejected, of 2 files" in ended.err
    # The pages of the private copy count as resident, but the system can reclaim them.
    assert ended.anonymous < _MOST_MEMORY


@backends(sqlite="ci", mariadb="slow", mysql="slow")
@pytest.mark.parametrize("letter", [b"x", b'\\"'], ids=["plain", "escaped"])
def test_a_patient_too_large_for_a_packet_is_not_lost(shell: Shell, settings: Settings, letter: bytes) -> None:
    """It is set aside where the server accepts the row; otherwise the file waits until the server does."""
    in_a_statement = len(letter) + letter.count(b'"') + letter.count(b"\\")
    large = _patient("LARGE", b'"note": "%b"' % (letter * ((LARGEST_SET_ASIDE - 1_000) // in_a_statement)))
    shell.drop(_file(_patient("BESIDE"), large), "large.json")
    shell.drop(GOOD, "small.json")
    ended = _run(shell, "ingest")
    assert ended.status == 1
    assert ended.resident < _MOST_MEMORY
    stored = {row["prn"] for row in rows(settings, "gary_wang", "patients")}
    aside = [row["raw_json"] for row in rows(settings, "gary_wang", "set_aside_patients")]
    if _largest_packet(settings) > 2 * LARGEST_SET_ASIDE:
        assert (stored, aside) == ({"GOOD", "BESIDE"}, [large.decode()])
        assert "partial: gary_wang/large.json" in ended.err
    else:
        assert (stored, aside) == ({"GOOD"}, [])
        assert re.search(r"failed: gary_wang/large\.json: .* is larger than max_allowed_packet", ended.err)


def _largest_packet(settings: Settings) -> int:
    with Store(settings) as store, store.system.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            return 1 << 40
        return int(connection.exec_driver_sql("SELECT @@global.max_allowed_packet").scalar_one())
