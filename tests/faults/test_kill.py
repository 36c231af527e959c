"""kill -9 at any moment of an ingest: the next run leaves what a run that nobody disturbed leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contents import contents, identities
from jobs import BATCH, ingest
from processes import kill_at, moments, writes

from webautodash.config import Settings

BACKENDS = pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)
# A database made costs a server a hundred times what it costs SQLite.
EVERY = {"sqlite": 4, "mariadb": 24}


def _spread(all_moments: list[str], every: int) -> list[int]:
    """Numbers of moments: just before and just after commits, and others evenly between; all databases among them."""
    writing = [number for number, moment in enumerate(all_moments) if writes(moment)]
    commits = [place for place, number in enumerate(writing) if all_moments[number].endswith("COMMIT")]
    around = {place + step for place in commits[:: max(1, every // 8)] for step in (0, 1)} & set(range(len(writing)))
    return [writing[place] for place in sorted({*around, *range(0, len(writing), every)})]


@pytest.mark.slow
@BACKENDS
def test_a_run_after_a_kill_at_any_moment_leaves_what_a_clean_run_leaves(
    fresh: Callable[[str], Settings], clean: dict[str, Any], backend: str, tmp_path: Path
) -> None:
    whole = moments(ingest, fresh("m"), BATCH, folder=tmp_path)
    assert contents(fresh("m")) == clean
    for number in _spread(whole, EVERY[backend]):
        settings = fresh(str(number))
        assert kill_at(number, ingest, settings, BATCH, folder=tmp_path), whole[number]
        ingest(settings, BATCH)
        assert contents(settings) == clean, f"killed before moment {number}, {whole[number]}"
        assert all(ours == theirs for ours, theirs in identities(settings).values())
