"""dlt's load of extraction files, a process of its own: it keeps state and handlers for the process that imports it.

Reads its task as JSON from stdin, prints the seconds of the last round.
"""

import json
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.stores import raw_connection


def main() -> None:
    """Append one round, or merge the rounds one after the other."""
    task = json.load(sys.stdin)
    folder = Path(task["folder"])
    folder.mkdir()
    os.chdir(folder)
    # Nothing is told to anybody, and nothing is kept outside the folder.
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder), "RUNTIME__LOG_LEVEL": "CRITICAL"}
    dlt: Any = import_module("dlt")
    destination = import_module("dlt.destinations").sqlalchemy
    with raw_connection(task["url"]) as connection, connection.cursor() as cursor:
        # Made here, with the one that a merge stages in: dlt's own would have the server's default, which is latin1.
        for database in (task["database"], f"{task['database']}_staging"):
            cursor.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
    pipeline = dlt.pipeline(
        pipeline_name="benchmark",
        pipelines_dir=str(folder / "pipelines"),
        destination=destination(credentials=task["url"] + task["database"]),
        dataset_name=task["database"],
    )
    disposition = "append" if len(task["rounds"]) == 1 else "merge"
    seconds = 0.0
    for paths in task["rounds"]:
        resource = dlt.resource(
            _patients(paths, task["sample"]), name="patients", primary_key="prn", write_disposition=disposition
        )
        begin = perf_counter()
        pipeline.run(resource).raise_on_failed_jobs()
        seconds = perf_counter() - begin
    with raw_connection(task["url"], task["database"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM patients")
        row = cursor.fetchone()
        if row is None or row[0] != task["sample"]:
            raise SystemExit(f"dlt stored {row} patients, not {task['sample']}")
    sys.stdout.write(f"{seconds}\n")


def _patients(paths: list[str], sample: int) -> Iterator[list[dict[str, Any]]]:
    left = sample
    for path in paths:
        patients = json.loads(Path(path).read_bytes())["extraction_results"]
        batch = [patient | {"prn": patient["demographics_printable"]["prn"]} for patient in islice(patients, left)]
        left -= len(batch)
        if batch:
            yield batch


if __name__ == "__main__":
    main()
