"""The connection is lost at COMMIT, before or after the server has done it: the file is stored once."""

from pathlib import Path

import pytest
from builders import NewSettings, a_file, a_patient, write_file
from contents import contents, differences
from jobs import ingest
from processes import Steps
from proxy import CommitCutter
from selection import backends
from sqlalchemy import make_url

# Every run has the COMMITs of its migrations.
pytestmark = [backends(mariadb="ci", mysql="slow"), pytest.mark.usefixtures("real_migrations")]

# Each costs two databases, which take MySQL many times longer.
EVERY = {"mariadb": 1, "mysql": 3}


@pytest.mark.parametrize("before", [False, True], ids=["its answer", "itself"])
def test_a_commit_that_is_lost_or_whose_answer_is_is_done_once(
    fresh: NewSettings, backend: str, server_url: str, tmp_path: Path, before: bool, steps: Steps
) -> None:
    url = make_url(server_url)
    folder = tmp_path / "Results/gary_wang"
    for year, drug in ((2024, "Xanax 1 mg"), (2025, "Metformin 500 mg")):
        patients = [a_patient(f"P{number}", medications=[drug]) for number in range(30)]
        write_file(folder / f"{year}.json", a_file(*patients, None, at=f"{year}-01-01T00:00:00"))

    def cut_at(number: int | None, name: str) -> CommitCutter:
        with CommitCutter(str(url.host), url.port or 3306, number, before=before) as cutter:
            through = url.set(port=cutter.port).render_as_string(hide_password=False)
            ingest(fresh(name, database_url=through, results_dir=folder.parent))
        return cutter

    whole = cut_at(None, "w")
    expected = contents(fresh("w"))
    assert len(expected["gary_wang"]["data_conflicts"]) == 30
    assert whole.commits > 8
    for number in steps(range(0, whole.commits, EVERY[backend])):
        assert cut_at(number, str(number)).has_cut
        assert differences(contents(fresh(str(number))), expected) == [], f"at COMMIT {number} of {whole.commits}"
