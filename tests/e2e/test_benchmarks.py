"""The benchmarks in their smallest size: they measure nothing then, but they still run."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest
from servers import find_program

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_scenario_runs_and_is_reported(tmp_path: Path) -> None:
    if find_program("mariadb") is None and not os.environ.get("CI"):
        pytest.skip("mariadb: the benchmarks need the program mariadbd")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--small", "--into", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    recorded = json.loads((tmp_path / "results.json").read_text())
    page = (tmp_path / "RESULTS.md").read_text()
    assert len(recorded) == 13
    assert all(f"## {one['findings']['title']}\n" in page for one in recorded.values())
    assert page.endswith((ROOT / "benchmarks" / "NOTES.md").read_text())
    assert ("dlt is not installed" in page) == (find_spec("dlt") is None)
    assert str(tmp_path) not in page
    panels = ElementTree.fromstring((tmp_path / "throughput.svg").read_text())  # noqa: S314  # our own
    assert len(panels.findall(".//{http://www.w3.org/2000/svg}polyline")) == 6
