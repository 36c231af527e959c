"""Work of other processes in tests; each job starts from settings only, as the program does."""

import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import partial
from pathlib import Path
from unittest.mock import patch

from builders import new_database

from webautodash.config import Settings
from webautodash.database import Server
from webautodash.domain import file_state_transitions
from webautodash.domain.alerts import AlertKind, Cause, cause_key
from webautodash.domain.dates import utc_now
from webautodash.errors import LeaseHeld
from webautodash.services import adopt as adoption, alerts, fleet, revisions
from webautodash.services.adopt import copy_rows
from webautodash.services.ingest import ingest_paths, plan
from webautodash.services.monitor import MonitorLoop, open_store as open_monitored
from webautodash.services.monitor.system_alerts import check_and_send
from webautodash.services.registry import register, resolve_provider
from webautodash.services.review import retry_set_aside
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store


class _HasProblems(RuntimeError):
    """A command ended with 1, and not because something failed."""


_FAILURES = re.compile("^(failed|rejected|waiting|error): (?!.* is at work on it)|unexpected", re.MULTILINE)
BATCH = 20
"""Smaller than the program's, so that a hundred patients are many batches."""
_PROBLEMS = {"failed", "rejected", "waiting"}


def upgrade(settings: Settings, name: str, history: SchemaHistory) -> None:
    """Create a database and migrate it to head."""
    with Server(settings) as server:
        revisions.upgrade(new_database(server, name), history)


def migrate_fleet(settings: Settings) -> None:
    """Migrate every database, unless another process is at work on it. Raises if one could not be migrated."""
    with Store.open(settings) as store, suppress(LeaseHeld):
        report = fleet.upgrade_all(store, fleet.Plan())
        held = "is at work on it"
        problems = [str(one.error) for one in report.failures if held not in str(one.error)]
        if problems:
            raise RuntimeError("\n".join(problems))


def take_back(settings: Settings, slug: str, revision: str) -> None:
    """Take one provider's database back to a revision."""
    with Store.open(settings) as store:
        fleet.downgrade_provider(store, fleet.plan_downgrade(store, slug, revision), accept_loss=True)


def migrate_to(settings: Settings, revision: str, *slugs: str) -> None:
    """Create providers' databases as an earlier version of the program did, at a revision."""
    with Server(settings) as server:
        for slug in slugs:
            revisions.upgrade(new_database(server, settings.database_prefix + slug), SchemaHistory.PROVIDER, revision)


def open_store(settings: Settings) -> None:
    """Prepare a store, as every writing command does first."""
    Store.prepare(settings).close()


def register_provider(settings: Settings, name: str) -> None:
    """Register a provider in a store that may not exist yet."""
    with Store.prepare(settings) as store:
        register(store, name)


def ingest(settings: Settings, *paths: Path) -> None:
    """Ingest files, or all of Results, into a store that may not exist yet. Raises if a file could not be ingested."""
    # Restored afterwards, because a test may call this in its own process. One file may kill it any number of times.
    with (
        patch.object(plan, "PATIENTS_AT_ONCE", BATCH),
        patch.object(file_state_transitions, "MOST_KILLED", 1_000_000),
        Store.prepare(settings) as store,
    ):
        report = ingest_paths(store, paths)
    problems = [f"{file.path}: {file.state}: {file.reason}" for file in report.files if file.state in _PROBLEMS]
    if problems:
        raise RuntimeError("\n".join(problems))


def run_commands(environment: Mapping[str, str], *commands: Sequence[str]) -> None:
    """Run installed commands one after the other, while other processes work. Raises if one failed.

    A database that another process migrates is not a failure.
    """
    for command in commands:
        with suppress(_HasProblems):
            run_command(environment, *command)


def run_command(environment: Mapping[str, str], *arguments: str) -> None:
    """Run the installed command. Raises if it does not end with 0."""
    from webautodash.cli import main

    output = io.StringIO()
    with (
        patch.dict(os.environ, environment),
        patch.object(sys, "argv", ["webautodash", *arguments]),
        redirect_stdout(output),
        redirect_stderr(output),
    ):
        try:
            main()
        except SystemExit as end:
            if end.code != 0:
                text = f"{' '.join(arguments)} ended with {end.code}: {output.getvalue()}"
                kind = _HasProblems if end.code == 1 and not _FAILURES.search(text) else RuntimeError
                raise kind(text) from None


def adopt(settings: Settings, database: str, name: str) -> None:
    """Adopt a database of the earlier scripts, with few rows per transaction."""
    with patch.object(copy_rows, "LEGACY_ROWS_AT_ONCE", 2), Store.prepare(settings) as store:
        adoption.adopt(store, database, name)


def raise_causes(settings: Settings, number: int) -> None:
    """Raise a number of alerts, each in a transaction, as other processes do at the same moment."""
    with Store.open(settings) as store:
        for name in range(number):
            cause = Cause(cause_key(AlertKind.HELD, name), AlertKind.HELD, f"cause {name}")
            store.system.run(partial(alerts.raise_alerts, settings=settings, causes=[cause], now=utc_now()))


def retry(settings: Settings, slug: str, set_aside_id: int, corrected: str) -> None:
    """Store a patient that was set aside."""
    with Store.open(settings) as store:
        assert retry_set_aside(store, resolve_provider(store, slug), set_aside_id, corrected).taken_in


def send_alerts(settings: Settings) -> None:
    """As `alert send`."""
    with Store.open(settings) as store:
        check_and_send(store)


def monitor_once(settings: Settings) -> None:
    """As `monitor --once`."""
    with open_monitored(settings) as store:
        monitor = MonitorLoop(store)
        monitor.run_once()
        monitor.close()


def deliver(settings: Settings) -> None:
    """Deliver the alerts that are due."""
    with Store.open(settings) as store:
        alerts.deliver_due(store)
