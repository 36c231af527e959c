"""Whatever up to four processes do at once, in any order and repeatedly, ends where one process alone would end."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import pytest
from builders import a_file, a_patient
from contents import contents, differences
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jobs import open_store, run_command, run_commands, take_back
from processes import together
from watching import environment

from webautodash.config import Settings
from webautodash.database import Server
from webautodash.errors import UsageError
from webautodash.services import migrate
from webautodash.services.migrate import History

PROVIDERS = {"gary_wang": "Gary Wang", "anna_keller": "Anna Keller"}
COMMANDS = [
    ("ingest",),
    ("ingest", "--rehash"),
    ("migrate", "up"),
    *(("provider", "register", name) for name in PROVIDERS.values()),
]
# What became of the migrations on the way is not what they lead to.
_OF_THE_WAY = ("migration_runs", "migration_run_databases")
_BEFORE_HEAD = migrate.before(History.PROVIDER, migrate.head(History.PROVIDER))


@dataclass(frozen=True)
class Round:
    """What comes before several processes set off at once, and the commands of each."""

    files: list[tuple[str, int]]
    """Of which providers, and how many of their people have changed."""
    behind: list[str]
    """Providers whose databases are a revision behind."""
    commands: list[list[tuple[str, ...]]]


_slugs = st.sampled_from(sorted(PROVIDERS))
_rounds = st.builds(
    Round,
    files=st.lists(st.tuples(_slugs, st.integers(0, 3)), min_size=1, max_size=4),
    behind=st.lists(_slugs, max_size=2, unique=True),
    commands=st.lists(st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=3), min_size=3, max_size=4),
)
_plans = st.lists(_rounds, min_size=2, max_size=3)


class Clinic:
    """Two stores over one Results folder: in one several processes are at work at once, in the other one alone."""

    def __init__(self, fresh: Callable[..., Settings], folder: Path, number: int) -> None:
        self._folder = folder / str(number)
        self._results = self._folder / "Results"
        self._results.mkdir(parents=True)
        self.stores = [fresh(f"{letter}{number}", results_dir=self._results) for letter in "ma"]
        self._many, self._alone = (environment(each) for each in self.stores)
        self.files = 0
        for store in self.stores:
            open_store(store)

    def live_through(self, each: Round) -> None:
        """One round: by several processes, and the same commands in another order by one."""
        for slug, changes in each.files:
            self._drop(slug, changes)
        for slug in each.behind:
            for store in self.stores:
                # One that is not there, or behind already, stays as it is.
                with suppress(UsageError):
                    take_back(store, slug, str(_BEFORE_HEAD))
        together(run_commands, *[(self._many, *commands) for commands in each.commands], folder=self._folder)
        together(run_commands, (self._alone, *sorted(chain.from_iterable(each.commands))), folder=self._folder)

    def come_to_rest(self) -> None:
        """What waits is migrated and taken."""
        for variables in (self._many, self._alone):
            for command in (("migrate", "up"), ("ingest",)):
                together(run_command, (variables, *command), folder=self._folder)

    def _drop(self, slug: str, changes: int) -> None:
        """A file that is later than those before; some of its people are known, some have changed."""
        self.files += 1
        people = [a_patient(f"P{n}", name=f"Name {self.files if n < changes else 0}") for n in range(5)]
        at = f"2024-01-{self.files:02}T00:00:00"
        content = a_file(*people, a_patient(f"NEW{self.files}"), provider=PROVIDERS[slug], at=at)
        path = self._results / slug / f"{self.files:02}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))


def _without_the_way(found: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {
            # That a database was behind when somebody looked is of the way, too.
            table: [row for row in rows if not (table.startswith("alert") and "'behind'" in repr(row))]
            for table, rows in tables.items()
            if table not in _OF_THE_WAY
        }
        for name, tables in found.items()
    }


def _forget(store: Settings) -> None:
    with Server(store) as server:
        for name in server.names(store.database_prefix):
            server.drop(name)


def _run(plans: int, fresh: Callable[..., Settings], folder: Path) -> None:
    """Try so many plans, the same ones in every run."""
    numbers = count()

    # To make a plan that fails smaller would take an hour.
    @settings(max_examples=plans, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(_plans)
    def live(plan: list[Round]) -> None:
        clinic = Clinic(fresh, folder, next(numbers))
        try:
            for each in plan:
                clinic.live_through(each)
            clinic.come_to_rest()
            many, alone = (_without_the_way(contents(store)) for store in clinic.stores)
            assert differences(many, alone) == []
            assert sum(len(tables.get("extraction_sessions", [])) for tables in many.values()) == clinic.files
        finally:
            for store in clinic.stores:
                _forget(store)

    live()


@pytest.mark.faults_ci
@pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)
def test_plans_of_several_processes_end_where_one_process_ends(fresh: Callable[..., Settings], tmp_path: Path) -> None:
    _run(2, fresh, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)
def test_more_plans_of_several_processes_end_where_one_process_ends(
    fresh: Callable[..., Settings], tmp_path: Path
) -> None:
    _run(12, fresh, tmp_path)
