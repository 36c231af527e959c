"""Figures for Prometheus: their values, and the cost of a scrape."""

import os
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from unittest.mock import patch

import pytest
from builders import Clinic, a_file, a_patient
from prometheus_client.parser import text_string_to_metric_families
from servers import BACKENDS

from webautodash.config import Settings
from webautodash.domain.alerts import AlertKind, Cause, cause_key
from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import ConflictStatus, Level, Severity
from webautodash.errors import DatabaseError, WebAutoDashError
from webautodash.repositories.ingested_files import FileRepository
from webautodash.repositories.monitors import MonitorRepository
from webautodash.repositories.providers import ProviderRepository
from webautodash.services import alerts
from webautodash.services.alerts import raise_alerts
from webautodash.services.ingest import ingest_paths
from webautodash.services.metrics import StoreCollector
from webautodash.services.registry import register
from webautodash.services.review import conflicts
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter

PROVIDERS = ("gary_wang", "john_doe")
SECRETS = ("Zebulon", "Quirke", "4711", "1951", "Obscurimab")


class Scrape:
    """The figures of one scrape, by the names and labels of its samples."""

    def __init__(self, settings: Settings) -> None:
        with closing(StoreCollector(settings)) as collector:
            self.text = collector.text().decode()
        families = list(text_string_to_metric_families(self.text))
        self.documented = all(family.documentation for family in families)
        self._samples = {
            (sample.name.removeprefix("webautodash_"), tuple(sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        return self._samples[name, tuple(sorted(labels.items()))]

    def names(self) -> set[str]:
        return {name for name, _ in self._samples}


def _fill(clinic: Clinic) -> None:
    secret = a_patient("PRN-4711", name="Zebulon Quirke", born="02/03/1951", medications=["Obscurimab 5 mg"])
    changed = secret | {"all_medications": [{"medication_name": "Obscurimab 10 mg"}]}
    clinic.ingest(a_file(secret, a_patient("B"), a_patient(None, name="Zebulon Quirke")), name="a.json")
    clinic.ingest(a_file(changed, a_patient("B"), at="2024-03-04T09:00:00"), name="b.json")
    clinic.ingest(a_file(a_patient("C"), provider="John Doe", at="2024-05-06T07:08:09"), "john_doe", "c.json")
    clinic.ingest(b'{"extraction_metadata": {}, "extraction_results": ["Zebulon" "Quirke"', name="broken.json")


@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
def test_every_figure_is_that_of_the_rows(clinic: Clinic) -> None:
    _fill(clinic)
    SystemLogWriter(clinic.store.system).record(Level.CRITICAL, "ingest", "odd", "one")
    found = Scrape(clinic.settings)
    assert found.documented
    assert found("up") == 1
    assert [found("providers", status=one) for one in ("registering", "active", "inactive")] == [0, 2, 0]
    states = ("seen", "waiting", "ingested", "partial", "rejected", "held")
    assert [found("files", state=one) for one in states] == [0, 0, 2, 1, 1, 0]
    outcomes = ("stored", "changed", "duplicates", "set_aside")
    assert [found("patients", provider="gary_wang", outcome=one) for one in outcomes] == [2, 1, 1, 1]
    assert [found("patients", provider="john_doe", outcome=one) for one in outcomes] == [1, 0, 0, 0]
    assert [found("conflicts", provider=one) for one in PROVIDERS] == [1, 0]
    waiting = [[found("open_conflicts", provider=one, severity=word) for word in Severity] for one in PROVIDERS]
    assert waiting == [[0, 1, 0, 0], [0, 0, 0, 0]]
    assert found("last_extraction_timestamp_seconds", provider="john_doe") == 1714979289
    assert found("file_attempts") == 4
    assert found("oldest_waiting_seconds") == 0
    assert found("log_entries", level="CRITICAL") == 1
    assert found("log_entries", level="ERROR") == 1
    assert found("log_entries", level="DEBUG") == 0
    assert [word for word in SECRETS if word in found.text] == []


def _open(clinic: Clinic) -> list[float]:
    found = Scrape(clinic.settings)
    return [found("open_conflicts", provider="gary_wang", severity=severity) for severity in Severity]


def test_a_conflict_is_open_until_its_review_is_done_and_again_after_it_is_reopened(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("A", medications=["Aspirin 81 mg"])))
    clinic.ingest(a_file(a_patient("A", born="03/20/1999", medications=["Xanax"]), at="2024-03-04T09:00:00"))
    assert _open(clinic) == [0, 1, 0, 1]
    (critical, _) = conflicts.search(clinic.store, "gary_wang").items
    for status, waiting in (
        (ConflictStatus.REVIEWING, [0, 1, 0, 1]),
        (ConflictStatus.RESOLVED, [0, 1, 0, 0]),
        (ConflictStatus.UNRESOLVED, [0, 1, 0, 1]),
    ):
        conflicts.resolve(clinic.store, "gary_wang", critical.id, status, by="Dr. W", why="seen")
        assert _open(clinic) == waiting


def test_a_review_is_kept_if_its_count_cannot_be_and_the_next_pass_corrects_the_count(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("A")), name="a.json")
    clinic.ingest(a_file(a_patient("A", born="03/20/1999"), at="2024-03-04T09:00:00"), name="b.json")
    (critical,) = conflicts.search(clinic.store, "gary_wang").items
    with patch.object(ProviderRepository, "set_totals", side_effect=DatabaseError("d", "1", "no")):
        conflicts.resolve(clinic.store, "gary_wang", critical.id, ConflictStatus.RESOLVED, by="Dr. W", why="seen")
    assert conflicts.show(clinic.store, "gary_wang", critical.id).conflict.status is ConflictStatus.RESOLVED
    assert _open(clinic) == [0, 0, 0, 1]
    _ingest_known(clinic)
    assert _open(clinic) == [0, 0, 0, 0]


def test_conflicts_that_are_not_counted_yet_have_no_figure_until_the_next_pass(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("A")), name="a.json")
    clinic.ingest(a_file(a_patient("A", born="03/20/1999"), at="2024-03-04T09:00:00"), name="b.json")
    # As the revision that adds the columns leaves them.
    clinic.execute_in_system("UPDATE providers SET open_low = NULL, open_critical = NULL")
    assert "open_conflicts" not in Scrape(clinic.settings).names()
    _ingest_known(clinic)
    assert _open(clinic) == [0, 0, 0, 1]


def _ingest_known(clinic: Clinic) -> None:
    """Ingest twice; the second pass opens no file."""
    for path in clinic.results.glob("*/*.json"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    ingest_paths(clinic.store)
    assert {file.state for file in ingest_paths(clinic.store).files} == {"already_ingested"}


def test_alerts_are_counted_until_they_are_delivered(open_clinic: Callable[..., Clinic]) -> None:
    webhook = {"alert_webhook_url": "http://127.0.0.1:9/", "alert_webhook_secret": "hush"}
    clinic = open_clinic(**webhook, alert_attempts=2, alert_interval=0, alert_retry_seconds=0)
    causes = [Cause(cause_key(AlertKind.HELD, number), AlertKind.HELD, "held") for number in range(3)]
    clinic.store.system.run(lambda work: raise_alerts(work, clinic.settings, causes, utc_now()))
    words = [(channel, state) for channel in ("log", "webhook", "mail") for state in ("pending", "failed")]
    counted = []
    for _ in range(3):
        found = Scrape(clinic.settings)
        counted.append([found("alerts", channel=channel, state=state) for channel, state in words])
        alerts.deliver_due(clinic.store)
    assert counted == [[3, 0, 3, 0, 0, 0], [0, 0, 3, 0, 0, 0], [0, 0, 0, 3, 0, 0]]


def test_a_session_counts_once_if_its_bytes_have_several_names(clinic: Clinic) -> None:
    content = a_file(a_patient("A"), a_patient("B"))
    clinic.ingest(content, name="a.json")
    clinic.ingest(content, name="copy.json")
    found = Scrape(clinic.settings)
    assert found("files", state="ingested") == 2
    assert found("patients", provider="gary_wang", outcome="stored") == 2
    assert found("file_duration_seconds_count") == 1


def test_files_that_were_committed_have_a_duration(clinic: Clinic) -> None:
    began = time.monotonic()
    outcome = clinic.ingest(a_file(a_patient("A")), name="a.json")
    assert outcome.duration_ms is not None
    assert 0 < outcome.duration_ms <= 1000 * (time.monotonic() - began)
    assert clinic.ingest(b"{]", name="broken.json").duration_ms is None
    kept = {row["path"]: row["duration_ms"] for row in clinic.system_rows("ingested_files")}
    assert kept == {"gary_wang/a.json": outcome.duration_ms, "gary_wang/broken.json": None}
    # Read again, with another time of change, nothing is committed; what is known of the first time stays.
    (clinic.results / "gary_wang" / "a.json").touch()
    assert ingest_paths(clinic.store, rehash=True).files[0].duration_ms is None
    assert {row["path"]: row["duration_ms"] for row in clinic.system_rows("ingested_files")} == kept


def test_durations_are_counted_up_to_each_bound(clinic: Clinic) -> None:
    for number, milliseconds in enumerate((100, 101, 59_000, 7_200_000)):
        clinic.ingest(a_file(a_patient("A"), at=f"2024-01-0{number + 1}T00:00:00"), name=f"{number}.json")
        statement = "UPDATE ingested_files SET duration_ms = :ms WHERE path = :path"
        clinic.execute_in_system(statement, ms=milliseconds, path=f"gary_wang/{number}.json")
    found = Scrape(clinic.settings)
    bounds = ("0.1", "0.25", "30.0", "60.0", "1800.0", "+Inf")
    assert [found("file_duration_seconds_bucket", le=one) for one in bounds] == [1, 2, 2, 3, 3, 4]
    assert found("file_duration_seconds_sum") == pytest.approx(7259.201)
    assert found("file_duration_seconds_count") == 4


def test_the_oldest_file_that_waits_has_its_age(clinic: Clinic) -> None:
    now = utc_now()
    with clinic.store.system.session() as session:
        files = FileRepository(session)
        files.record_found({"gary_wang/old.json": "x"}, {}, now - timedelta(hours=2))
        files.record_found({"gary_wang/new.json": "x"}, {}, now)
        session.commit()
    assert Scrape(clinic.settings)("oldest_waiting_seconds") == pytest.approx(7200, abs=60)


def test_monitors_are_counted_by_their_state_and_running_ones_have_the_age_of_their_heartbeat(clinic: Clinic) -> None:
    with clinic.store.system.session() as session:
        monitors = MonitorRepository(session)
        # The same process number again, as in containers: the later row counts.
        for _ in range(2):
            monitors.add("h", 1, "ann", "1", 10_000)
        session.commit()
    found = Scrape(clinic.settings)
    assert [found("monitors", state=one) for one in ("running", "stopped", "lost")] == [2, 0, 0]
    assert 0 <= found("monitor_heartbeat_age_seconds", host="h", pid="1") < 60


def test_an_empty_store_has_its_figures(clinic: Clinic) -> None:
    found = Scrape(clinic.settings)
    assert (found("up"), found("file_attempts"), found("file_duration_seconds_count")) == (1, 0, 0)
    assert "webautodash_patients{" not in found.text


def test_a_scrape_costs_the_same_for_any_number_of_providers_and_opens_none_of_their_databases(
    clinic: Clinic, statements: list[str]
) -> None:
    Scrape(clinic.settings)
    statements.clear()
    Scrape(clinic.settings)
    alone = len(statements)
    for number in range(5):
        register(clinic.store, f"Provider Number {number}")
    for number in range(5):
        # A scrape that opened one would fail.
        clinic.store.server.drop(f"{clinic.settings.database_prefix}provider_number_{number}")
    statements.clear()
    found = Scrape(clinic.settings)
    assert found("providers", status="active") == 5
    assert len(statements) == alone


def test_a_database_that_cannot_be_read_is_up_0_and_nothing_else(clinic: Clinic) -> None:
    errors: list[WebAutoDashError | None] = []
    clinic.store.server.drop(clinic.store.system.name)
    collector = StoreCollector(clinic.settings, errors.append)
    for _ in range(2):
        lines = [line for line in collector.text().decode().splitlines() if not line.startswith("#")]
        assert lines == ["webautodash_up 0.0"]
    assert [error and error.kind for error in errors] == ["not_set_up", "not_set_up"]


def test_a_collector_keeps_its_connection_and_opens_another_once_the_database_was_replaced(clinic: Clinic) -> None:
    errors: list[WebAutoDashError | None] = []
    with (
        closing(StoreCollector(clinic.settings, errors.append)) as collector,
        patch.object(Store, "open", side_effect=Store.open) as opened,
    ):
        for _ in range(3):
            assert b"webautodash_up 1.0" in collector.text()
        assert opened.call_count == 1
        clinic.store.server.drop(clinic.store.system.name)
        assert b"webautodash_up 0.0" in collector.text()
        Store.prepare(clinic.settings).close()
        assert b"webautodash_up 1.0" in collector.text()
    assert [error and error.kind for error in errors] == [None, None, None, "not_set_up", None]
