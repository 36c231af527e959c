"""The drift check finds manual changes; a check that cannot fail proves nothing."""

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from builders import Clinic

from webautodash.services import fleet, revisions
from webautodash.services.registry import register
from webautodash.services.revisions import SchemaHistory


def _change(operations: Operations) -> None:
    """Change something of each kind that a schema has."""
    operations.drop_index("ix_data_conflicts_status_severity", "data_conflicts")
    with operations.batch_alter_table("data_conflicts") as conflicts:
        conflicts.alter_column("field_name", existing_type=sa.String(255), nullable=True)
    text = {"existing_type": sa.String(255), "existing_nullable": True}
    with operations.batch_alter_table("patients") as patients:
        patients.add_column(sa.Column("notes", sa.String(20)))
        patients.drop_column("email")
        patients.alter_column("gender", type_=sa.String(300), **text)
        patients.alter_column("phone", server_default="unknown", **text)
    with operations.batch_alter_table("set_aside_patients") as aside:
        # The foreign key needs an index: servers refuse to drop this one without a substitute.
        aside.create_index("ix_substitute", ["extraction_session_id"])
        aside.drop_constraint("uq_set_aside_patients_extraction_session_id_position", type_="unique")
    with operations.batch_alter_table("medications") as medications:
        medications.drop_constraint("fk_medications_patient_extraction_id", type_="foreignkey")
    operations.drop_table("conflict_reviews")
    operations.create_table("by_hand", sa.Column("id", sa.Integer(), primary_key=True))


# What the check must name, each in a line of its own.
CHANGED = (
    "data_conflicts: index ix_data_conflicts_status_severity",
    "data_conflicts: column field_name",
    "patients: column notes",
    "patients: column email",
    "patients: column gender",
    "patients: column phone",
    "set_aside_patients: index ix_substitute",
    "set_aside_patients: unique key uq_set_aside_patients_extraction_session_id_position",
    "medications: foreign key fk_medications_patient_extraction_id",
    "table conflict_reviews",
    "table by_hand",
)


@pytest.fixture
def gary_wang(clinic: Clinic) -> Clinic:
    """A store with one provider."""
    register(clinic.store, "Gary Wang")
    return clinic


def _drift(clinic: Clinic) -> tuple[str, ...]:
    [report] = fleet.check_all(clinic.store, ["gary_wang"])
    assert report.error is None
    return report.differences


def test_each_kind_of_manual_change_is_drift_and_is_named(gary_wang: Clinic) -> None:
    with gary_wang.database().migrating() as work:
        _change(Operations(MigrationContext.configure(work.session.connection())))
    drift = _drift(gary_wang)
    assert [name for name in CHANGED if not any(line.startswith(name) for line in drift)] == []
    assert len(drift) == len(CHANGED)


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_collations_and_index_prefixes_of_servers_are_compared_too(gary_wang: Clinic) -> None:
    for change, name in (
        ("MODIFY prn VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL", "column prn"),
        ("DROP INDEX uq_patients_prn, ADD UNIQUE uq_patients_prn (prn(5))", "index uq_patients_prn"),
        ("DEFAULT COLLATE utf8mb4_bin", "table options"),
    ):
        assert not any(line.startswith(f"patients: {name}") for line in _drift(gary_wang))
        gary_wang.execute(f"ALTER TABLE patients {change}")
        assert any(line.startswith(f"patients: {name}") for line in _drift(gary_wang))


def test_a_view_and_a_trigger_are_found(gary_wang: Clinic, backend: str) -> None:
    once = "BEGIN DELETE FROM allergies; END" if backend == "sqlite" else "DELETE FROM allergies"
    gary_wang.execute("CREATE VIEW added AS SELECT prn FROM patients")
    gary_wang.execute(f"CREATE TRIGGER quiet AFTER UPDATE ON patients FOR EACH ROW {once}")
    assert [line.split()[:2] for line in _drift(gary_wang)] == [["trigger", "quiet"], ["view", "added"]]


def test_a_check_drops_its_own_databases_and_those_of_killed_checks_and_no_others(clinic: Clinic) -> None:
    register(clinic.store, "Check Mate")
    left, other = (clinic.database_name(f"check_{'0' * length}") for length in (16, 15))
    for name in (left, other):
        clinic.store.server.create(name)
    fleet.check_all(clinic.store)
    expected = [other, clinic.database_name("check_mate"), clinic.store.system.name]
    assert clinic.store.server.names(clinic.settings.database_prefix) == sorted(expected)


def test_a_database_is_compared_with_its_own_revision(gary_wang: Clinic) -> None:
    revisions.downgrade(gary_wang.database(), SchemaHistory.PROVIDER, "p0003")
    assert _drift(gary_wang) == ()


def test_the_check_of_all_names_the_database_that_drifted_and_clears_the_others(gary_wang: Clinic) -> None:
    register(gary_wang.store, "Renée O'Malley")
    gary_wang.execute("ALTER TABLE patients ADD COLUMN notes VARCHAR(20)")
    found = {report.provider: (report.error, len(report.differences)) for report in fleet.check_all(gary_wang.store)}
    assert found == {None: (None, 0), "gary_wang": (None, 1), "renee_omalley": (None, 0)}
