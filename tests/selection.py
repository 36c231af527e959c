"""Which tests a run includes, and on which products.

`make test` leaves out the markers `ci` and `slow`, `make test TESTS=ci` leaves out `slow`, `make test-all` nothing.
Most of these markers are given here, by file and product: a server takes about ten times as long as SQLite to make a
database.
"""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_FAULTS = _HERE / "faults"


def _paths(*names: str) -> set[Path]:
    paths = {_HERE / name for name in names}
    # A test module that was renamed must not run elsewhere than before.
    assert all(path.exists() for path in paths), sorted(path for path in paths if not path.exists())
    return paths


# Rules of services that send the same SQL as tests which do run on MySQL: there they run in `make test-all` alone, and
# on MariaDB in CI.
_ON_ONE_SERVER = _paths(
    "adopt/test_adopt_advice.py",
    "adopt/test_adopt_command.py",
    "adopt/test_adopt_damaged_rows.py",
    "adopt/test_adopt_refused.py",
    "alerts/test_delivery.py",
    "fleet/test_migrate_all.py",
    "monitor",
)
# Rules of services, without SQL of their own: on servers they run in `make test-all` alone. A test in these files that
# names its products runs on them.
_ON_SQLITE = _paths(
    "doctor/test_databases.py",
    "integration/test_changes.py",
    "integration/test_demographics.py",
    "integration/test_held_files.py",
    "integration/test_incomplete_extractions.py",
    "integration/test_known_files_are_skipped.py",
    "integration/test_metrics.py",
    "integration/test_provider_names.py",
    "integration/test_rejections.py",
    "integration/test_results_roots.py",
    "integration/test_session_times.py",
    "integration/test_set_aside.py",
    "integration/test_stored_failures.py",
    "integration/test_unfinished_registration.py",
    "integration/test_verify.py",
    "migrations/test_alembic_command.py",
)
# What MySQL does in its own way, in seconds; its other tests are CI's.
_QUICK_ON_MYSQL = _paths(
    "adopt/test_adopt.py",
    "integration/test_limited_account.py",
    "integration/test_clusters.py",
    "integration/test_connections.py",
    "integration/test_ingest.py",
    "integration/test_transactions.py",
    "migrations/test_templates.py",
)
# Faults that a product answers in its own way.
_FAULTS_ON_MYSQL = _paths(
    "faults/test_lost_connection_of_a_file.py",
    "faults/test_accounts_of_databases.py",
    "faults/test_against_a_model.py",
    "faults/test_transport.py",
    "faults/test_wrong_connection.py",
)

# Processes that are killed, held up or run for seconds. `make test` has tests of the same rules within one process.
_IN_CI = _paths("e2e/test_log_of_libraries.py", "e2e/test_metrics_cli.py", "faults/test_monitor_faults.py")


def backends(**markers: str) -> pytest.MarkDecorator:
    """Run a test on some products, each with its marker: ``backends(sqlite="ci", mariadb="slow")``."""
    products = [pytest.param(backend, marks=getattr(pytest.mark, marker)) for backend, marker in markers.items()]
    return pytest.mark.parametrize("backend", products, indirect=True)


def backend_of(item: pytest.Item) -> str | None:
    """The product that a test runs on, None for a test without one."""
    if not {"private_mariadb", "module_mariadb"}.isdisjoint(getattr(item, "fixturenames", ())):
        return "mariadb"
    backend: str | None = getattr(getattr(item, "callspec", None), "params", {}).get("backend")
    return backend


def mark(item: pytest.Item) -> None:
    """Give a test that is too long for `make test` its marker: `ci`, or `slow` where it is too long for CI."""
    backend = backend_of(item)
    if item.get_closest_marker("slow"):
        return
    if backend in {"mariadb", "mysql"} and _is_among(item, _ON_SQLITE) and not _names_products(item):
        item.add_marker(pytest.mark.slow)
    elif item.get_closest_marker("ci"):
        return
    elif backend == "mysql" and not _is_among(item, _QUICK_ON_MYSQL):
        is_fault = _FAULTS in item.path.parents and not _is_among(item, _FAULTS_ON_MYSQL)
        is_slow = is_fault or _is_among(item, _ON_ONE_SERVER)
        item.add_marker(pytest.mark.slow if is_slow else pytest.mark.ci)
    elif _is_among(item, _IN_CI) or (backend == "mariadb" and _is_among(item, {_FAULTS} | _ON_ONE_SERVER)):
        item.add_marker(pytest.mark.ci)


def _names_products(item: pytest.Item) -> bool:
    return any("backend" in marker.args[0] for marker in item.iter_markers("parametrize"))


def _is_among(item: pytest.Item, paths: set[Path]) -> bool:
    return not paths.isdisjoint((item.path, *item.path.parents))
