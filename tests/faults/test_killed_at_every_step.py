"""kill -9 before any statement and file operation of a command: the same command again ends as if undisturbed.

With SQLite all that lasts is in files: of moments that follow one another and find the same files, byte by byte, the
first is enough. Some of the others are tried nevertheless.
"""

from pathlib import Path

import pytest
from builders import NewSettings, a_file, a_patient, write_file
from contents import contents, differences, drop, identities
from jobs import register_provider, run_command
from processes import Steps, kill_at, moments_of_files, together
from selection import backends
from watching import environment

from webautodash.config import Settings
from webautodash.database import Server
from webautodash.database.products import ServerProblem

COMMANDS = {"register": ("provider", "register", "Renée O'Malley"), "setup": ("setup", "--auto"), "ingest": ("ingest",)}
# Every nth moment, and every nth of those that leave a different state. Databases of a server take much longer.
STRIDES = {"sqlite": (40, 1), "mariadb": (24, 5), "mysql": (80, 21)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One provider with a repeat, a change and a known patient; another one with one file."""
    results = tmp_path / "Results"
    later = {"medications": ["Xanax 1 mg"], "allergies": ["Latex"]}
    known = a_patient("P1", medications=["Aspirin 81 mg"])
    contents = {
        "gary_wang/1.json": a_file(known, a_patient("P2", allergies=["Latex", "Penicillin"])),
        "gary_wang/2.json": a_file(known, a_patient("P2", name="Married", **later), at="2025-01-01T00:00:00"),
        "gary_wang/again.json": a_file(known, a_patient("P2", name="Married", **later), at="2025-01-01T00:00:00"),
        "anna_keller/1.json": a_file(a_patient("P1", name="Someone Else", diagnoses=["Gout"]), provider="Anna Keller"),
    }
    for name, content in contents.items():
        write_file(results / name, content)
    return results


def _prepare(command: str, settings: Settings) -> None:
    """Before an ingest, register a provider; before other commands there is nothing."""
    if command == "ingest":
        register_provider(settings, "Gary Wang")


def _problems(settings: Settings) -> dict[str, list[ServerProblem]]:
    """The problems of each database as it was created: in the wrong mode, readers block writers."""
    prefix = settings.database_prefix
    with Server(settings) as server:
        return {name.removeprefix(prefix): server.database_problems(name) for name in server.names(prefix)}


def _beside_commits(all_moments: list[str]) -> list[int]:
    """The moments before and after each COMMIT, for a server, whose files are not compared."""
    commits = [number for number, moment in enumerate(all_moments) if moment.endswith("COMMIT")]
    return [number for commit in commits for number in (commit, commit + 1) if number < len(all_moments)]


@pytest.mark.timeout(1200)
@backends(sqlite="ci", mariadb="ci", mysql="slow")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_killed_at_any_step_is_finished_by_the_same_command(
    command: str, fresh: NewSettings, folder: Path, backend: str, tmp_path: Path, steps: Steps
) -> None:
    def settings_of(name: str) -> tuple[Settings, dict[str, str]]:
        settings = fresh(name, results_dir=folder)
        _prepare(command, settings)
        return settings, environment(settings)

    clean, whole = settings_of("c")
    all_moments, differing = moments_of_files(run_command, whole, *COMMANDS[command], folder=tmp_path, files=tmp_path)
    expected, made = contents(clean), _problems(clean)
    what = {moment.split(": ")[1].split()[0] for moment in all_moments}
    assert what >= {"COMMIT", "INSERT"}
    assert backend != "sqlite" or what >= {"open", "os.link", "os.remove", "sqlite3.connect"}
    apart = differing if backend == "sqlite" else _beside_commits(all_moments)
    assert len(apart) > 20
    every, every_apart = STRIDES[backend]
    chosen = sorted({*steps(range(0, len(all_moments), every)), *steps(apart[::every_apart])})
    for number in chosen:
        settings, variables = settings_of(f"{number:x}")
        killed = kill_at(number, run_command, variables, *COMMANDS[command], folder=tmp_path, files=tmp_path)
        # The last moments may not come: a faster run writes the states of files less often.
        assert killed or number > len(all_moments) - 60, all_moments[number]
        together(run_command, (variables, *COMMANDS[command]), folder=tmp_path)
        left = differences(contents(settings), expected)
        assert left == [], f"killed at {number} of {len(all_moments)}, before {all_moments[number]}"
        assert _problems(settings) == made, all_moments[number]
        assert all(ours == theirs for ours, theirs in identities(settings).values())
        drop(settings)
