"""Migrations of all databases: a failure does not stop the others, and a second run touches only the rest."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import FLEET_SLUGS, Clinic, a_file, a_patient, new_database
from local_server import wait_until

from webautodash.domain.vocabulary import MigrationState
from webautodash.errors import (
    ConfigurationError,
    LeaseHeld,
    LeaseLost,
    UnknownMigrationRun,
    UnknownProvider,
    UsageError,
)
from webautodash.repositories.leases import LeaseRepository
from webautodash.services import fleet, revisions
from webautodash.services.fleet import Plan, RevisionStatus, Wave
from webautodash.services.leases import leased
from webautodash.services.registry import register
from webautodash.services.revisions import RevisionListener, SchemaHistory
from webautodash.services.store import Store

HEAD = revisions.head(SchemaHistory.PROVIDER)
FIRST = "p0001"
UNIQUE = "p0005"
Behind = Callable[..., None]


def found_revisions(clinic: Clinic) -> dict[str | None, str | None]:
    """By slug, where each provider's database is."""
    return {each.provider: each.revision for each in fleet.overview(clinic.store, FLEET_SLUGS)}


def spoil(clinic: Clinic, slug: str) -> None:
    """Put two reviews with the same number where a unique key is to come."""
    same = a_patient(f"{slug}-1", name="Somebody Else", medications=["Xanax 1 mg"])
    name = slug.replace("_", " ").title()
    assert clinic.ingest(a_file(same, provider=name, at="2025-01-01T00:00:00"), folder=slug).conflicts
    conflict = clinic.rows("data_conflicts", slug)[0]["id"]
    revisions.downgrade(clinic.database(slug), SchemaHistory.PROVIDER, "p0004")
    for number in (1, 2):
        clinic.execute(
            "INSERT INTO conflict_reviews (id, conflict_id, step, old_status, new_status, reviewed_by, "
            f"reviewed_at, notes) VALUES ({number}, {conflict}, 1, 'reviewing', 'resolved', 'x', '2025-01-01', '')",
            slug,
        )


def heal(clinic: Clinic, slug: str) -> None:
    """Follow the advice of the error."""
    clinic.execute("UPDATE conflict_reviews SET step = id", slug)


def recorded(clinic: Clinic, run: int | None) -> dict[str | None, tuple[Any, ...]]:
    """By slug, the rows of a run."""
    assert run is not None
    report = fleet.run_report(clinic.store, run)
    return {row.provider: (str(row.state), row.reached, row.attempts) for row in report.databases}


def test_all_that_is_behind_is_brought_to_head_and_nothing_else_is_touched(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST, "ada_ash", "cy_cedar")
    behind("p0004", "dee_dogwood")
    report = fleet.upgrade_all(clinic.store, Plan())
    assert {one.provider: (one.before, one.after) for one in report.results if one.done} == {
        "ada_ash": (FIRST, HEAD),
        "cy_cedar": (FIRST, HEAD),
        "dee_dogwood": ("p0004", HEAD),
    }
    assert set(found_revisions(clinic).values()) == {HEAD}
    assert recorded(clinic, report.run) == dict.fromkeys(("ada_ash", "cy_cedar", "dee_dogwood"), ("done", HEAD, 1))
    again = fleet.upgrade_all(clinic.store, Plan())
    assert (again.run, [one.done for one in again.results]) == (None, [False] * 5)


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.ci), 2])
def test_one_that_fails_leaves_the_others_at_head_and_is_all_that_a_second_run_touches(
    clinic: Clinic, behind: Behind, workers: int
) -> None:
    spoil(clinic, "ben_birch")
    behind(FIRST, "ada_ash", "cy_cedar", "dee_dogwood")
    report = fleet.upgrade_all(clinic.store, Plan(workers=workers))
    (failed,) = report.failures
    assert failed.provider == "ben_birch"
    assert failed.database == clinic.database_name("ben_birch")
    assert failed.error_code in {"1062", "SQLITE_CONSTRAINT_UNIQUE"}
    assert str(failed.statement).startswith("CREATE UNIQUE INDEX uq_conflict_reviews_conflict_id_step")
    assert "HAVING COUNT(*) > 1" in str(failed.cure)
    assert failed.database in str(failed.error)
    assert str(failed.statement) in str(failed.error)
    assert found_revisions(clinic) == dict.fromkeys(FLEET_SLUGS, HEAD) | {"ben_birch": "p0004"}
    assert recorded(clinic, report.run) == dict.fromkeys(FLEET_SLUGS, ("done", HEAD, 1)) | {
        "ben_birch": ("failed", None, 1)
    }

    heal(clinic, "ben_birch")
    resumed = fleet.resume(clinic.store, report.run, workers)
    assert [(one.provider, one.before, one.after) for one in resumed.results] == [("ben_birch", "p0004", HEAD)]
    assert recorded(clinic, report.run)["ben_birch"] == ("done", HEAD, 2)
    assert fleet.run_report(clinic.store, report.run).run.state is MigrationState.DONE
    assert fleet.resume(clinic.store, report.run).results == ()


def test_a_failed_canary_stops_the_databases_after_it(clinic: Clinic, behind: Behind) -> None:
    spoil(clinic, "cy_cedar")
    behind(FIRST, "ada_ash", "ben_birch", "dee_dogwood")
    report = fleet.upgrade_all(clinic.store, Plan(canaries=("cy_cedar", "ada_ash")))
    assert {one.provider: str(one.state) for one in report.results if one.error or one.done} == {
        "ada_ash": "done",
        "cy_cedar": "failed",
    }
    assert (report.left, report.stopped) == (2, "a canary failed")
    assert {slug: found for slug, found in found_revisions(clinic).items() if found == FIRST} == {
        "ben_birch": FIRST,
        "dee_dogwood": FIRST,
    }
    assert fleet.run_report(clinic.store, report.run).run.state is MigrationState.FAILED
    heal(clinic, "cy_cedar")
    assert not fleet.resume(clinic.store, report.run).failures
    assert set(found_revisions(clinic).values()) == {HEAD}


@pytest.mark.parametrize("workers", [1, 2])
def test_no_other_database_is_started_after_the_allowed_failures(clinic: Clinic, behind: Behind, workers: int) -> None:
    for slug in ("ada_ash", "ben_birch"):
        spoil(clinic, slug)
    behind(FIRST, "cy_cedar", "dee_dogwood")
    report = fleet.upgrade_all(clinic.store, Plan(max_failures=1, workers=workers, wave=Wave(2)))
    assert 1 <= len(report.failures) <= workers
    assert report.left >= 2
    assert found_revisions(clinic)["dee_dogwood"] == FIRST
    assert "the limit is 1" in str(report.stopped)


def test_a_dry_run_shows_the_databases_of_each_wave_and_changes_nothing(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST, "ada_ash", "ben_birch", "dee_dogwood")
    planned = fleet.dry_run(clinic.store, Plan(canaries=("dee_dogwood",), wave=Wave.parse("50%"), to="p0003")).databases
    assert [(one.wave, one.provider, one.before, one.target, one.revisions) for one in planned] == [
        (0, "dee_dogwood", FIRST, "p0003", ("p0002", "p0003")),
        (1, "ada_ash", FIRST, "p0003", ("p0002", "p0003")),
        (2, "ben_birch", FIRST, "p0003", ("p0002", "p0003")),
    ]
    assert found_revisions(clinic)["ada_ash"] == FIRST
    assert fleet.runs(clinic.store) == []


def test_some_providers_to_some_revision(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST)
    fleet.upgrade_all(clinic.store, Plan(providers=("ada_ash", "Cy Cedar"), to="p0003"))
    assert found_revisions(clinic) == dict.fromkeys(FLEET_SLUGS, FIRST) | {"ada_ash": "p0003", "cy_cedar": "p0003"}
    states = {each.provider: each.state for each in fleet.overview(clinic.store)}
    assert states == dict.fromkeys(FLEET_SLUGS, RevisionStatus.BEHIND) | {None: RevisionStatus.CURRENT}


def test_what_is_not_known_is_an_error_that_says_what_is(clinic: Clinic) -> None:
    with pytest.raises(UnknownProvider, match="ada_ash"):
        fleet.upgrade_all(clinic.store, Plan(providers=("ada_asj",)))
    with pytest.raises(UsageError, match="p9999"):
        fleet.upgrade_all(clinic.store, Plan(to="p9999"))
    with pytest.raises(UnknownMigrationRun):
        fleet.resume(clinic.store, 7)
    with pytest.raises(UsageError, match="cy_cedar"):
        fleet.upgrade_all(clinic.store, Plan(providers=("ada_ash",), canaries=("cy_cedar",)))
    for wave in ("0", "x", "101%", "-1", ""):
        with pytest.raises(UsageError):
            Wave.parse(wave)


def test_a_missing_database_fails_alone_and_is_resumed_once_it_is_back(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST, "ada_ash")
    gone = clinic.database_name("ben_birch")
    clinic.store.server.drop(gone)
    report = fleet.upgrade_all(clinic.store, Plan())
    (failed,) = report.failures
    assert (failed.provider, failed.error_kind) == ("ben_birch", "database_missing")
    assert found_revisions(clinic)["ada_ash"] == HEAD
    assert recorded(clinic, report.run) == {"ada_ash": ("done", HEAD, 1), "ben_birch": ("failed", None, 0)}
    assert [row.error for row in fleet.run_report(clinic.store, report.run).databases if row.error] == [failed.error]
    revisions.upgrade(new_database(clinic.store.server, gone), SchemaHistory.PROVIDER, "p0003")
    assert [one.provider for one in fleet.resume(clinic.store, report.run).results] == ["ben_birch"]
    assert set(found_revisions(clinic).values()) == {HEAD}
    assert fleet.run_report(clinic.store, report.run).run.state is MigrationState.DONE


def test_a_database_that_was_emptied_is_not_done_but_lost(clinic: Clinic) -> None:
    name = clinic.database_name("ben_birch")
    clinic.store.server.drop(name)
    clinic.store.server.create(name)
    (failed,) = fleet.upgrade_all(clinic.store, Plan()).failures
    assert failed.error_kind == "database_empty"
    assert found_revisions(clinic)["ben_birch"] is None


def test_a_database_that_is_newer_than_the_program_is_left_alone(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST, "ada_ash")
    clinic.execute("UPDATE alembic_version SET version_num = 'p9999'", "ben_birch")
    report = fleet.upgrade_all(clinic.store, Plan())
    (failed,) = report.failures
    assert (failed.provider, failed.error_kind) == ("ben_birch", "newer_than_program")
    assert found_revisions(clinic) == dict.fromkeys(FLEET_SLUGS, HEAD) | {"ben_birch": "p9999"}


def test_a_second_run_is_refused_with_the_holder_of_the_lease(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST)
    with leased(clinic.store.system, "migration run", "migrate up", 30), pytest.raises(LeaseHeld) as refused:
        fleet.upgrade_all(clinic.store, Plan())
    assert (refused.value.name, refused.value.purpose) == ("migration run", "migrate up")
    assert f"process {os.getpid()}" in refused.value.holder
    assert refused.value.since is not None
    assert set(found_revisions(clinic).values()) == {FIRST}
    assert not fleet.upgrade_all(clinic.store, Plan()).failures


def test_a_database_that_another_process_is_at_work_on_is_left_to_it(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST)
    name = f"database {clinic.settings.database_prefix}cy_cedar"
    with leased(clinic.store.system, name, "by hand", 30):
        report = fleet.upgrade_all(clinic.store, Plan())
    assert [one.provider for one in report.failures] == ["cy_cedar"]
    assert found_revisions(clinic) == dict.fromkeys(FLEET_SLUGS, HEAD) | {"cy_cedar": FIRST}


def test_a_lost_lease_stops_a_migration_before_the_next_revision(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST, "ada_ash")
    begun: list[str] = []
    with leased(clinic.store.system, "x", "test", 30) as lease:

        def before(revision: str) -> None:
            begun.append(revision)
            if len(begun) == 3:
                clinic.execute_in_system("UPDATE leases SET token = 'another'")
            lease.require()

        with pytest.raises(LeaseLost):
            revisions.upgrade(
                clinic.database("ada_ash"), SchemaHistory.PROVIDER, listener=RevisionListener(before=before)
            )
    assert begun == ["p0002", "p0003", "p0004"]
    assert revisions.current(clinic.database("ada_ash")) == "p0003"


def test_an_expired_lease_may_be_taken_by_any_process(clinic: Clinic) -> None:
    with leased(clinic.store.system, "x", "first", 30) as first:
        clinic.execute_in_system("UPDATE leases SET expires_at = '2020-01-01 00:00:00.000000'")
        # Another process may have worked meanwhile, so the first holder must not continue.
        clinic.store.system.run(lambda work: work.leases.renew_all(first.token, 30))
        with pytest.raises(LeaseLost):
            first.require()
        with pytest.raises(LeaseLost):
            first.check()
        with leased(clinic.store.system, "x", "second", 30) as second:
            second.require()
            with pytest.raises(LeaseLost):
                first.require()
    assert clinic.system_rows("leases", order="name") == []


def test_a_run_records_the_hash_of_the_statements_shown_before(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST, "ada_ash", "ben_birch")
    behind("p0003", "cy_cedar")
    shown = fleet.migration_scripts(clinic.store).scripts
    assert [(one.before, one.target, len(one.databases)) for one in shown] == [(FIRST, HEAD, 2), ("p0003", HEAD, 1)]
    assert [step.revision for step in shown[1].steps] == revisions.pending(SchemaHistory.PROVIDER, "p0003", HEAD)
    assert any("ADD COLUMN migrating_to" in sql or "ADD migrating_to" in sql for sql in shown[0].steps[0].statements)
    report = fleet.upgrade_all(clinic.store, Plan())
    recorded = {row.database: row.sql_sha256 for row in fleet.run_report(clinic.store, report.run).databases}
    assert recorded == {name: one.sha256 for one in shown for name in one.databases}
    assert fleet.migration_scripts(clinic.store).scripts == ()


def test_a_lease_is_renewed_for_as_long_as_its_holder_is_at_work(clinic: Clinic) -> None:
    def runs_out() -> object:
        (row,) = clinic.system_rows("leases", order="name")
        return row["expires_at"]

    with leased(clinic.store.system, "x", "long work", 3) as lease:
        for _ in range(2):
            before = runs_out()
            assert wait_until(lambda: runs_out() > before)  # noqa: B023  # it is not asked later
        with pytest.raises(LeaseHeld) as held, leased(clinic.store.system, "x", "another", 1):
            pass
        assert held.value.purpose == "long work"
        lease.require()


def test_a_missing_canary_stops_the_run(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST, "ada_ash")
    clinic.store.server.drop(clinic.database_name("ben_birch"))
    report = fleet.upgrade_all(clinic.store, Plan(canaries=("ben_birch",)))
    assert ([one.provider for one in report.failures], report.left, report.stopped) == (
        ["ben_birch"],
        1,
        "a canary failed",
    )
    assert found_revisions(clinic)["ada_ash"] == FIRST


def test_a_run_to_a_revision_that_only_a_newer_program_knows_is_left_to_that(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST, "ada_ash")
    with leased(clinic.store.system, f"database {clinic.settings.database_prefix}ada_ash", "x", 30):
        run = fleet.upgrade_all(clinic.store, Plan()).run
    assert run is not None
    clinic.execute_in_system("UPDATE migration_run_databases SET to_revision = 'p9999'")
    with pytest.raises(UsageError, match="p9999"):
        fleet.resume(clinic.store, run)
    assert found_revisions(clinic)["ada_ash"] == FIRST


def test_a_run_is_resumed_as_carefully_as_it_was_begun(clinic: Clinic, behind: Behind) -> None:
    spoil(clinic, "cy_cedar")
    behind(FIRST, "ada_ash")
    run = fleet.upgrade_all(clinic.store, Plan(canaries=("cy_cedar",))).run
    assert run is not None
    again = fleet.resume(clinic.store, run)
    assert ([one.provider for one in again.results], again.left, again.stopped) == (["cy_cedar"], 1, "a canary failed")
    assert found_revisions(clinic)["ada_ash"] == FIRST


def test_a_wave_with_failures_is_the_last_unless_that_is_allowed(clinic: Clinic, behind: Behind) -> None:
    spoil(clinic, "ada_ash")
    behind(FIRST, "ben_birch", "cy_cedar")
    report = fleet.upgrade_all(clinic.store, Plan(wave=Wave(2)))
    assert (len(report.failures), report.left) == (1, 1)
    assert found_revisions(clinic)["cy_cedar"] == FIRST
    assert fleet.upgrade_all(clinic.store, Plan(wave=Wave(1), max_failures=2)).left == 0
    assert found_revisions(clinic)["cy_cedar"] == HEAD


@pytest.mark.parametrize("stolen", ["migration run", "database "])
def test_a_run_whose_lease_is_lost_ends_before_the_next_step(
    clinic: Clinic, behind: Behind, monkeypatch: pytest.MonkeyPatch, stolen: str
) -> None:
    behind(FIRST, "ada_ash", "ben_birch")
    renew, renewals = LeaseRepository.renew, []

    def lost(self: LeaseRepository, name: str, token: str, seconds: int) -> bool:
        if name.startswith(stolen):
            renewals.append(name)
            if len(renewals) == 2:
                return False
        return renew(self, name, token, seconds)

    holds, looks = LeaseRepository.holds, []

    def not_held(self: LeaseRepository, name: str, token: str) -> bool:
        looks.append(name)
        return len(looks) < 2 and holds(self, name, token)

    if stolen == "migration run":
        monkeypatch.setattr(LeaseRepository, "holds", not_held)
        with pytest.raises(LeaseLost):
            fleet.upgrade_all(clinic.store, Plan())
        assert found_revisions(clinic) == dict.fromkeys(FLEET_SLUGS, HEAD) | {"ben_birch": FIRST}
    else:
        monkeypatch.setattr(LeaseRepository, "renew", lost)
        (failed,) = fleet.upgrade_all(clinic.store, Plan()).failures
        assert (failed.provider, failed.after, failed.error_code) == ("ada_ash", "p0002", "LeaseLost")
        assert found_revisions(clinic)["ada_ash"] == "p0002"
    monkeypatch.undo()
    assert not fleet.upgrade_all(clinic.store, Plan()).failures


def test_two_names_of_one_provider_are_one_database(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST, "ada_ash")
    report = fleet.upgrade_all(clinic.store, Plan(providers=("ada_ash", "Ada Ash")))
    assert [one.provider for one in report.results if one.done] == ["ada_ash"]


def test_too_few_connections_are_refused_before_the_first_migration(clinic: Clinic, behind: Behind) -> None:
    behind(FIRST)
    few = clinic.settings.model_copy(update={"max_connections": 4})
    with Store.open(few) as store, pytest.raises(ConfigurationError) as refused:
        fleet.upgrade_all(store, Plan(workers=2))
    assert refused.value.key == "WEBAUTODASH_MAX_CONNECTIONS"
    assert fleet.runs(clinic.store) == []


def test_a_database_that_another_process_migrates_is_not_left_blocked(clinic: Clinic, behind: Behind) -> None:
    behind("p0004", "ada_ash")

    def before(revision: str) -> None:
        if revision == HEAD:
            with Store.open(clinic.settings) as another:
                register(another, "Ada Ash")

    revisions.upgrade(clinic.database("ada_ash"), SchemaHistory.PROVIDER, listener=RevisionListener(before=before))
    assert clinic.rows("database_identity", "ada_ash")[0]["migrating_to"] is None
    assert fleet.overview(clinic.store, ["ada_ash"])[0].state is RevisionStatus.CURRENT


def test_a_late_migration_does_not_block_a_database_at_head(clinic: Clinic, behind: Behind) -> None:
    behind("p0003", "ada_ash")
    seen: list[tuple[str, object]] = []

    def before(revision: str) -> None:
        if revision == "p0004":
            with Store.open(clinic.settings) as another:
                register(another, "Ada Ash")
        seen.append((revision, clinic.rows("database_identity", "ada_ash")[0]["migrating_to"]))

    revisions.upgrade(clinic.database("ada_ash"), SchemaHistory.PROVIDER, listener=RevisionListener(before=before))
    assert seen == [(revision, None) for revision in revisions.pending(SchemaHistory.PROVIDER, "p0003", HEAD)]
    assert revisions.current(clinic.database("ada_ash")) == HEAD


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_opened_stops_no_other(clinic: Clinic, behind: Behind, tmp_path: Path) -> None:
    behind(FIRST, "ada_ash", "cy_cedar")
    clinic.store.server.close()
    path = tmp_path / "databases" / f"{clinic.settings.database_prefix}ben_birch.db"
    path.rename(tmp_path / "kept")
    path.mkdir()
    damaged = path.with_name(f"{clinic.settings.database_prefix}dee_dogwood.db")
    damaged.write_bytes(b"not a database at all, but long enough to be taken for one" * 20)
    report = fleet.upgrade_all(clinic.store, Plan())
    assert {one.provider for one in report.failures} == {"ben_birch", "dee_dogwood"}
    found = {each.provider: each.revision for each in fleet.overview(clinic.store, ["ada_ash", "cy_cedar"])}
    assert found == {"ada_ash": HEAD, "cy_cedar": HEAD}
