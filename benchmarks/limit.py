"""The limit: the very rows that an ingest stored, loaded by the database's own fastest means.

Into the same tables with the same keys and checks, made by the same migrations. What is loaded lies ready beforehand;
the seconds are those of the statements alone, over one connection, one after the other, committed.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter

from benchmarks.bench import Bench
from benchmarks.rows import TABLES, count, stored_rows
from benchmarks.runs import WrongOutcomeError
from benchmarks.stores import SQLITE, Place, place, raw_connection

Load = Callable[[], float]


def limit_of(bench: Bench, source: Place) -> tuple[Load, int]:
    """Loads all that a store holds into new databases, checks that they are equal; and the number of rows."""
    return (_sqlite if source.product == SQLITE else _mariadb)(bench, source)


def _mariadb(bench: Bench, source: Place) -> tuple[Load, int]:
    folder = bench.folder / f"limit-{source.prefix}"
    folder.mkdir()
    names = source.database_names()
    texts: dict[str, dict[str, Path]] = {}
    total = 0
    for name in names:
        with raw_connection(source.url, name) as connection, connection.cursor() as cursor:
            full = [table for table in TABLES if count(connection, table)]
            total += sum(count(connection, table) for table in full)
            texts[name] = {table: folder / f"{name}.{table}" for table in full}
            for table, text in texts[name].items():
                # The server's own words for its rows: nothing is lost on the way, and nothing has to be computed.
                cursor.execute(f"SELECT * FROM {table} ORDER BY id INTO OUTFILE %s CHARACTER SET utf8mb4", str(text))

    def load() -> float:
        seconds = 0.0
        with place(source.product, source.url, source.results) as here:
            copies = {name: name.replace(source.prefix, here.prefix, 1) for name in names}
            here.make(list(copies.values()))
            for name, copy in copies.items():
                with raw_connection(here.url, copy) as connection, connection.cursor() as cursor:
                    begin = perf_counter()
                    for table, text in texts[name].items():
                        statement = f"LOAD DATA LOCAL INFILE %s INTO TABLE {table} CHARACTER SET utf8mb4"
                        cursor.execute(statement, str(text))
                    seconds += perf_counter() - begin
                    for table in texts[name]:
                        cursor.execute(f"CHECKSUM TABLE {name}.{table}, {copy}.{table}")
                        sums = {row[1] for row in cursor.fetchall()}
                        if len(sums) != 1 or count(connection, table) != count(connection, f"{name}.{table}"):
                            raise WrongOutcomeError(f"the limit's {table} is not what the ingest stored")
        return seconds

    return load, total


def _sqlite(_: Bench, source: Place) -> tuple[Load, int]:
    names = source.database_names()
    rows = {}
    for name in names:
        with closing(sqlite3.connect(source.files / f"{name}.db")) as connection:
            rows[name] = {table: found for table in TABLES if (found := stored_rows(connection, table))[1]}

    def load() -> float:
        seconds = 0.0
        with place(source.product, f"sqlite:///{source.files.parent}", source.results) as here:
            here.make(names)
            for name in names:
                with closing(sqlite3.connect(here.files / f"{name}.db", isolation_level=None)) as connection:
                    connection.execute("PRAGMA synchronous=FULL")
                    connection.execute("PRAGMA foreign_keys=ON")
                    begin = perf_counter()
                    connection.execute("BEGIN IMMEDIATE")
                    for table, (columns, values) in rows[name].items():
                        places = ", ".join("?" * len(columns))
                        connection.executemany(f"INSERT INTO {table} VALUES ({places})", values)
                    connection.execute("COMMIT")
                    seconds += perf_counter() - begin
                    for table, expected in rows[name].items():
                        if stored_rows(connection, table) != expected:
                            raise WrongOutcomeError(f"the limit's {table} is not what the ingest stored")
        return seconds

    return load, sum(len(values) for tables in rows.values() for _, values in tables.values())
