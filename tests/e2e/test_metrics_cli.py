"""`webautodash metrics` as Prometheus and its node_exporter use it."""

import signal
import socket
import stat
import subprocess
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import pytest
from builders import a_file, a_patient
from local_server import wait_until
from prometheus_client.parser import text_string_to_metric_families
from shell import Shell

UP_0 = "webautodash_up 0.0"
_get = build_opener(ProxyHandler({})).open  # directly, without a proxy that the environment may name


def _samples(text: str) -> dict[str, float]:
    """The sum over each metric's samples; not even one line may be wrong."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0) + sample.value
    return sums


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


SIGNALS = pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])


def _ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    """Send a signal; the exit status and stderr."""
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


def _body(address: str) -> str:
    with _get(address, timeout=60) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return str(answer.read().decode())


def test_metrics_are_printed_to_stdout(filled: Shell) -> None:
    done = filled("metrics")
    assert (done.status, done.err) == (0, "")
    found = _samples(done.out)
    assert (found["webautodash_up"], found["webautodash_files"], found["webautodash_patients"]) == (1, 2, 5)


def test_a_server_out_of_reach_is_up_0_and_has_its_status(shell: Shell) -> None:
    done = shell("metrics", WEBAUTODASH_DB_HOST="127.0.0.1", WEBAUTODASH_DB_PORT="1")
    assert (done.status, done.out.splitlines()[-1], len(done.err.splitlines())) == (3, UP_0, 1)


def test_metrics_do_not_create_a_store(shell: Shell) -> None:
    done = shell("metrics")
    assert (done.status, done.out.splitlines()[-1]) == (2, UP_0)
    assert "webautodash setup" in done.err
    assert [path.name for path in shell.folder.iterdir()] == ["Results"]


def test_the_metrics_file_is_replaced_atomically_and_readable_by_all(filled: Shell, tmp_path: Path) -> None:
    file = tmp_path / "webautodash.prom"
    file.write_text("before")
    file.chmod(0o600)
    before = file.open()
    done = filled("metrics", "--file", str(file))
    assert (done.status, done.out, done.err) == (0, "", "")
    assert _samples(file.read_text())["webautodash_up"] == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    # The file is replaced, not overwritten: a reader of the earlier one reads it to its end.
    assert before.read() == "before"
    before.close()
    assert list(tmp_path.iterdir()) == [file]


def test_a_metrics_file_that_cannot_be_written_is_reported_and_leaves_nothing(filled: Shell, tmp_path: Path) -> None:
    (tmp_path / "folder.prom").mkdir()
    for name, reason in (("nowhere/x.prom", "No such file or directory"), ("folder.prom", "Is a directory")):
        done = filled("metrics", "--file", str(tmp_path / name))
        assert (done.status, f"{tmp_path / name}: {reason}" in done.err) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.prom"]


@SIGNALS
def test_the_file_is_written_again_until_a_signal(shell: Shell, number: signal.Signals, status: int) -> None:
    shell("ingest")
    file = shell.folder / "x.prom"
    with shell.started("metrics", "--file", str(file), "--every", "1") as process:
        assert wait_until(file.exists)
        assert _samples(file.read_text())["webautodash_files"] == 0
        shell.drop(a_file(a_patient("P1")))
        shell("ingest")
        assert wait_until(lambda: _samples(file.read_text())["webautodash_files"] == 1)
        assert _ended(process, number) == (status, "" if status == 0 else "interrupted\n")
    assert [path.name for path in shell.folder.glob("*x.prom*")] == ["x.prom"]


@SIGNALS
def test_the_endpoint_answers_each_scrape_afresh_until_a_signal(
    shell: Shell, number: signal.Signals, status: int
) -> None:
    shell("ingest")
    with shell.started("metrics", "--serve", "--port", "0") as process:
        address = _address(process)
        assert _samples(_body(address))["webautodash_files"] == 0
        shell.drop(a_file(a_patient("P1")))
        shell("ingest")
        assert _samples(_body(address))["webautodash_files"] == 1
        with pytest.raises(HTTPError, match="404"):
            _get(address.replace("/metrics", "/"), timeout=60)
        assert _ended(process, number) == (status, "" if status == 0 else "interrupted\n")


def test_the_endpoint_listens_on_the_loopback_address_by_default(filled: Shell) -> None:
    with filled.started("metrics", "--serve", "--port", "0") as process:
        parts = urlsplit(_address(process))
        assert parts.hostname == "127.0.0.1"
        # Another address of this machine, in place of a connection from another machine.
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", parts.port or 0), timeout=5)
    with filled.started("metrics", "--serve", "--port", "0", "--host", "0.0.0.0") as process:  # noqa: S104
        port = urlsplit(_address(process)).port
        assert _samples(_body(f"http://127.0.0.2:{port}/metrics"))["webautodash_up"] == 1


def test_a_silent_client_delays_no_other_and_up_is_0_without_a_database(shell: Shell) -> None:
    nowhere = {"WEBAUTODASH_DB_HOST": "127.0.0.1", "WEBAUTODASH_DB_PORT": "1"}
    with shell.started("metrics", "--serve", "--port", "0", **nowhere) as process:
        address = _address(process)
        with socket.create_connection(("127.0.0.1", urlsplit(address).port or 0)) as silent:
            silent.send(b"GET ")
            for _ in range(3):
                assert [line for line in _body(address).splitlines() if not line.startswith("#")] == [UP_0]
        status, err = _ended(process, signal.SIGTERM)
    # Reported once, not at each scrape.
    [line] = err.splitlines()
    assert (status, "127.0.0.1:1" in line) == (0, True)


def test_a_port_in_use_is_reported(filled: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = filled("metrics", "--serve", "--port", port)
    assert (done.status, port in done.err, "Address already in use" in done.err) == (2, True, True)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--serve", "--file", "x"], "--serve"),
        (["--every", "5"], "--every needs --file"),
        (["--every", "0", "--file", "x"], "--every"),
        (["--serve", "--port", "65536"], "--port"),
    ],
)
def test_options_that_exclude_each_other_are_refused(filled: Shell, arguments: list[str], text: str) -> None:
    done = filled("metrics", *arguments)
    assert (done.status, done.out, text in done.err) == (2, "", True)
