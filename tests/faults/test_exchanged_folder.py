"""A provider's folder that is replaced while its files are ingested: no file from outside is read."""

from pathlib import Path

import pytest
from builders import NewSettings, a_file, a_patient, write_file
from contents import rows
from jobs import ingest
from processes import Failed, held_at, moments

from webautodash.config import Settings
from webautodash.services.ingest.order import Order
from webautodash.services.ingest.scan import candidates
from webautodash.services.timeouts import TimeLimit
from webautodash.services.workers import always

FILES = 6


def _fill(folder: Path, prefix: str) -> None:
    for day in range(1, FILES + 1):
        write_file(folder / f"{day}.json", a_file(a_patient(f"{prefix}{day}"), at=f"2024-01-0{day}T00:00:00"))


def _exchange(folder: Path, outside: Path, aside: Path) -> None:
    folder.rename(aside)
    folder.symlink_to(outside)


def _prns(settings: Settings) -> list[str]:
    return [str(row["prn"]) for row in rows(settings, "gary_wang", "patients")]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("after", [0, 2])
def test_files_of_a_folder_that_takes_the_place_of_a_providers_are_not_read(
    fresh: NewSettings, tmp_path: Path, after: int
) -> None:
    results, inside, outside = tmp_path / "Results", tmp_path / "Results/gary_wang", tmp_path / "outside"
    _fill(inside, "IN")
    _fill(outside, "OUT")
    passed = moments(ingest, fresh("w", results_dir=results), folder=tmp_path)
    stored = [n for n, moment in enumerate(passed) if moment.endswith("gary_wang: INSERT INTO extraction_sessions")]
    settings = fresh("h", results_dir=results)
    with pytest.raises(Failed, match="folder"), held_at(stored[after], ingest, settings, folder=tmp_path):
        _exchange(inside, outside, tmp_path / "moved")
    assert _prns(settings) == [f"IN{day}" for day in range(1, after + 2)]
    inside.unlink()
    (tmp_path / "moved").rename(inside)
    ingest(settings)
    assert _prns(settings) == [f"IN{day}" for day in range(1, FILES + 1)]


@pytest.mark.parametrize("as_link", [True, False], ids=["link", "folder"])
def test_the_beginning_of_a_file_is_read_in_the_folder_that_it_was_found_in(tmp_path: Path, as_link: bool) -> None:
    inside, outside = tmp_path / "Results/gary_wang", tmp_path / "outside"
    _fill(inside, "IN")
    _fill(outside, "OUT")
    found = candidates([], tmp_path / "Results")
    if as_link:
        _exchange(inside, outside, tmp_path / "moved")
    else:
        inside.rename(tmp_path / "moved")
        outside.rename(inside)
    order = Order(Settings.load(_env_file=None).zone, TimeLimit(60))
    assert [one.named for one in order.of(found, always)] == [None] * FILES
