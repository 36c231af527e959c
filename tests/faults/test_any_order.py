"""Up to four processes that work at once, in any order and repeatedly, leave the same content as one process."""

import shutil
import sys
from contextlib import suppress
from itertools import chain, count
from pathlib import Path
from typing import Any

import pytest
from builders import NewSettings, a_file, a_patient, write_file
from contents import contents, differences, drop, identities, rows
from hypothesis import Phase, settings as limits, strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from jobs import open_store, run_commands, take_back
from processes import together
from watching import environment

from webautodash.errors import UsageError
from webautodash.services import revisions
from webautodash.services.revisions import SchemaHistory

PROVIDERS = {"gary_wang": "Gary Wang", "anna_keller": "Anna Keller"}
COMMANDS = [
    ("ingest",),
    ("ingest", "--rehash"),
    ("migrate", "up"),
    *(("provider", "register", name) for name in PROVIDERS.values()),
]
# The runs of migrations are not compared, only their result.
_OF_THE_WAY = ("migration_runs", "migration_run_databases")
_COLUMNS_OF_THE_WAY = {
    # A provider that a command registered has none; one that a file registered has the folder of the file.
    "database_identity": {"folder"},
    "providers": {"folder"},
    # A database that is downgraded and upgraded again has lost those of its earlier extractions.
    "patient_extractions": {"row_checks"},
}
_BEFORE_HEAD = revisions.previous(SchemaHistory.PROVIDER, revisions.head(SchemaHistory.PROVIDER))

_slugs = st.sampled_from(sorted(PROVIDERS))
_new_files = st.tuples(_slugs, st.integers(0, 3))
_work = st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=3)


class Clinic(RuleBasedStateMachine):
    """Two stores over one Results folder: several processes work in one, a single process in the other."""

    files = Bundle("files")

    def __init__(self, fresh: NewSettings, folder: Path, number: int, failures: list[BaseException]) -> None:
        super().__init__()
        self._failures = failures
        self._folder = folder / str(number)
        self._results = self._folder / "Results"
        self._results.mkdir(parents=True)
        self._stores = [fresh(f"{letter}{number}", results_dir=self._results) for letter in "ma"]
        self._many, self._alone = (environment(each) for each in self._stores)
        self._different, self._copies = 0, 0
        for store in self._stores:
            open_store(store)

    # Every example begins with two processes that meet a new provider.
    @initialize(
        target=files, new=st.lists(_new_files, min_size=1, max_size=3), works=st.lists(_work, min_size=3, max_size=4)
    )
    def begin(self, new: list[tuple[str, int]], works: list[list[tuple[str, ...]]]) -> MultipleResults[Path]:
        paths = [self._drop(slug, changes) for slug, changes in new]
        self._set_off([[("ingest",), *works[0]], [("ingest",), *works[1]], *works[2:]])
        return multiple(*paths)

    @rule(target=files, new=_new_files)
    def a_file_comes(self, new: tuple[str, int]) -> Path:
        return self._drop(*new)

    @rule(old=files)
    def an_old_file_comes_again_under_another_name(self, old: Path) -> None:
        self._copies += 1
        shutil.copyfile(old, old.with_name(f"{old.stem}_again_{self._copies}.json"))

    @rule(slug=_slugs)
    def a_database_falls_a_revision_behind(self, slug: str) -> None:
        for store in self._stores:
            # A database that is missing or already behind stays unchanged.
            with suppress(UsageError):
                take_back(store, slug, str(_BEFORE_HEAD))

    @rule(works=st.lists(_work, min_size=2, max_size=4))
    def processes_set_off_at_once(self, works: list[list[tuple[str, ...]]]) -> None:
        self._set_off(works)

    @invariant()
    def nothing_is_there_twice_and_each_database_is_its_provider_s(self) -> None:
        store = self._stores[0]
        providers = identities(store)
        assert all(ours == theirs for ours, theirs in providers.values())
        sessions = 0
        for slug in providers:
            known = [row["prn"] for row in rows(store, slug, "patients")]
            assert len(known) == len(set(known))
            sessions += len(rows(store, slug, "extraction_sessions"))
        assert sessions <= self._different

    def teardown(self) -> None:
        failure = sys.exception()
        try:
            if failure is None:
                self._expect_what_one_process_leaves()
        except Exception as error:
            failure = error
            raise
        finally:
            if isinstance(failure, Exception):
                self._failures.append(failure)
            for store in self._stores:
                drop(store)

    def _expect_what_one_process_leaves(self) -> None:
        self._come_to_rest()
        many, alone = (contents(store) for store in self._stores)
        assert differences(_without_the_way(many), _without_the_way(alone)) == []
        assert sum(len(tables.get("extraction_sessions", [])) for tables in many.values()) == self._different
        for found in (many, alone):
            for provider in found["system"]["providers"]:
                [identity] = found[provider["slug"]]["database_identity"]
                assert identity["folder"] == provider["folder"]
                assert provider["folder"] in {None, provider["slug"]}

    def _set_off(self, works: list[list[tuple[str, ...]]]) -> None:
        """Run several processes, and one that does the same in another order."""
        together(run_commands, *[(self._many, *commands) for commands in works], folder=self._folder)
        together(run_commands, (self._alone, *sorted(chain.from_iterable(works))), folder=self._folder)

    def _come_to_rest(self) -> None:
        """Migrate all databases and ingest all files that wait."""
        for variables in (self._many, self._alone):
            for command in (("migrate", "up"), ("ingest",)):
                together(run_commands, (variables, command), folder=self._folder)

    def _drop(self, slug: str, changes: int) -> Path:
        """A file with a later time than the earlier files; some of its patients are known, some have changed."""
        self._different += 1
        number = self._different
        people = [a_patient(f"P{n}", name=f"Name {number if n < changes else 0}") for n in range(5)]
        at = f"2024-01-{number:02}T00:00:00"
        waiting = [
            a_patient("FAILED", extraction_status="failed"),
            # Some files have a patient without items, or another person under a PRN.
            a_patient("EMPTIED", diagnoses=["Gout"] if number % 3 else []),
            a_patient("OTHER", **({"name": "Bo Bee", "born": "1/1/1950"} if changes == 1 else {})),
        ]
        content = a_file(*people, *waiting, a_patient(f"NEW{number}"), provider=PROVIDERS[slug], at=at)
        return write_file(self._results / slug / f"{number:02}.json", content)


def _without_the_way(found: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {
            table: [
                {column: value for column, value in row.items() if column not in _COLUMNS_OF_THE_WAY.get(table, ())}
                for row in rows
                # An alert that a database is behind depends on the order as well.
                if not (table.startswith("alert") and "'behind'" in repr(row))
            ]
            for table, rows in tables.items()
            if table not in _OF_THE_WAY
        }
        for name, tables in found.items()
    }


def _run(examples: int, steps: int, fresh: NewSettings, folder: Path) -> None:
    """Run this number of random histories, the same ones in every test run."""
    numbers = count()
    failures: list[BaseException] = []
    how = limits(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,
        database=None,
        deadline=None,
        # To shrink a failing example would take an hour.
        phases=[Phase.generate],
    )
    try:
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            lambda: Clinic(fresh, folder, next(numbers), failures), settings=how
        )
    except Exception as error:
        # Hypothesis repeats the failed example; this error says only that the repeat ended in another way.
        if failures and error is not failures[0]:
            raise failures[0] from error
        raise


@pytest.mark.ci
@pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)
def test_several_processes_end_where_one_process_ends(fresh: NewSettings, tmp_path: Path) -> None:
    _run(2, 6, fresh, tmp_path)


# Its databases cost many times more on MySQL.
_EXAMPLES = {"sqlite": 10, "mariadb": 8, "mysql": 4}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_several_processes_end_where_one_process_ends_in_more_orders(
    fresh: NewSettings, backend: str, tmp_path: Path
) -> None:
    _run(_EXAMPLES[backend], 8, fresh, tmp_path)
