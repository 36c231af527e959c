"""The drift check finds manual changes; a check that cannot fail proves nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from webautodash.config import Settings
from webautodash.database import Database, Server
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services import fleet, revisions
from webautodash.services.registry.register import register
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store


def _drop_index(change: Operations) -> None:
    change.drop_index("ix_data_conflicts_status_severity", "data_conflicts")


def _add_column(change: Operations) -> None:
    change.add_column("patients", sa.Column("notes", sa.String(20)))


def _drop_column(change: Operations) -> None:
    with change.batch_alter_table("patients") as patients:
        patients.drop_column("email")


def _widen_column(change: Operations) -> None:
    with change.batch_alter_table("patients") as patients:
        patients.alter_column("gender", existing_type=sa.String(255), type_=sa.String(300), existing_nullable=True)


def _allow_null(change: Operations) -> None:
    with change.batch_alter_table("data_conflicts") as conflicts:
        conflicts.alter_column("field_name", existing_type=sa.String(255), nullable=True)


def _set_default(change: Operations) -> None:
    with change.batch_alter_table("patients") as patients:
        patients.alter_column("gender", existing_type=sa.String(255), server_default="unknown", existing_nullable=True)


def _drop_unique_key(change: Operations) -> None:
    with change.batch_alter_table("set_aside_patients") as aside:
        # The foreign key needs an index: servers refuse to drop this one without a substitute.
        aside.create_index("ix_substitute", ["extraction_session_id"])
        aside.drop_constraint("uq_set_aside_patients_extraction_session_id_position", type_="unique")


def _drop_foreign_key(change: Operations) -> None:
    with change.batch_alter_table("medications") as medications:
        medications.drop_constraint("fk_medications_patient_extraction_id", type_="foreignkey")


def _drop_table(change: Operations) -> None:
    change.drop_table("conflict_reviews")


def _add_table(change: Operations) -> None:
    change.create_table("by_hand", sa.Column("id", sa.Integer(), primary_key=True))


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (_drop_index, "ix_data_conflicts_status_severity"),
        (_add_column, "notes"),
        (_drop_column, "email"),
        (_widen_column, "gender"),
        (_allow_null, "field_name"),
        (_set_default, "gender"),
        (_drop_unique_key, "uq_set_aside_patients_extraction_session_id_position"),
        (_drop_foreign_key, "fk_medications_patient_extraction_id"),
        (_drop_table, "conflict_reviews"),
        (_add_table, "by_hand"),
    ],
)
def test_a_change_by_hand_is_drift_and_is_named(
    settings: Settings, change: Callable[[Operations], None], names: str
) -> None:
    def by_hand(database: Database) -> None:
        with database.migrating() as work:
            change(Operations(MigrationContext.configure(work.session.connection())))

    assert any(names in line for line in _drift(settings, by_hand))


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_a_prn_column_that_no_longer_compares_bytes_is_drift(settings: Settings) -> None:
    def by_hand(database: Database) -> None:
        with database.engine.begin() as connection:
            connection.exec_driver_sql(
                "ALTER TABLE patients MODIFY prn VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL"
            )

    assert any("prn" in line for line in _drift(settings, by_hand))


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("ALTER TABLE patients DROP INDEX uq_patients_prn, ADD UNIQUE uq_patients_prn (prn(5))", "uq_patients_prn"),
        ("ALTER TABLE patients DEFAULT COLLATE utf8mb4_bin", "patients: table options"),
    ],
)
def test_what_only_these_products_have_is_found(settings: Settings, statement: str, names: str) -> None:
    def by_hand(database: Database) -> None:
        with database.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    assert any(names in line for line in _drift(settings, by_hand))


def test_a_view_and_a_trigger_are_found(settings: Settings, backend: str) -> None:
    def by_hand(database: Database) -> None:
        once = "BEGIN DELETE FROM allergies; END" if backend == "sqlite" else "DELETE FROM allergies"
        with database.engine.begin() as connection:
            connection.exec_driver_sql("CREATE VIEW someone AS SELECT prn FROM patients")
            connection.exec_driver_sql(f"CREATE TRIGGER quiet AFTER UPDATE ON patients FOR EACH ROW {once}")

    assert _drift(settings, by_hand) == (
        "trigger quiet is not of this revision",
        "view someone is not of this revision",
    )


def test_what_a_killed_check_left_is_cleared_away_and_nothing_else(settings: Settings) -> None:
    prefix = settings.database_prefix
    with Store.prepare(settings) as store:
        register(store, "Check Mate")
        left, others = f"{prefix}check_{'0' * 16}", f"{prefix}check_{'0' * 15}"
        for name in (left, others):
            store.server.create(name)
        fleet.check_all(store)
        assert store.server.names(prefix) == sorted([others, f"{prefix}check_mate", store.system.name])
        store.server.drop(others)


def test_a_database_is_compared_with_its_own_revision(settings: Settings) -> None:
    def earlier(database: Database) -> None:
        revisions.downgrade(database, SchemaHistory.PROVIDER, "p0003")

    assert _drift(settings, earlier) == ()


def test_a_check_leaves_nothing_behind(settings: Settings) -> None:
    _drift(settings, lambda _: None)
    with Server(settings) as server:
        assert server.names(settings.database_prefix) == [
            settings.database_prefix + "gary_wang",
            settings.system_database_name,
        ]


def _drift(settings: Settings, by_hand: Callable[[Database], None]) -> tuple[str, ...]:
    with Store.prepare(settings) as store:
        register(store, "Gary Wang")
        by_hand(store.server.database(f"{settings.database_prefix}gary_wang", UnitOfWork))
        report = fleet.check_all(store, ["gary_wang"])[0]
    assert report.error is None
    return report.differences


def test_the_fleets_check_names_the_database_that_drifted_and_clears_the_others(settings: Settings) -> None:
    with Store.prepare(settings) as store:
        for name in ("Gary Wang", "Renée O'Malley"):
            register(store, name)
        drifted = store.server.database(f"{settings.database_prefix}gary_wang", UnitOfWork)
        with drifted.migrating() as work:
            _add_column(Operations(MigrationContext.configure(work.session.connection())))
        found = {report.provider: (report.error, len(report.differences)) for report in fleet.check_all(store)}
    assert found == {None: (None, 0), "gary_wang": (None, 1), "renee_omalley": (None, 0)}
