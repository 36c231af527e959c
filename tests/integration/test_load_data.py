"""Rows sent with LOAD DATA pass the same checks as an INSERT, and no file of this machine is ever sent."""

from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
from builders import CLINICAL_TABLES, Clinic, a_file, a_patient
from local_server import LocalServer, connect
from servers import drop_databases
from sqlalchemy import Connection

from webautodash.database.products.mysql import limits, writer

TABLES = ("patient_extractions", *CLINICAL_TABLES)
SIG = "one tablet in the morning"
FILE = a_file(
    *(
        a_patient(
            f"P{n}",
            medications=[{"medication_name": f"Drug {n}", "sig": SIG}],
            diagnoses=["NULL", "\\N"],
            allergies=[{"allergen": "Latex"}],
            health_concerns=["a 'quoted',\ncut\tone"],
        )
        for n in range(3)
    )
)


USUAL = ("local_infile = ON", "general_log = OFF", "log_output = 'FILE'", "max_error_count = 64")


@pytest.fixture
def here(module_mariadb: LocalServer, database_prefix: str, tmp_path: Path) -> Iterator[Clinic]:
    """A store on a private MariaDB, whose variables the test may change."""
    clinic = Clinic(module_mariadb.url, database_prefix, tmp_path)
    yield clinic
    for setting in USUAL:
        _run(clinic, f"SET GLOBAL {setting}")
    _run(clinic, "TRUNCATE mysql.general_log")
    clinic.close()
    drop_databases(module_mariadb.url, database_prefix)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first word of each statement with rows of extractions."""
    words: list[str] = []
    execute = pymysql.connections.Connection._execute_command

    def noted(connection: object, command: int, sql: str | bytes) -> None:
        text = sql.decode() if isinstance(sql, bytes) else sql
        if any(f"INTO TABLE {table} " in text or f"INTO {table} " in text for table in TABLES):
            words.append(text.split()[0])
        execute(connection, command, sql)

    monkeypatch.setattr(pymysql.connections.Connection, "_execute_command", noted)
    return words


def _run(clinic: Clinic, statement: str) -> tuple[tuple[object, ...], ...]:
    url = clinic.settings.database_url
    assert url is not None
    with connect(url.get_secret_value()) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchall())


def _clinical(clinic: Clinic) -> dict[str, list[dict[str, object]]]:
    return {table: clinic.rows(table) for table in CLINICAL_TABLES}


def test_a_load_and_an_insert_store_the_same_rows(here: Clinic, sent: list[str]) -> None:
    here.ingest(FILE)
    loaded = _clinical(here)
    assert set(sent) == {"LOAD"}
    assert [row["sig"] for row in loaded["medications"]] == [SIG] * 3
    assert [row["diagnosis_text"] for row in loaded["diagnoses"]] == ["NULL", "\\N"] * 3
    sent.clear()
    _run(here, "SET GLOBAL local_infile = OFF")
    another = Clinic(
        here.settings.database_url.get_secret_value(), f"{here.settings.database_prefix}o_", here.results.parent
    )
    assert another.ingest(FILE).stored == 3
    assert set(sent) == {"INSERT"}
    assert _clinical(another) == loaded
    another.store.close()


@pytest.mark.parametrize("loads", [True, False], ids=["load", "insert"])
def test_the_log_of_statements_of_a_server_holds_clinical_rows_only_of_inserts(here: Clinic, loads: bool) -> None:
    here.ingest(a_file(a_patient("P0")))
    for setting in (f"local_infile = {int(loads)}", "log_output = 'TABLE'", "general_log = ON"):
        _run(here, f"SET GLOBAL {setting}")
    here.store.close()
    assert here.ingest(a_file(a_patient("PrnMark", name="NameMark", medications=["DrugMark"]))).stored == 1
    logged = repr(_run(here, "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log"))
    # PRNs and the values compared with a patient's row are in statements; clinical rows only in INSERT statements.
    assert ("PrnMark" in logged, "NameMark" in logged, "DrugMark" in logged) == (True, True, not loads)


def test_loads_that_are_switched_off_during_an_ingest_become_inserts(
    here: Clinic, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked_before(connection: Connection) -> limits.Limits:
        return limits.limits_of(connection)._replace(takes_loads=limits.loading_of(connection).allowed)

    here.ingest(a_file(a_patient("P0")))
    sent.clear()
    monkeypatch.setattr(writer, "limits_of", asked_before)
    _run(here, "SET GLOBAL local_infile = OFF")
    assert here.ingest(a_file(a_patient("P1", medications=["A"]), a_patient("P2", medications=["B"]))).stored == 2
    assert sent == ["LOAD", "INSERT", "INSERT"]
    assert here.count("medications") == 2
    sent.clear()
    here.ingest(a_file(a_patient("P3", medications=["Drug 7"]), medication="other"))
    assert sent == ["INSERT", "INSERT"]  # once is enough


@pytest.mark.parametrize("warnings_kept", [0, 64], ids=["server that keeps no warnings", "usual server"])
def test_a_value_that_a_load_would_cut_is_refused_as_by_an_insert(here: Clinic, warnings_kept: int) -> None:
    here.ingest(a_file(a_patient("P9")))
    _run(here, f"SET GLOBAL max_error_count = {warnings_kept}")
    here.store.close()
    _run(here, f"ALTER TABLE {here.database_name()}.medications MODIFY sig VARCHAR(3)")
    outcome = here.ingest(FILE)
    assert (str(outcome.state), here.count("extraction_sessions"), here.count("medications")) == ("failed", 1, 0)
    assert "1406" in str(outcome.reason)
    assert "tablet" not in str(outcome.reason)


def test_a_row_that_a_load_would_leave_out_is_refused_as_by_an_insert(here: Clinic) -> None:
    here.ingest(a_file(a_patient("P9")))
    _run(here, f"ALTER TABLE {here.database_name()}.diagnoses ADD UNIQUE (diagnosis_text(10))")
    outcome = here.ingest(FILE)
    assert (str(outcome.state), here.count("extraction_sessions"), here.count("diagnoses")) == ("failed", 1, 0)
    assert "1062" in str(outcome.reason)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interrupted_load_stores_nothing(
    here: Clinic, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    here.ingest(a_file(a_patient("P9")))
    packets = writer.InsertText._packets

    def cut_short(self: writer.InsertText, *arguments: object) -> Iterator[bytes]:
        yield next(packets(self, *arguments))  # type: ignore[arg-type]
        raise stop

    with monkeypatch.context() as patch:
        patch.setattr(writer, "_LOAD_PACKET", 1)
        patch.setattr(writer.InsertText, "_packets", cut_short)
        path = here.drop(FILE)
        with pytest.raises(stop):
            here.ingest(FILE)
    assert (here.count("extraction_sessions"), here.count("medications")) == (1, 0)
    path.unlink()
    assert here.ingest(FILE, name="again.json").stored == 3


def test_a_server_that_asks_for_a_file_gets_none(here: Clinic, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("1\n")
    here.ingest(a_file(a_patient("P9")))
    engine = here.database().engine
    with engine.connect() as connection:
        with pytest.raises(RuntimeError, match="local_infile"):
            connection.exec_driver_sql(f"LOAD DATA LOCAL INFILE '{secret}' INTO TABLE database_identity (id)")
        connection.invalidate()
    assert here.count("patients") == 1
