"""kill -9 between the commits of a provider's database and the system database: nothing is lost."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import NewSettings, a_file, a_patient, write_file
from contents import contents, differences, rows
from jobs import ingest, monitor_once, retry, send_alerts
from processes import Steps, kill_at, moments

from webautodash.config import Settings
from webautodash.errors import UsageError

pytestmark = pytest.mark.ci
EMBEDDED_AND_SERVER = pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)
CHANGED = a_patient("P2", born="03/20/1999")
LATER = "2025-01-01T00:00:00"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two patients, and a second file of one of them that cannot be read and, once corrected, is a conflict."""
    results = tmp_path / "Results/gary_wang"
    unreadable = CHANGED | {"demographics_printable": "no object"}
    write_file(results / "1.json", a_file(a_patient("P1"), a_patient("P2")))
    write_file(results / "2.json", a_file(a_patient("P1", gender="Male"), unreadable, at=LATER))
    # A file that was changed within the last two seconds is read again, whatever its state.
    past = time.time() - 60
    for path in results.iterdir():
        os.utime(path, (past, past))
    return results.parent


def _between(all_moments: list[str]) -> list[int]:
    """The moments after the COMMIT of the outbox at which the system database lacks something."""
    written = max(number for number, moment in enumerate(all_moments) if "INSERT INTO pending_events" in moment)
    commits = [number for number, moment in enumerate(all_moments) if moment.endswith("COMMIT") and number > written]
    return sorted({number for commit in commits for number in (commit, commit + 1) if number < len(all_moments)})[1:]


def _recorded(settings: Settings) -> dict[str, Any]:
    """The system database, and the outbox of what it lacks."""
    found = contents(settings)
    return {"system": found["system"], "gary_wang": {"pending_events": found["gary_wang"]["pending_events"]}}


@EMBEDDED_AND_SERVER
@pytest.mark.parametrize("next_command", [send_alerts, ingest, monitor_once, None])
def test_the_next_command_records_what_a_killed_retry_stored(
    fresh: NewSettings,
    folder: Path,
    tmp_path: Path,
    backend: str,
    next_command: Callable[..., None] | None,
    steps: Steps,
) -> None:
    """None stands for the same command again, which finds that the patient was stored."""

    def a_store(name: str) -> tuple[Settings, Any]:
        settings = fresh(name, results_dir=folder)
        ingest(settings)
        [aside] = rows(settings, "gary_wang", "set_aside_patients")
        return settings, (settings, "gary_wang", aside["id"], json.dumps(CHANGED))

    undisturbed, arguments = a_store("c")
    all_moments = moments(retry, *arguments, folder=tmp_path)
    expected = _recorded(undisturbed)
    assert [row["state"] for row in expected["system"]["ingested_files"]] == ["ingested", "ingested"]
    assert [row["kind"] for row in expected["system"]["alerts"]].count("conflict") == 2
    assert expected["gary_wang"] == {"pending_events": []}
    chosen = _between(all_moments)
    assert len(chosen) >= 4
    for number in steps(chosen if backend == "sqlite" else chosen[:2]):
        settings, arguments = a_store(str(number))
        assert kill_at(number, retry, *arguments, folder=tmp_path), all_moments[number]
        if next_command is not None:
            next_command(settings)
        else:
            with pytest.raises(UsageError):
                retry(*arguments)
        assert differences(_recorded(settings), expected) == [], f"killed before {all_moments[number]}"


@EMBEDDED_AND_SERVER
def test_a_killed_ingest_is_recorded_although_its_file_is_gone(
    fresh: NewSettings, folder: Path, tmp_path: Path
) -> None:
    undisturbed = fresh("c", results_dir=folder)
    all_moments = moments(ingest, undisturbed, folder=tmp_path)
    expected = contents(undisturbed)["system"]
    number = _between(all_moments)[0]
    settings = fresh("k", results_dir=folder)
    assert kill_at(number, ingest, settings, folder=tmp_path), all_moments[number]
    assert rows(settings, "system", "alerts") == []
    for path in folder.glob("*/*.json"):
        path.unlink()
    send_alerts(settings)
    found = contents(settings)["system"]
    assert found["alerts"] == expected["alerts"]
    assert found["providers"] == expected["providers"]
    stored = [{**row, "size": None} for row in expected["ingested_files"]]
    assert [row for row in found["ingested_files"] if row["state"] == "partial"] == [
        row for row in stored if row["state"] == "partial"
    ]
    assert rows(settings, "gary_wang", "pending_events") == []
