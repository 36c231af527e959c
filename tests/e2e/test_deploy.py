"""The files in deploy/, as systemd reads them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from shell import Shell

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT, PRUNE = DEPLOY / "webautodash-monitor.service", DEPLOY / "webautodash-prune.service"
PROGRAM = "/opt/webautodash/.venv/bin/webautodash"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("names", [[UNIT.name], [PRUNE.name, "webautodash-prune.timer"]])
def test_systemd_accepts_the_units(tmp_path: Path, names: list[str]) -> None:
    units = [tmp_path / name for name in names]
    for unit in units:
        # The program is not installed at the path in the unit.
        unit.write_text((DEPLOY / unit.name).read_text().replace(PROGRAM, "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_server_that_is_down_is_tried_again_and_wrong_settings_are_not(shell: Shell) -> None:
    unit = dict(line.split("=", 1) for line in UNIT.read_text().splitlines() if "=" in line and line[0] != "#")
    assert (unit["Restart"], int(unit["RestartSec"]) > 0) == ("on-failure", True)
    prevented = {int(status) for status in unit["RestartPreventExitStatus"].split()}
    nobody = {"WEBAUTODASH_DB_HOST": "127.0.0.1", "WEBAUTODASH_DB_PORT": "1"}
    assert shell("monitor", **nobody).status not in {0, *prevented}
    assert shell("monitor", WEBAUTODASH_DB_PORT="many").status in prevented


def test_the_prune_unit_and_cron_delete_old_entries(shell: Shell) -> None:
    (unit,) = re.findall(rf"^ExecStart={PROGRAM} (.*)$", PRUNE.read_text(), re.MULTILINE)
    (cron,) = re.findall(r"\.venv/bin/webautodash (log .*)$", (DEPLOY / "webautodash.cron").read_text(), re.MULTILINE)
    assert unit == cron
    assert shell("setup", "--auto").status == 0
    done = shell(*unit.split(), stdin="")
    assert (done.status, done.err) == (0, "")
