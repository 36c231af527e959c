"""kill -9 at any moment of an ingest: the next run leaves the same rows as an undisturbed run."""

from pathlib import Path
from typing import Any

from builders import NewSettings
from contents import contents, differences, identities
from jobs import ingest
from processes import Steps, kill_after, kill_at, moments, writes
from selection import backends

# A server takes a hundred times as long as SQLite to create a database.
SPREAD = {"sqlite": 30, "mariadb": 12}


def _spread(all_moments: list[str], number: int) -> list[int]:
    """Numbers of moments: a third just before commits, a third just after, a third evenly between."""
    writing = [n for n, moment in enumerate(all_moments) if writes(moment)]
    commits = [place for place, n in enumerate(writing) if all_moments[n].endswith("COMMIT")][:-1]
    chosen = commits[:: max(1, 3 * len(commits) // number)]
    between = range(0, len(writing), max(1, 3 * len(writing) // number))
    return sorted({writing[place] for place in (*chosen, *(place + 1 for place in chosen), *between)})


@backends(sqlite="ci", mariadb="ci")
def test_a_run_after_a_kill_at_any_moment_leaves_what_a_clean_run_leaves(
    fresh: NewSettings, clean: dict[str, Any], backend: str, tmp_path: Path, steps: Steps
) -> None:
    whole = moments(ingest, fresh("m"), folder=tmp_path)
    assert contents(fresh("m")) == clean
    for number in steps(_spread(whole, SPREAD[backend])):
        settings = fresh(f"{number:x}")
        killed = kill_at(number, ingest, settings, folder=tmp_path)
        # The states of files are written every second, so a run that is faster than the first has fewer moments.
        assert killed or number > len(whole) - 60, whole[number]
        ingest(settings)
        left = differences(contents(settings), clean)
        assert left == [], f"killed at {number}, before {whole[number]}"
        assert all(ours == theirs for ours, theirs in identities(settings).values())


@backends(sqlite="ci", mariadb="slow")
def test_a_run_after_many_killed_ones_leaves_what_a_clean_run_leaves(
    fresh: NewSettings, clean: dict[str, Any], tmp_path: Path
) -> None:
    settings, killed = fresh("on"), 0
    # Each run continues from the state that the last one left, and gets a little further.
    while kill_at(30 + 11 * killed, ingest, settings, folder=tmp_path):
        killed += 1
    assert killed > 5
    assert differences(contents(settings), clean) == []


@backends(sqlite="ci", mariadb="slow")
def test_a_kill_in_the_middle_of_a_statement_leaves_nothing_half_done(
    fresh: NewSettings, clean: dict[str, Any], tmp_path: Path
) -> None:
    settings, killed = fresh("at"), 0
    while kill_after(0.05 + 0.04 * killed, ingest, settings, folder=tmp_path):
        killed += 1
    assert killed > 2
    assert differences(contents(settings), clean) == []
