"""The findings of `doctor --isolation`: each in a store in which only that is wrong."""

import json
import sqlite3
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest
from builders import Clinic, a_file, a_patient, fill_two_providers
from sqlalchemy import Column, Table
from test_accounts_of_databases import SERVERS, Guarded, guarded

from webautodash.cli.advice import advice_on
from webautodash.database.products.mysql.grants import ADDING, ROWS, TABLES, exactly
from webautodash.database.products.types import JsonText, UtcDateTime
from webautodash.domain.json_document import to_json
from webautodash.models.base import ProviderBase, SystemBase, append_only_tables
from webautodash.services.doctor import Finding, examine_isolation

__all__ = ["guarded"]  # the fixture

PRN = "Zoë4711Qz"
DATABASES = ("gary_wang", "anna_keller", "system")
TABLE_THAT_IS_TRIED = {"gary_wang": "patients", "anna_keller": "patients", "system": "system_logs"}

# A CHECK restricts these columns to the words of a list, so they hold no PRN; a row needs one of the words.
WORDS = {
    "alerts.kind": "conflict",
    "alert_digests.channel": "mail",
    "alert_digests.state": "pending",
    "ingested_files.state": "rejected",
    "migration_runs.state": "done",
    "migration_run_databases.state": "done",
    "monitors.state": "stopped",
    "providers.date_order": "mdy",
    "providers.status": "registering",
    "system_logs.level": "INFO",
}
# A report identifies a row by its key, and a missing database by its name.
NAMED = {"leases.name", "providers.database_name", "stored_contents.content_sha256"}


def _found(guarded: Guarded, code: str) -> list[Finding]:
    return [one for one in examine_isolation(guarded.settings).findings if one.code == code]


def _reaches(guarded: Guarded) -> list[tuple[str, str]]:
    return [(one.subject, one.message.split("; ")[0]) for one in _found(guarded, "isolation.reaches")]


def _held_by(guarded: Guarded, slug: str) -> str:
    """The account of a database, as a statement names it."""
    host = guarded.made[0].host
    return f"'{guarded.name(slug)}'@'{host}'"


@SERVERS
def test_each_account_is_tried_on_each_database_of_another_to_use_it(guarded: Guarded) -> None:
    """An account that may write but not read is refused a SELECT; only USE shows that it has access."""
    for own, other in permutations(DATABASES, 2):
        on, holder = f"`{exactly(guarded.database(other))}`.*", _held_by(guarded, own)
        guarded.run(f"GRANT INSERT ON {on} TO {holder}")
        assert guarded.by(guarded.name(own), f"SELECT 1 FROM {guarded.database(other)}.patients") == 1142
        assert _reaches(guarded) == [(guarded.name(own), f"to USE {guarded.database(other)} was allowed")], (own, other)
        assert _found(guarded, "isolation.accounts") == []
        guarded.run(f"REVOKE INSERT ON {on} FROM {holder}")
    assert _reaches(guarded) == []
    assert len(_found(guarded, "isolation.accounts")) == 1


@SERVERS
def test_each_account_is_tried_on_each_database_of_another_to_read_it(guarded: Guarded) -> None:
    """One readable table is enough; a server that lets an account read a table lets it USE the database as well."""
    for own, other in permutations(DATABASES, 2):
        on, holder = f"{guarded.database(other)}.{TABLE_THAT_IS_TRIED[other]}", _held_by(guarded, own)
        guarded.run(f"GRANT SELECT ON {on} TO {holder}")
        allowed = [f"to {what} {guarded.database(other)} was allowed" for what in ("read", "USE")]
        assert _reaches(guarded) == [(guarded.name(own), each) for each in allowed], (own, other)
        guarded.run(f"REVOKE SELECT ON {on} FROM {holder}")
    assert _reaches(guarded) == []


@SERVERS
def test_each_right_that_an_account_lacks_is_named(guarded: Guarded) -> None:
    prefix = guarded.administrator.database_prefix
    lacked = [(guarded.name(slug), exactly(guarded.database(slug)), right) for slug in DATABASES for right in ADDING]
    # Without this right the registry cannot be read, and there is no report.
    lacked.remove((guarded.name("system"), exactly(guarded.database("system")), "SELECT"))
    lacked += [(f"{prefix}_migrations", f"{exactly(prefix)}%%", right) for right in (*ROWS, *TABLES)]
    for account, pattern, right in lacked:
        holder = f"'{account}'@'{guarded.made[0].host}'"
        guarded.run(f"REVOKE {right} ON `{pattern}`.* FROM {holder}")
        found = _found(guarded, "isolation.rights_missing")
        assert [(one.subject, one.message) for one in found] == [(account, f"lacks {right} on its database")]
        guarded.run(f"GRANT {right} ON `{pattern}`.* TO {holder}")
    assert _found(guarded, "isolation.rights_missing") == []


@SERVERS
def test_the_fix_grants_all_rights_that_an_account_lacks(guarded: Guarded) -> None:
    holder, pattern = _held_by(guarded, "gary_wang"), exactly(guarded.database("gary_wang"))
    database = guarded.database("gary_wang")
    guarded.run(f"REVOKE INSERT ON `{pattern}`.* FROM {holder}")
    guarded.run(f"REVOKE DELETE ON `{database}`.medications FROM {holder}")
    guarded.run(f"REVOKE UPDATE, DELETE ON `{database}`.patients FROM {holder}")
    found = _found(guarded, "isolation.rights_missing")
    assert [(one.severity, one.message) for one in found] == [
        ("error", "lacks INSERT on its database"),
        ("error", "lacks UPDATE on patients"),
        ("error", "lacks DELETE on patients, medications"),
    ]
    assert {advice_on(one) for one in found} == {"webautodash provider grant gary_wang"}
    guarded.grant("gary_wang")
    assert _found(guarded, "isolation.rights_missing") == []


@SERVERS
def test_no_account_may_change_append_only_tables(guarded: Guarded) -> None:
    account, database = guarded.name("gary_wang"), guarded.database("gary_wang")
    tables = append_only_tables(ProviderBase)
    assert {"conflict_reviews", "session_decisions"} <= set(tables)

    def answers() -> set[int | None]:
        changes = [(f"UPDATE {database}.{one} SET id = id", f"DELETE FROM {database}.{one}") for one in tables]
        return {guarded.by(account, statement) for statements in changes for statement in statements}

    assert answers() == {1142}
    assert guarded.by(account, f"UPDATE {database}.patients SET id = id") is None
    # The rights that an earlier version granted.
    holder = _held_by(guarded, "gary_wang")
    guarded.run(f"GRANT UPDATE, DELETE ON `{exactly(database)}`.* TO {holder}")
    guarded.run(f"GRANT UPDATE ON `{database}`.conflict_reviews TO {holder}")
    found = _found(guarded, "isolation.rights")
    assert [one.message.partition(": ")[2] for one in found] == [
        f"DELETE, UPDATE on `{exactly(database)}`.*",
        f"UPDATE on `{database}`.`conflict_reviews`",
    ]
    assert {advice_on(one) for one in found} == {"webautodash provider grant gary_wang"}
    assert answers() <= {None, 1451}
    for _ in range(2):
        (granted,) = guarded.grant("gary_wang")
        assert granted.append_only == tables
        assert _found(guarded, "isolation.rights") == _found(guarded, "isolation.rights_missing") == []
        assert answers() == {1142}


@pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)
def test_a_provider_whose_prns_cannot_be_read_is_named_and_the_others_are_checked(
    clinic: Clinic, tmp_path: Path
) -> None:
    clinic.ingest(a_file(a_patient("Mark-77")))
    clinic.ingest(a_file(a_patient("Mark-78"), provider="Anna Keller"), "anna_keller")
    # References to the patients keep a server from dropping the table.
    clinic.execute("ALTER TABLE patients RENAME TO elsewhere")
    log = tmp_path / "some.log"
    log.write_text("Mark-77\nMark-78\n")
    report = examine_isolation(clinic.settings, [log])
    (one,) = [one for one in report.findings if one.code == "isolation.not_searched"]
    assert (one.severity, one.subject) == ("error", clinic.database_name())
    assert [one.subject for one in report.findings if one.code == "isolation.log"] == [f"{log} line 2"]


def _text_columns() -> list[Column[object]]:
    columns = [column for table in SystemBase.metadata.sorted_tables for column in table.columns]
    return [column for column in columns if isinstance(column.type, JsonText) or column.type.python_type is str]


def _values(table: Table) -> dict[str, object]:
    """The values of a row with as few columns as the table accepts."""
    values: dict[str, object] = {}
    for column in table.columns:
        if column.primary_key and column.type.python_type is int:
            values[column.name] = 4000
        elif not column.nullable:
            values[column.name] = WORDS.get(str(column), _any(column))
    return values


def _any(column: Column[object]) -> object:
    if isinstance(column.type, JsonText):
        return "{}"
    if isinstance(column.type, UtcDateTime):
        return "2024-01-01 00:00:00.000000"
    return "something" if column.type.python_type is str else 1


def _texts(column: Column[object]) -> list[str]:
    """Values of the column that contain a PRN."""
    if isinstance(column.type, JsonText):
        return [json.dumps({"counts": [1, {"of": [f"({PRN})"]}]}), json.dumps({"counts": {PRN: 1}})]
    return [PRN, f"seen twice: '{PRN}', and so on"]


@pytest.mark.ci
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_prn_is_found_in_every_text_of_every_table_of_the_system_database(clinic: Clinic) -> None:
    """All text columns are tried, also those that should never hold a PRN."""
    fill_two_providers(clinic)
    clinic.ingest(a_file(a_patient(PRN), at="2025-01-01T00:00:00"))
    folder = clinic.store.server.folder
    assert folder is not None
    columns = _text_columns()
    assert len(columns) > 60
    takes_no_prn = set()
    with closing(sqlite3.connect(folder / f"{clinic.store.system.name}.db", isolation_level=None)) as system:
        for column in columns:
            for text in _texts(column):
                values = _values(column.table) | {column.name: text}
                names, places = ", ".join(values), ", ".join("?" * len(values))
                statement = f"INSERT INTO {column.table} ({names}) VALUES ({places})"
                try:
                    number = system.execute(statement, list(values.values())).lastrowid
                except sqlite3.IntegrityError as refused:
                    takes_no_prn.add((str(column), str(refused).split()[0]))
                    continue
                report = examine_isolation(clinic.settings)
                key = values[column.table.primary_key.columns[0].name]
                found = [one for one in report.findings if one.code == "isolation.system_database"]
                assert [(one.subject, column.name in one.message, one.severity) for one in found] == [
                    (f"{column.table} {key}", True, "error")
                ], column
                assert str(column) in NAMED or PRN not in to_json(report)
                system.execute(f"DELETE FROM {column.table} WHERE rowid = ?", (number,))
    assert takes_no_prn == {(column, "CHECK") for column in WORDS}
    (none,) = [one for one in examine_isolation(clinic.settings).findings if one.code == "isolation.system_database"]
    assert none.severity == "ok"
