"""The benchmarks' own arithmetic, and the names that they know the product's functions by."""

import time
from pathlib import Path

import pytest

from benchmarks import report, results
from benchmarks.plot import Panel, svg
from benchmarks.results import Figure, Findings, Recorded, Target, per_second, ratios
from benchmarks.scenarios import profile
from benchmarks.stopwatch import Stopwatch, wrapped

FIGURE = Figure("one worker", "of the limit", [0.5, 0.3, 0.41], Target(at_least=0.4, wish=0.45))


def recorded(date: str, figure: Figure = FIGURE) -> Recorded:
    return Recorded(Findings("First ingest", ["A method."], [figure]), date, 3, {"Python": "3.11"})


def test_a_figure_is_the_median_and_is_compared_with_its_target() -> None:
    assert (FIGURE.value, FIGURE.verdict, str(FIGURE.target)) == (0.41, "yes", "≥ 0.4, better 0.45")
    assert Figure("start", "s", [0.4], Target(at_most=0.3)).verdict == "NO"
    assert Figure("rehash", "s", target=Target(at_most=1), missing="no such option").verdict == "not available"


def test_ratios_are_computed_within_a_repetition() -> None:
    assert ratios([1, 4], [2, 8]) == [0.5, 0.5]
    assert per_second(100, [0.5, 2]) == [200, 50]


def test_results_are_kept_between_runs_and_the_notes_unchanged(tmp_path: Path) -> None:
    kept = {"first": recorded("2026-01-02 10:00 UTC"), "start": recorded("2026-03-04 10:00 UTC")}
    results.write(tmp_path / "results.json", kept)
    assert results.read(tmp_path / "results.json") == kept
    notes = tmp_path / "NOTES.md"
    notes.write_text("## Tried and rejected\n\nNothing | yet.\n")
    report.render(tmp_path, kept, notes)
    page = (tmp_path / "RESULTS.md").read_text()
    assert page.endswith(notes.read_text())
    assert "2026-01-02 10:00 UTC, 3 repetitions. A method." in page
    assert "| First ingest: one worker | 0.41 of the limit | ≥ 0.4, better 0.45 | yes     | 2026-03-04 |" in page


def test_the_same_points_give_the_same_plot() -> None:
    panel = Panel("Growth", "patients", {"MariaDB": [(1000, 1500), (20000, 1400)], "SQLite": [(1000, 3000)]})
    assert svg([panel]) == svg([panel])
    assert ">3,000<" in svg([panel])


def test_a_stage_has_the_time_outside_of_its_inner_stages() -> None:
    watch = Stopwatch()
    inner = watch.timed("inner", lambda: time.sleep(0.2))
    watch.timed("outer", lambda: (inner(), inner()))()
    assert watch.stages["inner"].wall >= 0.4
    # All of it would be as much; a busy machine may take some.
    assert watch.stages["outer"].wall < 0.4


def test_the_profile_names_existing_functions() -> None:
    with wrapped(profile.STAGES, profile.WAITING):
        pass
    with (
        pytest.raises(AttributeError, match="patient_recordd"),
        wrapped({"x": [f"{profile.__name__}:patient_recordd"]}, []),
    ):
        pass
