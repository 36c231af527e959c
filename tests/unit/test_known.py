"""When a file's time of change tells a later change from what was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from webautodash.domain.file_paths import shown_folder
from webautodash.domain.folders import Folder
from webautodash.services.ingest.scan import Candidate, candidates, stat_file
from webautodash.services.ingest.skip_known import reliable_mtime

READ = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("before", "tells"),
    [(0, False), (SECOND, False), (2 * SECOND - 1, False), (2 * SECOND, True), (10**18, True), (-SECOND, False)],
)
def test_a_time_tells_when_it_is_older_than_the_coarsest_clocks_tick(before: int, tells: bool) -> None:
    assert reliable_mtime(READ - before, READ) == (READ - before if tells else None)


def test_a_candidate_knows_what_its_folder_said_of_it(tmp_path: Path) -> None:
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


def test_the_shown_folder_is_below_results_where_it_lies_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results = Path("Results")
    assert shown_folder("Results", results) == ""
    assert shown_folder(str(tmp_path / "Results" / "a"), results) == "a/"
    assert shown_folder("Results/b/../a", results) == "b/../a/"
    assert shown_folder(".", results) == f"{tmp_path}/"
    assert shown_folder("/", results) == "/"
