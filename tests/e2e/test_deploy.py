"""What is in deploy/, as systemd reads it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from shell import Shell

UNIT = Path(__file__).parents[2] / "deploy" / "webautodash-monitor.service"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    # The program is not where the unit has it.
    unit.write_text(UNIT.read_text().replace("/opt/webautodash/.venv/bin/webautodash", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_server_that_is_down_is_tried_again_and_wrong_settings_are_not(shell: Shell) -> None:
    said = dict(line.split("=", 1) for line in UNIT.read_text().splitlines() if "=" in line and line[0] != "#")
    assert (said["Restart"], int(said["RestartSec"]) > 0) == ("on-failure", True)
    prevented = {int(status) for status in said["RestartPreventExitStatus"].split()}
    nobody = {"WEBAUTODASH_DB_HOST": "127.0.0.1", "WEBAUTODASH_DB_PORT": "1"}
    assert shell("monitor", **nobody).status not in {0, *prevented}
    assert shell("monitor", WEBAUTODASH_DB_PORT="many").status in prevented
