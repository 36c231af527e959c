"""No file is stored in a database that is behind, ahead or being migrated; the other databases go on."""

import threading
from collections.abc import Callable

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.domain.vocabulary import ConflictStatus
from webautodash.errors import MigrationFailed, NotAtHead
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services import fleet, revisions
from webautodash.services.fleet import Plan
from webautodash.services.ingest import ingest_paths
from webautodash.services.registry import add_alias, register, resolve_provider
from webautodash.services.review import conflicts
from webautodash.services.revisions import RevisionListener, RevisionStatements, SchemaHistory
from webautodash.services.store import Store

HEAD = revisions.head(SchemaHistory.PROVIDER)
LATER = "2025-01-01T00:00:00"


def _new_files(clinic: Clinic) -> None:
    for name, slug in (("Ada Ash", "ada_ash"), ("Ben Birch", "ben_birch")):
        clinic.drop(a_file(a_patient(f"{slug}-2"), provider=name, at=LATER), folder=slug)


def _states(clinic: Clinic, workers: int = 1) -> dict[str | None, tuple[str, str]]:
    report = ingest_paths(clinic.store, workers=workers)
    return {
        file.provider: (str(file.state), str(file.kind))
        for file in report.files
        if file.state != "already_ingested" and file.provider in {"ada_ash", "ben_birch"}
    }


@pytest.mark.parametrize("workers", [1, 2])
def test_files_of_a_database_that_is_behind_wait_and_the_others_are_taken(
    clinic: Clinic, behind: Callable[..., None], workers: int
) -> None:
    behind("p0003", "ada_ash")
    _new_files(clinic)
    states = _states(clinic, workers)
    assert states["ben_birch"][0] == "ingested"
    assert states["ada_ash"] == ("blocked", "not_at_head")
    waiting = [row for row in clinic.system_rows("ingested_files") if row["state"] == "waiting"]
    assert len(waiting) == 2  # the stored file as well, because its database could not be queried
    assert clinic.count("patients", "ada_ash") == 1
    fleet.upgrade_all(clinic.store, Plan())
    assert _states(clinic, workers)["ada_ash"][0] == "ingested"
    assert clinic.count("patients", "ada_ash") == 2


def test_a_store_that_was_open_before_the_migration_began_keeps_out_too(clinic: Clinic) -> None:
    with Store.open(clinic.settings) as another:
        database = another.server.database(clinic.database_name("ada_ash"), UnitOfWork)
        revisions.downgrade(database, SchemaHistory.PROVIDER, "p0005")
    outcome = clinic.ingest(a_file(a_patient("ada_ash-2"), provider="Ada Ash", at=LATER), folder="ada_ash")
    assert (str(outcome.state), clinic.count("patients", "ada_ash")) == ("blocked", 1)


def test_a_database_is_marked_until_its_migration_is_finished(clinic: Clinic, behind: Callable[..., None]) -> None:
    class KilledError(Exception):
        """End the process between two revisions."""

    def end(step: RevisionStatements) -> None:
        if step.revision == "p0004":
            raise KilledError

    behind("p0001", "ada_ash")
    with pytest.raises(KilledError):
        revisions.upgrade(clinic.database("ada_ash"), SchemaHistory.PROVIDER, listener=RevisionListener(after=end))
    assert clinic.rows("database_identity", "ada_ash")[0]["migrating_to"] == HEAD
    # As a program of that revision finds it.
    clinic.execute(f"UPDATE alembic_version SET version_num = '{HEAD}'", "ada_ash")
    outcome = clinic.ingest(a_file(a_patient("ada_ash-2"), provider="Ada Ash", at=LATER), folder="ada_ash")
    assert (str(outcome.state), outcome.kind) == ("blocked", "being_migrated")
    clinic.execute("UPDATE alembic_version SET version_num = 'p0004'", "ada_ash")
    assert not fleet.upgrade_all(clinic.store, Plan()).failures
    assert clinic.rows("database_identity", "ada_ash")[0]["migrating_to"] is None
    assert clinic.ingest(a_file(a_patient("ada_ash-3"), provider="Ada Ash", at=LATER), folder="ada_ash").stored == 1


def test_a_migration_waits_for_a_file_that_is_being_stored(clinic: Clinic) -> None:
    own, done = clinic.database("ada_ash"), threading.Event()

    def migration() -> None:
        with Store.open(clinic.settings) as another:
            revisions.downgrade(another.server.database(own.name, UnitOfWork), SchemaHistory.PROVIDER, "p0005")
        done.set()

    with own.unit_of_work() as work:
        revisions.block_migrations(work, own.name, resolve_provider(clinic.store, "ada_ash"))
        worker = threading.Thread(target=migration)
        worker.start()
        assert not done.wait(1.5)
        work.commit()
    worker.join(60)
    assert done.is_set()
    assert revisions.current(own) == "p0005"


def test_a_migration_that_the_server_refused_leaves_the_others_files_alone(
    clinic: Clinic, behind: Callable[..., None]
) -> None:
    behind("p0003", "ada_ash")
    clinic.execute("ALTER TABLE conflict_reviews RENAME TO gone", "ada_ash")
    with pytest.raises(MigrationFailed) as failed:
        revisions.upgrade(clinic.database("ada_ash"), SchemaHistory.PROVIDER)
    assert failed.value.revision == "p0004"
    assert str(failed.value.statement).startswith("UPDATE conflict_reviews")
    _new_files(clinic)
    states = _states(clinic)
    assert (states["ada_ash"][0], states["ben_birch"][0]) == ("blocked", "ingested")


def test_a_provider_registered_while_a_run_is_at_work_is_at_head_at_once(
    clinic: Clinic, behind: Callable[..., None]
) -> None:
    behind("p0001")
    registered: list[str] = []

    def on_result(_result: object, done: int, _of: int) -> None:
        if done == 2:
            with Store.open(clinic.settings) as another:
                registered.append(register(another, "Eve Elm").provider.slug)

    report = fleet.upgrade_all(clinic.store, Plan(), on_result)
    assert not report.failures
    assert registered == ["eve_elm"]
    assert {each.state for each in fleet.overview(clinic.store)} == {fleet.RevisionStatus.CURRENT}


def test_reviews_and_aliases_wait_for_migrations(clinic: Clinic) -> None:
    another_name = a_patient("ada_ash-1", name="Another", medications=["Xanax 1 mg"])
    clinic.ingest(a_file(another_name, provider="Ada Ash", at=LATER), folder="ada_ash")
    number = clinic.rows("data_conflicts", "ada_ash")[0]["id"]
    with Store.open(clinic.settings) as another:
        database = another.server.database(clinic.database_name("ada_ash"), UnitOfWork)
        revisions.downgrade(database, SchemaHistory.PROVIDER, "p0005")
    with pytest.raises(NotAtHead):
        conflicts.resolve(clinic.store, "ada_ash", number, ConflictStatus.RESOLVED, by="x", why="y")
    with pytest.raises(NotAtHead):
        add_alias(clinic.store, "ada_ash", "Ada A.")
    assert clinic.count("conflict_reviews", "ada_ash") == 0
