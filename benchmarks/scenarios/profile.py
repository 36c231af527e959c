"""Where the time of the first ingest goes."""

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import process_time

from benchmarks.bench import Bench
from benchmarks.results import Figure, Findings, Table
from benchmarks.runs import ingest
from benchmarks.stopwatch import Spent, wrapped
from benchmarks.stores import MARIADB, Place, raw_connection

# The product's functions by stage, each named where it is looked up. A stage has what no stage inside it has.
STAGES = {
    "order and metadata of the files": ["webautodash.services.ingest.order:Order.of"],
    "provider: registered, database made, opened": [
        "webautodash.services.ingest.process_file:owner_of_file",
        "webautodash.services.store:Store.provider_database",
    ],
    "read, hash, split": ["webautodash.services.ingest.process_file:read_document"],
    "PRNs of the file": ["webautodash.domain.extraction.profiles.stated_prn:prn_value"],
    "decode": ["webautodash.services.ingest.plan:read_patient"],
    "normalise": ["webautodash.domain.extraction.patient.patient_record:complete_rows"],
    "checksum": ["webautodash.domain.extraction.patient.patient_record:checksum"],
    "look-ups": [
        "webautodash.repositories.sessions:SessionRepository.find",
        "webautodash.repositories.patients:PatientRepository.lock",
        "webautodash.repositories.extractions:ExtractionRepository.latest",
        "webautodash.repositories.extractions:ExtractionRepository.demographics",
        "webautodash.repositories.clinical:ClinicalRepository.load",
    ],
    "decide": ["webautodash.services.ingest.store_patients:decide"],
    "words of the statements": ["webautodash.database.products.mysql.writer:InsertText._packets"],
    "clinical rows": ["webautodash.repositories.clinical:ClinicalRepository.add"],
    "other rows": [
        "webautodash.repositories.sessions:SessionRepository.add",
        "webautodash.repositories.sessions:SessionRepository.finish",
        "webautodash.repositories.extractions:ExtractionRepository.add",
        "webautodash.repositories.conflicts:ConflictRepository.add",
        "webautodash.repositories.patients:PatientRepository.update_values",
    ],
    "commit": ["sqlalchemy.orm.session:Session.commit"],
    "the system database's view": ["webautodash.services.ingest.file_log:FileLog.flush"],
}
WAITING = ["pymysql.connections:Connection._read_bytes", "pymysql.connections:Connection._write_bytes"]


def run(bench: Bench) -> Findings:
    """Seconds by stage: elapsed, the client's processor, waiting for the server."""
    plan = bench.sizes.plan
    paths = bench.first_round(plan)
    stages: dict[str, list[Spent]] = {name: [] for name in STAGES}
    cpu: list[float] = []
    server: list[float] = []

    def one() -> float:
        with bench.place(MARIADB, plan) as here, wrapped(STAGES, WAITING) as watch:
            mine, its = process_time(), _server_seconds(here)
            seconds = ingest(here, paths, registered=True)
            cpu.append(process_time() - mine)
            server.append(_server_seconds(here) - its)
        for name, spent in stages.items():
            spent.append(watch.stages.get(name, Spent()))
        return seconds

    elapsed = bench.interleaved({"profile": one})["profile"]
    total = median(elapsed)
    rows = [_row(name, spent, total) for name, spent in stages.items()]
    return Findings(
        f"Profile of the first ingest, one worker, {plan.patients:,} patients, MariaDB",
        [
            "The functions are timed from outside. A thread prepares the next batch while the server is at work on the "
            "one before, so the stages together take longer than the whole. What is neither processor nor waiting is "
            "the interpreter's lock, or the processor given to others.",
        ],
        [
            Figure("whole ingest, with the clocks", "s", elapsed),
            Figure("client's processor", "CPU s", cpu),
            Figure("server's processor", "CPU s", server),
        ],
        [Table("Stages", ["stage", "elapsed s", "client's CPU s", "waited for the server s", "of the whole"], rows)],
    )


def _row(name: str, spent: Sequence[Spent], total: float) -> Sequence[str]:
    seconds = [median(getattr(one, field) for one in spent) for field in ("wall", "cpu", "waited")]
    return [name, *(f"{one:.2f}" for one in seconds), f"{seconds[0] / total:.0%}"]


def _server_seconds(here: Place) -> float:
    """The processor time of the server so far, by the kernel's account."""
    with raw_connection(here.url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@datadir, @@pid_file")
        (datadir, pid_file) = cursor.fetchone() or ("", "")
    pid = int((Path(datadir) / pid_file).read_text())
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
