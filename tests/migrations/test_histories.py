"""Both schema histories on every product: up, down, up again, and the result is what the models define."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from builders import Clinic, a_file, a_patient
from schema import VERSION_TABLE, drift_from_models, names_of, schema_of
from sqlalchemy import MetaData, inspect

from webautodash.database import Database
from webautodash.domain.alerts import AlertChannel, AlertKind, DigestState
from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import ConflictStatus, EventKind, MonitorState
from webautodash.models import Alert, AlertDelivery, AlertDigest, Monitor, ProviderBase, SystemBase
from webautodash.repositories.pending_events import Event
from webautodash.repositories.unit_of_work import ProviderWork, SystemWork
from webautodash.services import fleet, revisions
from webautodash.services.ingest import ingest_paths
from webautodash.services.ingest.file_states import accept_file
from webautodash.services.review import conflicts
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

ROOT = Path(__file__).parents[2]
LONGEST_NAME = 64


def _metadata(history: SchemaHistory) -> MetaData:
    return SystemBase.metadata if history is SchemaHistory.SYSTEM else ProviderBase.metadata


def _scripts(history: SchemaHistory) -> ScriptDirectory:
    return ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini"), ini_section=history.value))


def test_a_history_has_one_base_one_head_and_no_branch(history: SchemaHistory) -> None:
    scripts = _scripts(history)
    assert len(scripts.get_bases()) == 1
    assert scripts.get_heads() == [revisions.head(history)]
    letter = history.value[0]
    assert all(script.revision.startswith(letter) for script in scripts.walk_revisions())


@pytest.mark.usefixtures("real_migrations")
def test_an_empty_database_is_what_the_models_define_after_upgrade_repeat_and_downgrade(
    database: Database, history: SchemaHistory, go: Callable[[str], None]
) -> None:
    assert revisions.current(database) is None
    assert revisions.upgrade(database, history)
    assert revisions.current(database) == revisions.head(history)
    assert drift_from_models(database, history) == []
    first = schema_of(database)
    assert set(first) == set(_metadata(history).tables)
    assert not revisions.upgrade(database, history)
    assert schema_of(database) == first
    go("base")
    assert inspect(database.engine).get_table_names() == [VERSION_TABLE]
    assert revisions.current(database) is None
    go("head")
    assert schema_of(database) == first


def _monitor() -> Monitor:
    words = {"host": "a", "started_by": "b", "code_version": "c", "state": MonitorState.RUNNING}
    return Monitor(**words, pid=1, interval_ms=1, started_at=utc_now(), heartbeat_at=utc_now())


def _send_an_alert(work: SystemWork) -> None:
    session = work.session
    alert = Alert(cause_key="a" * 64, kind=AlertKind.SILENT, message="b", created_at=utc_now())
    digest = AlertDigest(idempotency_key="c" * 32, channel=AlertChannel.LOG, state=DigestState.PENDING)
    digest.created_at = utc_now()
    session.add_all([alert, digest])
    session.flush()
    session.add(AlertDelivery(alert_id=alert.id, channel=AlertChannel.LOG, digest_id=digest.id))


def _leave_an_event(work: ProviderWork) -> None:
    work.pending_events.add(Event(EventKind.FILE_STORED, utc_now(), 1))


def test_each_revision_goes_down_and_up_with_rows_in_the_tables(
    clinic: Clinic, database: Database, history: SchemaHistory, go: Callable[[str], None]
) -> None:
    first = a_patient("GW1", medications=["Aspirin 81 mg"], diagnoses=["Gout (M10.079)"], allergies=["Latex"])
    again = a_patient("GW1", name="Another Name", medications=["Xanax 1 mg"], health_concerns=["Smoker"])
    clinic.ingest(a_file(first, a_patient("GW2"), "no patient"))
    clinic.ingest(a_file(again, a_patient("GW2"), at="2025-01-01T00:00:00"))
    number = clinic.rows("data_conflicts")[0]["id"]
    conflicts.resolve(clinic.store, "gary_wang", number, ConflictStatus.REVIEWING, by="Dr. W", why="to be seen")
    fleet.downgrade_provider(clinic.store, fleet.plan_downgrade(clinic.store, "gary_wang", "p0003"), accept_loss=True)
    fleet.upgrade_all(clinic.store, fleet.Plan())
    held = clinic.ingest(a_file(a_patient("GW3", lab_results=[{"test_name": "A1C"}]), at="2999-01-01T00:00:00"))
    accept_file(clinic.store, held.path, by="Dr. W", why="clock", extracted_at="2025-02-01T00:00:00")
    clinic.store.system.run(lambda work: work.session.add(_monitor()))
    clinic.store.system.run(_send_an_alert)
    clinic.store.server.database(clinic.database_name(), ProviderWork).run(_leave_an_event)
    full = {table for table in schema_of(database) if _count(database, table)}
    assert full >= set(_metadata(history).tables) - {"leases", "provider_aliases"}

    for revision in _scripts(history).walk_revisions():
        go("-1")
        if revision.down_revision is not None:
            go("+1")
            go("-1")
    assert inspect(database.engine).get_table_names() == [VERSION_TABLE]
    go("head")
    assert drift_from_models(database, history) == []
    assert not any(_count(database, table) for table in schema_of(database))

    with Store.prepare(clinic.settings) as store:
        outcomes = ingest_paths(store).files
    state = "already_ingested" if history is SchemaHistory.SYSTEM else "failed"
    assert {str(outcome.state) for outcome in outcomes} == {state}


def _count(database: Database, table: str) -> int:
    with database.engine.connect() as connection:
        return int(connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar_one())


def test_every_name_is_the_one_of_the_convention_and_short_enough(database: Database, history: SchemaHistory) -> None:
    revisions.upgrade(database, history)
    convention = {"PrimaryKeyConstraint": "pk", "UniqueConstraint": "uq", "ForeignKeyConstraint": "fk"}
    for table in _metadata(history).sorted_tables:
        expected: dict[str, set[str]] = {"uq": set(), "ix": set(), "fk": set(), "ck": set()}
        for index in table.indexes:
            expected["uq" if index.unique else "ix"].add(str(index.name))
        for constraint in table.constraints:
            expected.setdefault(convention.get(type(constraint).__name__, "ck"), set()).add(str(constraint.name))
        assert expected.pop("pk") == {f"pk_{table.name}"}
        found = names_of(database, table.name)
        assert found == expected
        for kind, names in found.items():
            assert all(name.startswith(f"{kind}_{table.name}_") for name in names)
            assert all(len(name) <= LONGEST_NAME for name in names)


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_every_table_is_innodb_utf8mb4_and_has_a_primary_key(database: Database, history: SchemaHistory) -> None:
    revisions.upgrade(database, history)
    with database.engine.connect() as connection:
        tables = connection.exec_driver_sql(
            "SELECT table_name, engine, table_collation FROM information_schema.tables WHERE table_schema = DATABASE()"
        ).all()
        keyed = connection.exec_driver_sql(
            "SELECT table_name FROM information_schema.table_constraints "
            "WHERE table_schema = DATABASE() AND constraint_type = 'PRIMARY KEY'"
        ).scalars()
        prns = connection.exec_driver_sql(
            "SELECT DISTINCT collation_name FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND column_name = 'prn'"
        ).scalars()
        assert {name for name, _, _ in tables} == {VERSION_TABLE, *_metadata(history).tables} == set(keyed)
        assert {(engine, collation) for _, engine, collation in tables} == {("InnoDB", "utf8mb4_unicode_ci")}
        assert set(prns) == ({"utf8mb4_bin"} if history is SchemaHistory.PROVIDER else set())
