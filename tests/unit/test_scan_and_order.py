"""Which files there are to ingest, in whose folder, in which order, and whether their time of change is reliable."""

import json
import os
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from builders import a_file, a_patient

from webautodash.domain.folders import Folder
from webautodash.errors import UsageError
from webautodash.services.ingest import order as order_module, scan
from webautodash.services.ingest.order import Order
from webautodash.services.ingest.scan import Candidate, candidates, stat_file
from webautodash.services.ingest.skip_known import reliable_mtime
from webautodash.services.timeouts import TimeLimit
from webautodash.services.workers import always

LIMIT = TimeLimit(60)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "Results"
    folder.mkdir()
    return folder


def put(path: Path, content: str | bytes = "{}") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def shown(found: list[Candidate]) -> list[tuple[str, str | None]]:
    return [(candidate.shown, candidate.folder) for candidate in found]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        *((name, [(name, name[0])]) for name in ("a/x.JSON", "b/1.json")),
        ("loose.json", [("loose.json", None)]),
        *((name, []) for name in ("a/.hidden.json", ".hidden/x.json", ".x.json", "a/deeper/x.json")),
        *((name, []) for name in ("a/x.json.part", "a/x.txt", "a/xjson", "a/json")),
        ("clinic.json/x.json", [("clinic.json/x.json", "clinic.json")]),
        ("a/folder.json/x.json", [("a/folder.json", "a")]),
    ],
)
def test_results_has_files_in_folders_of_providers_and_none_that_are_hidden_unfinished_foreign_or_deeper(
    name: str, found: list[tuple[str, str | None]], results: Path
) -> None:
    for other in ("c/2.json", "c/1.json"):
        put(results / other)
    put(results / name)
    assert shown(candidates([], results)) == sorted([*found, ("c/1.json", "c"), ("c/2.json", "c")])


def test_links_and_fifos_named_like_a_file_are_listed_and_not_followed(results: Path, tmp_path: Path) -> None:
    put(tmp_path / "outside" / "x.json")
    folder = results / "a"
    folder.mkdir()
    (folder / "link.json").symlink_to(tmp_path / "outside" / "x.json")
    (folder / "nowhere.json").symlink_to("nowhere")
    (folder / "dir.json").symlink_to(tmp_path / "outside")
    os.mkfifo(folder / "fifo.json")
    (results / "b").symlink_to(tmp_path / "outside")
    listed = [(f"a/{name}.json", "a") for name in ("dir", "fifo", "link", "nowhere")]
    assert shown(candidates([], results)) == [*listed, ("b", None)]
    ordered = Order(UTC, LIMIT).of(candidates([], results), always)
    assert [candidate.folder for candidate in ordered] == ["a"] * 4 + [None]


def test_results_itself_may_be_a_link_to_a_folder(results: Path, tmp_path: Path) -> None:
    path = put(results / "a" / "x.json")
    link = tmp_path / "Link"
    link.symlink_to("Results")
    assert shown(candidates([], link)) == [("a/x.json", "a")]
    assert candidates([path], link)[0].folder == "a"
    assert shown(candidates([link / "a"], results)) == [(f"{link}/a/x.json", "a")]


def test_another_folder_that_is_a_link_is_not_followed(results: Path, tmp_path: Path) -> None:
    put(tmp_path / "outside" / "x.json")
    (results / "evil").symlink_to(tmp_path / "outside")
    assert shown(candidates([results / "evil"], results)) == [("evil", None)]


def test_a_link_to_itself_is_listed(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert [candidate.folder for candidate in candidates([], tmp_path / "loop")] == [None]
    assert len(candidates([tmp_path / "loop"], tmp_path)) == 1


def test_paths_on_the_command_line_may_have_any_name_and_depth(results: Path, tmp_path: Path) -> None:
    deep = put(results / "a" / "deeper" / "x.json")
    other = put(results / "a" / "x.txt")
    loose = put(results / "loose.json")
    outside = put(tmp_path / "outside.json")
    assert shown(candidates([deep, other, loose, outside], results)) == [
        ("a/deeper/x.json", "a"),
        ("a/x.txt", "a"),
        ("loose.json", None),
        (outside.as_posix(), None),
    ]


def test_a_named_folder_gives_its_files(results: Path, tmp_path: Path) -> None:
    put(results / "a" / "x.json")
    put(results / "b" / "y.json")
    put(tmp_path / "inbox" / "clinic" / "z.json")
    put(tmp_path / "inbox" / "w.json")
    assert shown(candidates([results / "a"], results)) == [("a/x.json", "a")]
    inbox = [(candidate.path.name, candidate.folder) for candidate in candidates([tmp_path / "inbox"], results)]
    assert inbox == [("z.json", None), ("w.json", None)]


def test_a_file_that_is_named_several_times_is_listed_once(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(results / "a" / "x.json")
    (tmp_path / "Link").symlink_to("Results")
    monkeypatch.chdir(tmp_path)
    relative = [Path(name) for name in ("Results/a/x.json", "Results/b/../a/x.json", "Link/a/x.json")]
    again = [path, results, results / "a", *relative]
    (results / "b").mkdir()
    assert shown(candidates(again, results)) == [("a/x.json", "a")]


def test_a_relative_results_folder_is_the_same_folder(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(results / "a" / "x.json")
    monkeypatch.chdir(tmp_path)
    assert shown(candidates([], Path("Results"))) == [("a/x.json", "a")]
    assert shown(candidates([results], Path("Results"))) == [("a/x.json", "a")]


def test_a_missing_path_is_wrong_use(results: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.json"):
        candidates([tmp_path / "none.json"], results)
    with pytest.raises(UsageError, match="WEBAUTODASH_RESULTS_DIR"):
        candidates([], tmp_path / "Nowhere")
    with pytest.raises(UsageError, match="a"):
        candidates([Path("a\0b")], results)


def test_a_folder_that_is_removed_during_the_scan_is_empty(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(results / "a" / "x.json")
    (results / "b").mkdir()
    scandir = os.scandir

    def vanishing(folder: int) -> Any:
        found = scandir(folder)
        if os.path.samestat(os.fstat(folder), results.stat()):
            (results / "b").rmdir()
        return found

    monkeypatch.setattr(scan.os, "scandir", vanishing)
    # The entries of Results are read at once; b is gone when its turn comes.
    assert [name for name, _ in shown(candidates([], results))] == ["a/x.json"]


def test_a_folder_that_cannot_be_read_is_listed_and_stops_no_other(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (results / "a").mkdir()
    put(results / "b" / "x.json")
    scandir = os.scandir

    def refusing(folder: int) -> Any:
        if os.path.samestat(os.fstat(folder), (results / "a").stat()):
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(scan.os, "scandir", refusing)
    assert shown(candidates([], results)) == [("a", None), ("b/x.json", "b")]


def test_a_name_that_is_not_utf_8_is_shown_with_escapes(results: Path) -> None:
    folder = results / "a"
    folder.mkdir()
    path = Path(os.fsdecode(os.fsencode(folder) + b"/\xff.json"))
    path.write_bytes(b"{}")
    [candidate] = candidates([], results)
    assert candidate.path == path
    assert candidate.shown == "a/\\udcff.json"
    assert Order(UTC, LIMIT).of([candidate], always) == [candidate]


# The order


def dated(results: Path, name: str, stamp: Any, **more: Any) -> Path:
    return put(results / "a" / name, json.dumps(a_file(a_patient("GW1"), at=stamp, **more)))


def order(results: Path, zone: Any = UTC) -> list[str]:
    return [candidate.path.name for candidate in Order(zone, LIMIT).of(candidates([], results), always)]


def test_files_are_ordered_by_the_moment_of_their_extraction_in_any_time_zone(results: Path) -> None:
    dated(results, "1.json", "2024-02-04T12:00:00Z")
    dated(results, "2.json", "2024-02-04T06:30:00-05:00")
    dated(results, "3.json", "2024-02-04T11:45:00")
    assert order(results) == ["2.json", "3.json", "1.json"]
    assert order(results, ZoneInfo("America/Chicago")) == ["2.json", "1.json", "3.json"]


def test_files_without_a_readable_moment_come_first_by_name(results: Path) -> None:
    dated(results, "z.json", "2024-02-04T12:00:00Z")
    dated(results, "e.json", "yesterday")
    dated(results, "d.json", None)
    dated(results, "c.json", 5)
    for name, content in {
        "b.json": b"",
        "a.json": b'{"extraction_metadata": {"extracted_at": "2024',
        "f.json": b"\xff\xfe",
        "g.json": b'{"extraction_metadata": ' + b"[" * 100_000,
        "h.json": b'{"extraction_metadata": {"a":' * 20_000,
        "i.json": b'{"extraction_metadata": {"a": ' + b"9" * 10_000 + b"}}",
    }.items():
        put(results / "a" / name, content)
    assert order(results) == [f"{letter}.json" for letter in "abcdefghiz"]


def test_the_moment_is_found_at_any_place_of_the_metadata(results: Path) -> None:
    content = a_file(a_patient("GW1"), at="2024-01-01T00:00:00Z")
    turned = json.dumps(dict(reversed(content.items())))
    put(results / "a" / "2.json", turned)
    put(results / "a" / "3.json", b"\xef\xbb\xbf" + json.dumps(content, indent=4).encode())
    dated(results, "4.json", "2024-01-01T00:00:00Z", note="ä" * 100_000)
    dated(results, "5.json", "2023-12-31T00:00:00Z")
    dated(results, "1.json", "2024-01-02T00:00:00Z")
    assert order(results) == ["5.json", "2.json", "3.json", "4.json", "1.json"]


def test_only_the_beginning_of_a_usual_file_is_read_for_its_order(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, _: object) -> None:
        raise AssertionError(path)

    dated(results, "1.json", "2024-01-02T00:00:00Z")
    dated(results, "2.json", "2024-01-01T00:00:00Z")
    monkeypatch.setattr(order_module, "read_document", refuse)
    assert order(results) == ["2.json", "1.json"]


def test_a_file_that_cannot_be_read_once_has_its_place_in_the_next_pass(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dated(results, "1.json", "2024-01-02T00:00:00Z")
    dated(results, "2.json", "2024-01-01T00:00:00Z")
    found, order_of_passes = candidates([], results), Order(UTC, LIMIT)
    head = order_module._head

    def stale(candidate: Candidate) -> bytes:
        if candidate.name == "1.json":
            raise OSError(116, "Stale file handle")
        return head(candidate)

    with monkeypatch.context() as patch:
        patch.setattr(order_module, "_head", stale)
        assert [one.name for one in order_of_passes.of(found, always)] == ["1.json", "2.json"]
    assert [one.name for one in order_of_passes.of(found, always)] == ["2.json", "1.json"]


def test_a_file_that_is_too_large_is_not_read_for_the_order(results: Path) -> None:
    path = results / "a" / "late.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"extraction_results": [], "extraction_metadata": {"provider_name": "Gary Wang"}}')
    found = [candidate for candidate in candidates([], results) if candidate.path == path]
    size = path.stat().st_size
    assert [one.named for one in Order(UTC, LIMIT, size).of(found, always)] == ["Gary Wang"]
    assert [one.named for one in Order(UTC, LIMIT, size - 1).of(found, always)] == [None]


def test_a_link_that_replaces_a_file_after_the_scan_is_not_followed(results: Path, tmp_path: Path) -> None:
    path = dated(results, "1.json", "2024-01-02T00:00:00Z")
    found = candidates([], results)
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    assert [one.named for one in Order(UTC, LIMIT).of(found, always)] == [None]


READ = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("before", "tells"),
    [(0, False), (SECOND, False), (2 * SECOND - 1, False), (2 * SECOND, True), (10**18, True), (-SECOND, False)],
)
def test_a_time_of_change_is_reliable_if_it_is_older_than_the_coarsest_tick_of_a_clock(
    before: int, tells: bool
) -> None:
    assert reliable_mtime(READ - before, READ) == (READ - before if tells else None)


def test_a_candidate_has_the_stat_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a" / "x.json"
    path.parent.mkdir()
    path.write_bytes(b"{}")
    (path.parent / "link.json").symlink_to(path)
    link, file = candidates([], tmp_path)
    status = path.stat()
    place = Folder(str(path.parent), path.parent.stat().st_dev, path.parent.stat().st_ino)
    assert file == Candidate(str(path.parent), "x.json", "a", stat_file(path), place=place, shown_folder="a/")
    assert file.stat == (status.st_ino, 2, status.st_mtime_ns, 1, status.st_ctime_ns)
    assert (file.path, link.size) == (path, None)
    path.unlink()
    assert stat_file(path) == (0, None, 0, 1, 0)
