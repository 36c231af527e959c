"""What others do with the same files: a commit for each row, as the scripts before, and dlt."""

import json
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from benchmarks.bench import Bench, NotAvailableError
from benchmarks.rows import stored_rows
from benchmarks.runs import process
from benchmarks.stores import Place, place, raw_connection

_CLINICAL = ("medications", "diagnoses", "allergies", "health_concerns")


def row_by_row(source: Place, sample: int) -> Callable[[], float]:
    """One INSERT and one commit for each row of the first patients of a store; the seconds of that."""
    name = source.database_names()[0]
    with raw_connection(source.url, name) as connection:
        tables = {
            table: stored_rows(connection, table)
            for table in ("extraction_sessions", "patients", "patient_extractions", *_CLINICAL)
        }
    extractions = tables["patient_extractions"]
    place_of = {
        table: columns.index("patient_extraction_id") for table, (columns, _) in tables.items() if table in _CLINICAL
    }
    extractions = (extractions[0], extractions[1][:sample])
    patients = {row[extractions[0].index("patient_id")] for row in extractions[1]}
    taken = {row[0] for row in extractions[1]}
    wanted = {
        "extraction_sessions": tables["extraction_sessions"][1],
        "patients": [row for row in tables["patients"][1] if row[0] in patients],
        "patient_extractions": extractions[1],
        **{table: [row for row in tables[table][1] if row[at] in taken] for table, at in place_of.items()},
    }

    def write() -> float:
        with place(source.product, source.url, source.results) as here:
            copy = name.replace(source.prefix, here.prefix, 1)
            here.make([copy])
            with raw_connection(here.url, copy) as connection, connection.cursor() as cursor:
                begin = perf_counter()
                for table, rows in wanted.items():
                    statement = f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(tables[table][0]))})"
                    for row in rows:
                        cursor.execute(statement, row)
                return perf_counter() - begin

    return write


def dlt_missing() -> str:
    """Why dlt cannot be measured, "" where it can."""
    return "" if find_spec("dlt") else "dlt is not installed; it comes with the extra `bench`"


def dlt_load(bench: Bench, source: Place, rounds: Sequence[Sequence[Path]], sample: int) -> Callable[[], float]:
    """dlt's load of the first patients of some files: append of one round, merge where there are two.

    The seconds are those of the last round, from reading the file to the last commit, in a process of its own.
    """
    if missing := dlt_missing():
        raise NotAvailableError(missing)

    def load() -> float:
        with place(source.product, source.url, source.results) as here:
            folder = bench.folder / f"dlt-{here.prefix}"
            task = {
                "url": here.url,
                "database": f"{here.prefix}dlt",
                "folder": str(folder),
                "rounds": [[str(path) for path in paths] for paths in rounds],
                "sample": sample,
            }
            words = [sys.executable, "-m", "benchmarks.dlt_load"]
            finished = process(words, here, stdin=json.dumps(task).encode())
            return float(finished.out.split()[-1])

    return load
