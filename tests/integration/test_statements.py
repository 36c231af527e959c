"""The number of statements does not depend on the number of patients in a batch; none is too large for the server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest
from builders import CLINICAL_TABLES, Clinic, NewClinic, a_file, a_patient
from local_server import LocalServer, connect
from sqlalchemy import event
from sqlalchemy.engine import Engine

SMALLEST_PACKET = 64 << 10


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str | bytes]]:
    """Every statement as the driver sends it to a server; the ones of SQLAlchemy too, where there is none."""
    statements: list[str | bytes] = []
    execute = pymysql.connections.Connection._execute_command

    def noted(connection: Any, command: int, sql: str | bytes) -> None:
        statements.append(sql)
        execute(connection, command, sql)

    def executed(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    monkeypatch.setattr(pymysql.connections.Connection, "_execute_command", noted)
    event.listen(Engine, "before_cursor_execute", executed)
    yield statements
    event.remove(Engine, "before_cursor_execute", executed)


@pytest.fixture
def packets(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The packets other than statements: the login, the rows of a load."""
    sent: list[bytes] = []
    write = pymysql.connections.Connection.write_packet

    def noted(connection: Any, rows: bytes) -> None:
        sent.append(rows)
        write(connection, rows)

    monkeypatch.setattr(pymysql.connections.Connection, "write_packet", noted)
    return sent


def _patients(number: int, drug: str) -> list[dict[str, object]]:
    return [
        a_patient(
            f"P{n:04}",
            # Of two neighbours each lacks what the other has: nulls must not split a batch.
            medications=[drug, {"medication_name": "Aspirin 81 mg", "sig": "daily"} if n % 2 else {"row_index": n}],
            diagnoses=["Gout (M10.079)", {"acuity": "Chronic"}],
            allergies=["Latex", {"severity": "Mild"}],
            health_concerns=["Smoker", {"status": "active", "odd": n} if n % 3 else {"notes": "x"}],
            **({"odd": n} if n % 2 else {"filter_provider": "x"}),
        )
        for n in range(number)
    ]


@pytest.mark.parametrize("outcome", ["stored", "changed", "set_aside"])
def test_one_patient_and_five_hundred_take_the_same_number_of_statements(
    open_clinic: NewClinic, sent: list[str | bytes], outcome: str
) -> None:
    # The comparison with earlier files, of which small ones are not judged, takes a fixed number more.
    clinic = open_clinic(suspicious=False)
    counts = []
    for provider, number in (("One", 1), ("Five Hundred", 500)):
        folder = provider.lower().replace(" ", "_")
        clinic.ingest(a_file(a_patient("warm up"), provider=provider, medication="other"), folder=folder)
        if outcome != "stored":
            clinic.ingest(a_file(*_patients(number, "Xanax 1 mg"), provider=provider), folder=folder)
        sent.clear()
        emptied = [a_patient(f"P{n:04}") for n in range(number)]
        now = emptied if outcome == "set_aside" else _patients(number, "Metformin 500 mg")
        found = clinic.ingest(a_file(*now, provider=provider, at="2025-01-01T00:00:00"), folder=folder)
        assert getattr(found, outcome) == number
        counts.append(len(sent))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("loads", ["ON", "OFF"])
def test_no_packet_is_larger_than_the_server_takes(
    private_mariadb: LocalServer, sent: list[str | bytes], packets: list[bytes], tmp_path: Path, loads: str
) -> None:
    with connect(private_mariadb.url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SET GLOBAL max_allowed_packet = {SMALLEST_PACKET}, local_infile = {loads}")
    clinic = Clinic(private_mariadb.url, "small_", tmp_path)
    text = "Ä" * 1000
    patients = [a_patient(f"P{n:03}", health_concerns=[f"{n} {text}"], medications=[text]) for n in range(200)]
    huge = a_patient("HUGE", health_concerns=["x" * SMALLEST_PACKET])
    assert clinic.ingest(a_file(*patients)).stored == len(patients)
    assert [clinic.count(table) for table in CLINICAL_TABLES] == [200, 0, 0, 200, 0]
    sizes = [len(sql if isinstance(sql, bytes) else sql.encode()) for sql in sent]
    # One byte of the packet marks it as a statement.
    assert SMALLEST_PACKET // 2 < max(sizes) < SMALLEST_PACKET
    assert any(rows.endswith(b"\n") for rows in packets) == (loads == "ON")
    assert all(len(rows) <= SMALLEST_PACKET for rows in packets)
    refused = clinic.ingest(a_file(a_patient("P000"), huge, at="2025-01-01T00:00:00"))
    assert (str(refused.state), clinic.count("extraction_sessions")) == ("failed", 1)
    assert "health_concerns" in str(refused.reason)
    clinic.store.close()
