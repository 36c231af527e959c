"""Verification finds each changed byte and names the row."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from builders import CLINICAL_TABLES, FULL_ITEMS, Clinic, a_file, a_patient
from generated_patients import PATIENTS
from hypothesis import HealthCheck, given, settings, strategies as st
from servers import BACKENDS
from sqlalchemy import text

from webautodash.domain.json_document import to_json
from webautodash.models import ProviderBase
from webautodash.repositories.verification import VerificationRepository
from webautodash.services.verify import RowFault, Verification, verify

SCRAPED = {"row_index": 1, "extraction_method": "table", "extracted_at": "2024-02-04T09:01:02", "route": "by mouth"}
FULL: dict[str, Any] = {name: [item | SCRAPED] for name, item in FULL_ITEMS.items()}
FULL["lab_results"] = [{"label": "LDL", "value": "5.4", "unit": "mg/dl", "date": "05/06/2007", **SCRAPED}]
PERSON = {"first_name": "Test", "last_name": "Person", "phone": "555 0100"}
PERSON |= {"email": "test@example.org", "address": "1 Long Street"}

NUMBER = "the number of the row itself"
WRITTEN = "when the row was written: stored nowhere else"
FILE = "metadata of the file: nothing in the database is derived from it"
OWNER = "the provider of the database: doctor compares it with the registry"
FOUND_BY = "no row is read by it"
NOT_COVERED: Mapping[str, Mapping[str, str]] = {
    **{table: {"id": NUMBER} for table in (*CLINICAL_TABLES, "patient_extractions")},
    "patients": {
        "id": NUMBER,
        **dict.fromkeys(("created_at", "updated_at"), WRITTEN),
        **dict.fromkeys(("name_key", "last_name_key"), "derived from the name for searches; the name is covered"),
    },
    "extraction_sessions": {
        "id": NUMBER,
        "content_sha256": "the bytes are not kept; that it is a SHA-256 is checked",
        "created_at": WRITTEN,
        **dict.fromkeys(("job_id", "job_name", "portal_name", "extraction_mode", "provider_name"), FILE),
        **dict.fromkeys(("provider_directory", "target_url", "patient_identifier", "results_filename"), FILE),
        **dict.fromkeys(("profile", "profile_sha256"), "by which profile the file was read: stored nowhere else"),
        "list_counts": "how many lists of the file are empty: stored nowhere else",
        "path": "where the file was: stored nowhere else",
        "extra": f"{FILE}, but for criteria that fit no column",
    },
    "database_identity": {
        "id": "there is one row",
        **dict.fromkeys(("slug", "name", "date_order"), OWNER),
        **dict.fromkeys(("folder", "aliases", "migrating_to", "migrating_since"), FOUND_BY),
        "created_at": WRITTEN,
    },
}
"""Columns in which a change is not detected, each with the reason; any other column must be covered."""


@pytest.fixture
def stored(clinic: Clinic) -> Clinic:
    """Two patients with all fields, one of whom is extracted again unchanged."""
    one = a_patient("A1", **FULL, demographics=PERSON, room="7")
    two = a_patient("B7", name="Other Person", medications=["Aspirin 81 MG"])
    clinic.ingest(a_file(one, two))
    clinic.ingest(a_file(one, at="2024-03-04T09:00:00"))
    return clinic


def wrong(clinic: Clinic) -> set[tuple[str | None, int | None]]:
    found = verify(clinic.store)
    assert found.problems == ()
    return {(row.table, row.id) for row in found.providers[0].wrong}


def duplicate(clinic: Clinic) -> int:
    """The number of the duplicate; some servers leave gaps."""
    return int(clinic.rows("patient_extractions")[2]["id"])


def write(clinic: Clinic, statement: str, **values: object) -> None:
    """Change rows without the program."""
    database = clinic.database()
    with database.engine.connect() as connection:
        off = "PRAGMA foreign_keys = OFF" if connection.dialect.name == "sqlite" else "SET foreign_key_checks = 0"
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql(off)
        connection.exec_driver_sql("BEGIN")
        connection.execute(text(statement), values)
        connection.exec_driver_sql("COMMIT")
        connection.invalidate()


def changed(value: Any) -> Any:
    """Change one byte: replace the last letter or digit by the next one."""
    match value:
        case None:
            return "x"
        case int():
            return value + 1
        case date():
            return value + timedelta(days=1)
    place = max(place for place, character in enumerate(value) if character.isalnum() and character not in "9zf")
    return value[:place] + chr(ord(value[place]) + 1) + value[place + 1 :]


def test_every_table_with_content_of_files_is_verified() -> None:
    assert set(ProviderBase.metadata.tables) - set(NOT_COVERED) == {
        "conflict_reviews",
        "data_conflicts",
        "pending_events",
        "session_decisions",
        "set_aside_patients",
    }
    for table, reasons in NOT_COVERED.items():
        assert set(reasons) <= set(ProviderBase.metadata.tables[table].c.keys())


def columns(table: str) -> list[str]:
    """Every column in which verification must detect a change."""
    return [column.name for column in ProviderBase.metadata.tables[table].c if column.name not in NOT_COVERED[table]]


@contextmanager
def altered(clinic: Clinic, table: str, number: int, **values: object) -> Iterator[None]:
    """Change columns of a row, and change them back."""
    [before] = [row for row in clinic.rows(table) if row["id"] == number]
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    for these in (values, {name: before[name] for name in values}):
        write(clinic, f"UPDATE {table} SET {assignments} WHERE id = :number", number=number, **these)
        if these is values:
            yield


@pytest.mark.parametrize(
    ("table", "place"),
    [
        *((table, 0) for table in CLINICAL_TABLES),
        pytest.param("patient_extractions", 0, id="original"),
        pytest.param("patient_extractions", 2, id="duplicate"),
        ("patients", 0),
        ("extraction_sessions", 0),
    ],
)
def test_a_changed_byte_is_found_in_every_column_and_its_row_is_named(stored: Clinic, table: str, place: int) -> None:
    row = stored.rows(table)[place]
    if not table.startswith("patient"):
        assert [name for name in columns(table) if row[name] is None] == []
    # The next session has this patient already.
    other_values = {"extraction_session_id": 99, "processing_status": "processed" if place else "duplicate"}
    extractions = {("patient_extractions", 1), ("patient_extractions", 2)}
    other_rows = {
        ("patients", "prn"): {("patients", 1), ("patient_extractions", 1), ("patient_extractions", duplicate(stored))},
        ("extraction_sessions", "extracted_at"): extractions,
    } | {(table, "patient_extraction_id"): {("patient_extractions", 1)} for table in CLINICAL_TABLES}
    for name in columns(table):
        if name == "duplicate_of_id" and row[name] is None:
            continue
        value = other_values.get(name, changed(row[name])) if table == "patient_extractions" else changed(row[name])
        with altered(stored, table, row["id"], **{name: value}):
            assert other_rows.get((table, name), {(table, row["id"])}) <= wrong(stored), name
    assert wrong(stored) == set()


@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
def test_what_the_checksum_or_a_collation_ignores_is_another_value(stored: Clinic) -> None:
    for column, value in (
        ("medication_name", "Lisinopril 10 MG Oral Tablet"),
        ("sig", "once  daily"),
        ("sig", "once daily "),
        ("sig", "ónce daily"),
        ("extra", '{"route":  "by mouth"}'),
    ):
        with altered(stored, "medications", 1, **{column: value}):
            assert ("medications", 1) in wrong(stored), value
    for value in ("person", "Person ", "Pérson"):
        with altered(stored, "patients", 1, last_name=value):
            assert wrong(stored) == {("patients", 1)}, value
    assert wrong(stored) == set()


@pytest.mark.parametrize("kept", ["", "00", "0" * 8 + ":::::" + "0" * 8])
def test_row_checks_that_cannot_be_read_are_reported(stored: Clinic, kept: str) -> None:
    write(stored, "UPDATE patient_extractions SET row_checks = :kept WHERE id = 1", kept=kept)
    found = verify(stored.store).providers[0].wrong
    assert [(row.table, row.id, row.wrong) for row in found] == [("patient_extractions", 1, RowFault.UNREADABLE)]


def test_an_extraction_from_before_row_checks_is_compared_by_its_clinical_checksum_and_counted(stored: Clinic) -> None:
    write(stored, "UPDATE patient_extractions SET row_checks = NULL WHERE id = 1")
    assert (wrong(stored), verify(stored.store).providers[0].unchecked) == (set(), 1)
    write(stored, "UPDATE medications SET sig = 'ONCE DAILY' WHERE id = 1")
    assert wrong(stored) == set()
    write(stored, "UPDATE medications SET sig = 'twice daily' WHERE id = 1")
    # Rows of the repeated extraction are not its own.
    assert wrong(stored) == {("patient_extractions", 1)}


def changed_criteria(clinic: Clinic, changes: str) -> list[tuple[str | None, int | None, RowFault]]:
    write(clinic, f"UPDATE extraction_sessions SET {changes}")
    return [(row.table, row.id, row.wrong) for row in verify(clinic.store).providers[0].wrong]


def test_other_criteria_than_a_session_was_stored_with_are_named_at_the_session(stored: Clinic) -> None:
    second = stored.rows("extraction_sessions")[1]["id"]
    both = [("extraction_sessions", 1, RowFault.SESSION), ("extraction_sessions", second, RowFault.SESSION)]
    assert changed_criteria(stored, "target_medication = 'Other', start_date = '1999-01-01', end_date = NULL") == both
    assert changed_criteria(stored, "target_medication = 'LISINOPRIL ', start_date = '2020-01-01'") == both
    # Case and white space are ignored, as in a file.
    assert changed_criteria(stored, "end_date = '2024-12-31'") == []


@pytest.mark.parametrize(
    ("criteria", "changes"),
    [
        ({"medication": None, "start": None, "end": None}, "target_medication = 'x'"),
        ({"medication": "x" * 300, "start": "soon", "end": 2024}, "extra = NULL"),
        ({"medication": 0}, "target_medication = '1'"),
        ({"medication": True}, "target_medication = 'False'"),
        ({"medication": {"b": 1, "a": 2}}, "target_medication = 'x'"),
    ],
)
def test_criteria_that_are_missing_or_fit_no_column_are_compared_too(
    clinic: Clinic, criteria: dict[str, Any], changes: str
) -> None:
    clinic.ingest(a_file(a_patient("A1"), **criteria))
    assert wrong(clinic) == set()
    assert changed_criteria(clinic, changes) == [("extraction_sessions", 1, RowFault.SESSION)]


def test_new_patients_are_counted_also_where_one_was_stored_later(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("A1"), a_patient("A2"), a_patient("A1", medications=["X 1 mg"])))
    clinic.ingest(a_file(a_patient("A2"), a_patient("A3"), at="2023-03-04T09:00:00"))
    assert [row["patients_new"] for row in clinic.rows("extraction_sessions")] == [2, 1]
    assert wrong(clinic) == set()


def test_another_identity_ends_the_verification(stored: Clinic) -> None:
    row = stored.rows("database_identity")[0]
    assert columns("database_identity") == ["identity"]
    write(stored, "UPDATE database_identity SET identity = :value", value=changed(row["identity"]))
    stored.store.close()
    assert [one.slug for one in verify(stored.store).problems] == ["gary_wang"]


def test_a_deleted_or_added_row_is_found(stored: Clinic) -> None:
    for table in CLINICAL_TABLES:
        names = ", ".join(name for name in stored.rows(table)[0] if name != "id")
        write(stored, f"INSERT INTO {table} ({names}) SELECT {names} FROM {table} WHERE patient_extraction_id = 1")
        new = max(row["id"] for row in stored.rows(table))
        assert wrong(stored) == {(table, new), ("patient_extractions", 1), ("extraction_sessions", 1)}
        write(stored, f"DELETE FROM {table} WHERE id = :id", id=new)
        assert wrong(stored) == set()
    for table in CLINICAL_TABLES:
        write(stored, f"DELETE FROM {table} WHERE patient_extraction_id = 1")
        assert wrong(stored) == {("patient_extractions", 1), ("extraction_sessions", 1)}


def test_a_row_of_another_extraction_or_of_none_is_found(stored: Clinic) -> None:
    for table in CLINICAL_TABLES:
        row = (table, 1)
        with altered(stored, *row, patient_extraction_id=2):
            assert wrong(stored) == {row, ("patient_extractions", 1), ("patient_extractions", 2)}
        for owner in (duplicate(stored), 99):
            with altered(stored, *row, patient_extraction_id=owner):
                assert {row, ("patient_extractions", 1)} <= wrong(stored), owner


def test_a_duplicate_of_another_extraction_of_itself_or_of_none_is_found(stored: Clinic) -> None:
    own = duplicate(stored)
    for original in (2, own, 99):
        with altered(stored, "patient_extractions", own, duplicate_of_id=original):
            assert ("patient_extractions", own) in wrong(stored), original


def test_lost_extractions_set_aside_patients_and_conflicts_leave_counts_that_are_wrong(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("A1", medications=["X 1 mg"]), a_patient("A2"), a_patient(None)))
    clinic.ingest(a_file(a_patient("A1", medications=["Y 1 mg"]), a_patient("A2"), at="2024-03-04T09:00:00"))
    assert wrong(clinic) == set()
    for statement, session in [
        ("DELETE FROM patient_extractions WHERE id = 4", 2),
        ("DELETE FROM set_aside_patients", 1),
        ("DELETE FROM data_conflicts WHERE conflict_type = 'medication_conflict'", 2),
    ]:
        before = wrong(clinic)
        write(clinic, statement)
        assert ("extraction_sessions", session) in wrong(clinic)
        assert before < wrong(clinic) or ("extraction_sessions", session) in before
    names = ("total_patients_found", "successful_extractions", "patients_stored", "patients_changed")
    for name in (*names, "patients_duplicate", "failed_extractions", "conflicts_detected", *CLINICAL_TABLES):
        before = clinic.rows("extraction_sessions")[0][name]
        write(clinic, f"UPDATE extraction_sessions SET {name} = {name} + 1 WHERE id = 1")
        found = [row for row in verify(clinic.store).providers[0].wrong if row.table == "extraction_sessions"]
        assert any(str(before + 1) in row.message for row in found), name
        write(clinic, f"UPDATE extraction_sessions SET {name} = :before WHERE id = 1", before=before)


def test_no_value_is_reported(stored: Clinic) -> None:
    for table in CLINICAL_TABLES:
        write(stored, f"UPDATE {table} SET extra = 'no JSON at all', extraction_method = 'x'")
    write(stored, "UPDATE patient_extractions SET patient_name = 'Mallory', date_of_birth_text = '01/01/1901'")
    write(stored, "UPDATE patients SET prn = 'SECRET', phone = '555 0199' WHERE id = 1")
    report = to_json(verify(stored.store))
    values = ["Mallory", "01/01/1901", "1901", "SECRET", "555", "no JSON", "Test", "Person", "A1", "lisinopril"]
    assert [value for value in values if value in report] == []
    assert {row["message"] for row in stored.system_rows("system_logs") if row["component"] == "verify"} == {
        "3 extractions, 6 rows: 24 differences"
    }


def test_a_provider_whose_database_cannot_be_read_does_not_stop_the_others(stored: Clinic) -> None:
    stored.ingest(a_file(a_patient("B1"), provider="John Doe"), "john_doe")
    write(stored, "UPDATE patient_extractions SET gender = 'x' WHERE id = 1")
    stored.store.server.drop(stored.settings.database_prefix + "john_doe")
    found = verify(stored.store)
    assert [(one.slug, one.differences) for one in found.providers] == [("gary_wang", 2)]
    assert [one.slug for one in found.problems] == ["john_doe"]


def test_wrong_rows_that_are_not_named_are_counted(stored: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webautodash.services.verify.verify_providers.MOST_NAMED", 1)
    write(stored, "UPDATE patient_extractions SET data_checksum = :none", none="0" * 64)
    one = verify(stored.store).providers[0]
    assert (one.differences, len(one.wrong)) == (5, 1)


@pytest.mark.parametrize(
    ("table", "number", "rows"),
    [
        ("patients", 1, {("patient_extractions", 1), ("data_conflicts", 1)}),
        ("extraction_sessions", 2, {("patients", 1), ("data_conflicts", 1)}),
    ],
)
def test_rows_whose_reference_does_not_exist_are_named(
    stored: Clinic, table: str, number: int, rows: set[tuple[str, int]]
) -> None:
    write(stored, f"DELETE FROM {table} WHERE id = :id", id=number)
    assert rows | {("patient_extractions", duplicate(stored))} <= wrong(stored)


@pytest.mark.parametrize("size", [1, 2])
def test_no_row_is_left_out_between_two_ranges(stored: Clinic, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webautodash.repositories.verification.ORIGINALS", size)
    monkeypatch.setattr("webautodash.repositories.verification.DUPLICATES", size)
    others = [a_patient(f"C{number}", **FULL) for number in range(5)]
    for month in range(4, 7):
        stored.ingest(a_file(*others, at=f"2024-{month:02}-04T09:00:00"))
    assert wrong(stored) == set()
    one = verify(stored.store).providers[0]
    assert (one.extractions, one.rows) == (18, 31)
    numbers = [row["id"] for row in stored.rows("patient_extractions")]
    for number in numbers[::4]:
        write(stored, "UPDATE patient_extractions SET gender = 'x' WHERE id = :id", id=number)
        assert ("patient_extractions", number) in wrong(stored)
        write(stored, "UPDATE patient_extractions SET gender = 'Female' WHERE id = :id", id=number)


def test_ranges_are_cut_where_their_rows_are_large(stored: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webautodash.repositories.verification.BATCH_BYTES", 10_000)
    patients = [a_patient(f"D{number}", medications=["x" * 6_000]) for number in range(4)]
    stored.ingest(a_file(*patients, at="2024-05-04T09:00:00"))
    assert wrong(stored) == set()
    database = stored.database()
    with database.session() as session:
        ranges = [[one.prn for one in each.originals] for each in VerificationRepository(session).ranges()]
    assert ranges == [["A1", "B7", "D0"], ["D1"], ["D2"], ["D3"], []]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_value_in_an_sqlite_file_that_its_column_cannot_hold_is_named(stored: Clinic) -> None:
    for table, column, value in (
        ("medications", "sig", "CAST(X'6FFF' AS TEXT)"),
        ("medications", "row_index", "'x'"),
        ("medications", "start_date", "'1988-1x-20'"),
        ("medications", "extra", "'{'"),
        ("medications", "extra", "'[1]'"),
        ("medications", "medication_name", "X'00FF'"),
        ("patient_extractions", "date_of_birth", "'soon'"),
        ("extraction_sessions", "end_date", "'soon'"),
        ("extraction_sessions", "extra", "'{'"),
        ("patient_extractions", "patient_name", "CAST(X'6FFF' AS TEXT)"),
    ):
        before = stored.rows(table)[0][column]
        write(stored, f"UPDATE {table} SET {column} = {value} WHERE id = 1")
        found = verify(stored.store)
        assert found.problems == ()
        named = [row for row in found.providers[0].wrong if (row.table, row.wrong) == (table, RowFault.UNREADABLE)]
        assert [(row.id, row.message.split()[0]) for row in named] == [(1, column)], value
        write(stored, f"UPDATE {table} SET {column} = :before WHERE id = 1", before=before)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_index_of_an_sqlite_file_that_differs_from_its_table_is_found(stored: Clinic) -> None:
    stored.store.close()
    assert stored.store.server.folder is not None
    path = stored.store.server.folder / f"{stored.settings.database_prefix}gary_wang.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_data_conflicts_patient_id'"
        (page,) = connection.execute(root).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    content = bytearray(path.read_bytes())
    content[page * size - 1] += 1  # the entry that was made first ends the page
    path.write_bytes(content)
    assert (None, None) in wrong(stored)


@pytest.mark.ci
@given(st.lists(PATIENTS, min_size=20, max_size=20), st.randoms())
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
def test_stored_rows_give_the_checksum_of_what_was_read(
    clinic: Clinic, patients: list[dict[str, Any]], random: Any
) -> None:
    """Each round changes, repeats and adds patients of the round before."""
    for number, patient in enumerate(patients):
        patient["demographics_printable"]["prn"] = f"P{number + random.randint(0, 1) * len(patients)}"
    day = len(clinic.rows("extraction_sessions")) + 1 if clinic.store.providers() else 1
    outcome = clinic.ingest(a_file(*patients, at=f"2024-01-{day:02}T00:00:00"))
    assert outcome.found == len(patients)
    found: Verification = verify(clinic.store)
    assert (found.problems, found.providers[0].wrong) == ((), ())
    assert found.providers[0].extractions == clinic.count("patient_extractions")
