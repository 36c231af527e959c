"""After kill -9 at any moment of an adoption, the next run has the result of an undisturbed one."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, a_file
from jobs import adopt
from legacy_database import TABLES, Legacy, LegacyDatabase
from legacy_files import a_person, two_sweeps
from local_server import connect, wait_until
from processes import Failed, Steps, kill_after, kill_at, kill_when, moments, together

OURS = (*TABLES[:-1], "conflict_reviews", "database_identity")
# Columns that differ between runs: times, and the random identity.
OTHERS = dict.fromkeys(("id", "cause_key", "provider", "database_name", "created_at"))
OF_THE_RUN = {"created_at", "updated_at", "detected_at", "identity"}


def _filled(legacy: Legacy, name: str) -> LegacyDatabase:
    """A database with conflicts, reviews, mixed PRNs, patients without a session, and damage."""
    database = legacy(name)
    sweeps = two_sweeps(people=3)
    first, second = database.take(sweeps[0]), database.take(sweeps[1], killed_before_rows_of="GW0001")
    database.take(a_file(a_person(7, prn="gw0002"), at="2024-07-01T09:00:00"))
    database.add("patients", prn="LONELY", patient_name="Nobody")
    conflict = {"patient_id": 1, "prn": "GW0000", "conflict_type": "data_changed"}
    between = {"extraction_session_id_1": first, "extraction_session_id_2": second}
    reviewed = {"status": "resolved", "reviewed_by": "Ann", "reviewed_at": "2024-06-01 10:00:00"}
    database.add("data_conflicts", **conflict, **between, **reviewed)
    database.add("data_conflicts", **conflict, **between)
    return database


def _contents(database: LegacyDatabase) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [
            {
                name: _without_name(value, database.name)
                for name, value in row.items()
                if name not in OF_THE_RUN | {"content_sha256"}
            }
            for row in database.rows(table)
        ]
        for table in OURS
    }


def _assert_equal(database: LegacyDatabase, whole: LegacyDatabase) -> None:
    found, expected = _contents(database), _contents(whole)
    assert [len(found.pop("database_identity")), len(expected.pop("database_identity"))] == [1, 1]
    assert found == expected


def _without_name(value: object, name: str) -> object:
    return value.replace(name, "DATABASE") if isinstance(value, str) else value


def _aside(database: LegacyDatabase) -> dict[str, list[dict[str, Any]]]:
    return {table: database.rows(f"legacy_{table}") for table in TABLES}


def _moments_to_kill_at(all_moments: list[str], backend: str) -> list[int]:
    """The moments to kill at: all that may leave a different state, and a few within the migrations."""
    words = [moment.split(": ")[1].split(maxsplit=1)[0] for moment in all_moments]
    made = [n for n, word in enumerate(words) if word in {"CREATE", "ALTER", "DROP"}]
    ours = [n for n, word in enumerate(words) if word in {"COMMIT", "INSERT", "RENAME"}]
    # A renewed lease changes nothing of the adoption.
    ours = [n for n in ours if words[n - 1] != "UPDATE" or "_system: " not in all_moments[n]]
    every = {"mariadb": 1, "mysql": 3}[backend]
    renamed = words.index("RENAME")
    return sorted({*made[::8], *ours[::every], renamed, renamed + 1, len(words) - 1})


@pytest.mark.ci
@pytest.mark.timeout(600)
def test_an_adoption_killed_at_any_moment_is_finished_by_the_next(
    clinic: Clinic, legacy: Legacy, tmp_path: Path, backend: str, steps: Steps
) -> None:
    whole = _filled(legacy, "whole")
    before = {table: whole.rows(table) for table in TABLES}
    all_moments = moments(adopt, clinic.settings, whole.name, "Doctor Whole", folder=tmp_path)
    expected, aside = _contents(whole), _aside(whole)
    assert aside == before
    numbers, killed = steps(_moments_to_kill_at(all_moments, backend)), 0
    for number in numbers:
        database = _filled(legacy, f"at_{number}")
        name = f"Doctor {number}"
        killed += kill_at(number, adopt, clinic.settings, database.name, name, folder=tmp_path)
        # As if it had expired.
        clinic.execute_in_system("DELETE FROM leases")
        adopt(clinic.settings, database.name, name)
        found = _contents(database)
        for row in found["database_identity"]:
            assert (row["name"], row["slug"]) == (name, f"doctor_{number}")
            row |= {"name": "Doctor Whole", "slug": "doctor_whole"}
        assert found == expected, all_moments[number]
        assert [len(rows) for rows in _aside(database).values()] == [len(rows) for rows in aside.values()]
        [provider] = [each for each in clinic.store.providers() if each.database_name == database.name]
        assert (provider.status, provider.total_patients) == ("active", 5)
        alerts = [row for row in clinic.system_rows("alerts") if row["database_name"] == database.name]
        assert [(row["kind"], row["severity"]) for row in alerts] == [("conflict", "critical")]
        assert database.rows("pending_events") == []
        database.run(f"DROP DATABASE `{database.name}`")
    # Whether a lease is renewed in between shifts the last moments.
    assert len(numbers) - killed <= 5


@pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
def test_conflicts_of_an_adoption_that_was_killed_raise_an_alert(
    clinic: Clinic, legacy: Legacy, tmp_path: Path
) -> None:
    whole, database = _filled(legacy, "whole"), _filled(legacy, "again")
    all_moments = moments(adopt, clinic.settings, whole.name, "Whole", folder=tmp_path)
    expected = [{**row, **OTHERS} for row in clinic.system_rows("alerts")]
    assert [(row["kind"], row["severity"]) for row in expected] == [("conflict", "critical")]
    written = max(number for number, moment in enumerate(all_moments) if "INSERT INTO pending_events" in moment)
    claimed = next(n for n, moment in enumerate(all_moments) if n > written and moment.endswith("COMMIT"))
    assert kill_at(claimed + 1, adopt, clinic.settings, database.name, "Again", folder=tmp_path)
    assert len(database.rows("pending_events")) == 1
    assert len(clinic.system_rows("alerts")) == 1
    clinic.execute_in_system("DELETE FROM leases")
    adopt(clinic.settings, database.name, "Again")
    assert [{**row, **OTHERS} for row in clinic.system_rows("alerts")] == expected * 2
    assert database.rows("pending_events") == []


@pytest.mark.slow
def test_an_adoption_that_is_killed_repeatedly_is_finished(clinic: Clinic, legacy: Legacy, tmp_path: Path) -> None:
    whole, database, killed = _filled(legacy, "whole"), _filled(legacy, "again"), 0
    adopt(clinic.settings, whole.name, "Whole")
    while kill_after(0.3 + 0.05 * killed, adopt, clinic.settings, database.name, "Again", folder=tmp_path):
        clinic.execute_in_system("DELETE FROM leases")
        killed += 1
    _assert_equal(database, whole)


def test_an_adoption_waits_for_statements_of_a_killed_one(clinic: Clinic, legacy: Legacy, tmp_path: Path) -> None:
    whole, database = _filled(legacy, "whole"), _filled(legacy, "again")
    adopt(clinic.settings, whole.name, "Whole")
    with connect(database.url) as reader, reader.cursor() as cursor, ThreadPoolExecutor() as beside:

        def at_work(words: str) -> bool:
            cursor.execute("SELECT info FROM information_schema.processlist WHERE info LIKE %s", [f"{words}%"])
            return cursor.rowcount > 0

        # Tables are not renamed while a transaction reads them.
        cursor.execute("BEGIN")
        cursor.execute(f"SELECT COUNT(*) FROM `{database.name}`.patients")
        kill_when(lambda: at_work("RENAME TABLE"), adopt, clinic.settings, database.name, "Again", folder=tmp_path)
        assert at_work("RENAME TABLE")
        clinic.execute_in_system("DELETE FROM leases")
        second = beside.submit(adopt, clinic.settings, database.name, "Again")
        assert wait_until(lambda: second.done() or at_work("SELECT GET_LOCK"), 20)
        reader.rollback()
        second.result()
    _assert_equal(database, whole)


def test_of_concurrent_adoptions_one_waits_or_finds_it_done(clinic: Clinic, legacy: Legacy, tmp_path: Path) -> None:
    whole, database = _filled(legacy, "whole"), _filled(legacy, "together")
    adopt(clinic.settings, whole.name, "Whole")
    # A second process is refused while the first one adopts.
    with suppress(Failed):
        together(adopt, *[(clinic.settings, database.name, "Together")] * 3, folder=tmp_path)
    _assert_equal(database, whole)
