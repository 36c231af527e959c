"""The content of a store: two stores with the same files are equal, whatever happened while they were ingested."""

from collections import Counter
from typing import Any

from builders import plain_database
from sqlalchemy import inspect

from webautodash.config import Settings
from webautodash.database import Database, Server

Row = dict[str, Any]

# These differ between runs over the same files: numbers that a database gives, times, counted attempts.
_OF_THE_RUN = {
    *("id", "identity", "created_at", "updated_at", "detected_at", "first_seen_at", "attempts", "mtime_ns"),
    *("session_id", "look", "unfinished_look", "duration_ms", "cause_key", "last_session_id", "claimed_at"),
}
_LOGS = {"system_logs", "monitors", "leases", "alert_deliveries", "alert_digests"}


def contents(settings: Settings) -> dict[str, dict[str, list[Row]]]:
    """By database (its name without the prefix) and table, the rows in an order that depends on their content only."""
    with Server(settings) as server:
        return {
            name.removeprefix(settings.database_prefix): _tables(plain_database(server, name), settings.database_prefix)
            for name in server.names(settings.database_prefix)
        }


def rows(settings: Settings, database: str, table: str) -> list[Row]:
    """All rows of one table, unchanged; the database by its name without the prefix."""
    with Server(settings) as server:
        return _rows(plain_database(server, settings.database_prefix + database), table)


def everything(settings: Settings, database: str) -> dict[str, list[Row]]:
    """The rows of a database, by table; the database by its name without the prefix."""
    with Server(settings) as server:
        found = plain_database(server, settings.database_prefix + database)
        return {name: _rows(found, name) for name in inspect(found.engine).get_table_names()}


def drop(settings: Settings) -> None:
    """Drop all databases of a store."""
    with Server(settings) as server:
        for name in server.names(settings.database_prefix):
            server.drop(name)


def identities(settings: Settings) -> dict[str, tuple[str, str]]:
    """By slug, the identity in the registry and that in the provider's own database, which must be equal."""
    with Server(settings) as server:
        registry = _rows(plain_database(server, settings.system_database_name), "providers")
        own = {
            row["slug"]: _rows(plain_database(server, row["database_name"]), "database_identity") for row in registry
        }
        return {row["slug"]: (row["identity"], own[row["slug"]][0]["identity"]) for row in registry}


def _tables(database: Database, prefix: str) -> dict[str, list[Row]]:
    names = [name for name in inspect(database.engine).get_table_names() if name not in _LOGS]
    tables = {name: [row for row in _rows(database, name) if not _of_a_process(name, row)] for name in names}
    references = _references(tables)
    return {
        table: sorted((_comparable(row, references, prefix) for row in rows), key=repr)
        for table, rows in tables.items()
    }


def _of_a_process(table: str, row: Row) -> bool:
    """An alert about a monitor, not about a file."""
    return table == "alerts" and row["kind"] == "silent"


def _references(tables: dict[str, list[Row]]) -> dict[str, dict[int, object]]:
    """By column, what each number in it refers to, by its content."""
    sessions = {row["id"]: row["content_sha256"] for row in tables.get("extraction_sessions", [])}
    patients = {row["id"]: row["prn"] for row in tables.get("patients", [])}
    extractions = {
        row["id"]: (sessions[row["extraction_session_id"]], row["prn"]) for row in tables.get("patient_extractions", [])
    }
    alerts = {row["id"]: (row["kind"], row["provider"], row["message"]) for row in tables.get("alerts", [])}
    return {
        "alert_id": alerts,
        "extraction_session_id": sessions,
        "extraction_session_id_1": sessions,
        "extraction_session_id_2": sessions,
        "patient_id": patients,
        "patient_extraction_id": extractions,
        "duplicate_of_id": extractions,
        "provider_id": {row["id"]: row["slug"] for row in tables.get("providers", [])},
    }


def _comparable(row: Row, references: dict[str, dict[int, object]], prefix: str) -> Row:
    """A row without what differs between runs."""
    values = {
        column: references[column][value] if column in references and value is not None else value
        for column, value in row.items()
        if column not in _OF_THE_RUN
    }
    if values.get("database_name") is not None:
        values["database_name"] = values["database_name"].removeprefix(prefix)
    if "cause_key" in row:  # the details of an alert are numbers of conflicts, which differ between runs
        del values["details"]
    return values


def _rows(database: Database, table: str) -> list[Row]:
    with database.engine.connect() as connection:
        return [dict(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table}").mappings()]


def differences(found: dict[str, dict[str, list[Row]]], expected: dict[str, dict[str, list[Row]]]) -> list[str]:
    """The rows that a store has too many or too few, one line each; empty when the two are equal."""
    lines = []
    for database in sorted({*found, *expected}):
        here, there = found.get(database, {}), expected.get(database, {})
        for table in sorted({*here, *there}):
            ours, theirs = ([repr(row) for row in each.get(table, [])] for each in (here, there))
            lines += [f"+ {database}.{table}: {row}" for row in (Counter(ours) - Counter(theirs)).elements()]
            lines += [f"- {database}.{table}: {row}" for row in (Counter(theirs) - Counter(ours)).elements()]
    return lines
