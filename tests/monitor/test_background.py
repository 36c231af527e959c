"""A monitor in a thread of another program."""

import os
import resource
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import Clinic, a_file, a_patient
from local_server import wait_until

from webautodash import WebAutoDash
from webautodash.errors import UsageError
from webautodash.services.monitor.wakeup import Wakeup

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def _pipes() -> int:
    numbers = [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    return sum(stat.S_ISFIFO(os.fstat(number).st_mode) for number in numbers if _is_open(number))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:  # that of the listing itself
        return False
    return True


def test_each_block_closes_its_pipes(clinic: Clinic) -> None:
    numbers = []
    for day in range(1, 4):
        with WebAutoDash(clinic.settings) as program, program.monitor(interval=0.2) as monitor:
            clinic.drop(a_file(a_patient("GW1"), at=f"2024-01-0{day}T00:00:00"))
            assert wait_until(lambda day=day: str(monitor.status().files).count("ingested") and _taken(clinic) == day)
        numbers.append(_pipes())
    assert numbers[0] == numbers[1] == numbers[2]


def _taken(clinic: Clinic) -> int:
    return sum(row["state"] == "ingested" for row in clinic.system_rows("ingested_files"))


@pytest.mark.parametrize("interval", [0, -1, float("nan"), float("inf")])
def test_an_interval_out_of_range_is_refused(clinic: Clinic, interval: float) -> None:
    with WebAutoDash(clinic.settings) as program, pytest.raises(UsageError, match=r"interval is .*; give 0.2 to 86400"):
        program.monitor(interval=interval)


def test_status_and_the_end_of_the_block_raise_the_error_that_ended_the_monitor(clinic: Clinic) -> None:
    clinic.results.rmdir()
    refused = pytest.raises(UsageError, match="WEBAUTODASH_RESULTS_DIR")
    with WebAutoDash(clinic.settings) as program, refused, program.monitor() as monitor:
        assert wait_until(lambda: not monitor._thread.is_alive())
        with pytest.raises(UsageError) as of_status:
            monitor.status()
    assert str(of_status.value) == str(refused.excinfo.value)


@pytest.fixture
def many_files() -> Iterator[None]:
    """Open more files than `select` supports."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    yield
    for handle in held:
        os.close(handle)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files", "backend")
def test_a_wakeup_works_with_many_open_files_and_does_nothing_once_closed() -> None:
    wakeup = Wakeup()
    assert wakeup._read_fd > 1023
    begin = time.monotonic()
    assert not wakeup.sleep(0.05)
    assert time.monotonic() - begin >= 0.04
    wakeup.wake()
    assert wakeup.sleep(30)
    read_fd, write_fd = wakeup._read_fd, wakeup._write_fd
    wakeup.close()
    wakeup.close()
    reader, writer = os.pipe()
    assert {reader, writer} == {read_fd, write_fd}
    # The descriptors belong to other files now.
    wakeup.wake()
    os.set_blocking(reader, False)
    with pytest.raises(BlockingIOError):
        os.read(reader, 1)
    os.close(reader)
    os.close(writer)


def test_a_monitor_is_started_and_stopped_without_a_block(clinic: Clinic) -> None:
    before = _pipes()
    with WebAutoDash(clinic.settings) as program:
        monitor = program.monitor(interval=0.2)
        monitor.start()
        with pytest.raises(UsageError):
            monitor.start()
        clinic.drop(a_file(a_patient("GW1")))
        assert wait_until(lambda: _taken(clinic) == 1)
        monitor.stop()
        monitor.stop()
        assert {row["state"] for row in clinic.system_rows("monitors")} == {"stopped"}
        with pytest.raises(UsageError):
            monitor.start()
        program.monitor().stop()
    assert _pipes() == before


def test_stop_raises_the_error_that_ended_the_monitor_each_time(clinic: Clinic) -> None:
    clinic.results.rmdir()
    with WebAutoDash(clinic.settings) as program:
        monitor = program.monitor()
        monitor.start()
        assert wait_until(lambda: not monitor._thread.is_alive())
        for _ in range(2):
            with pytest.raises(UsageError, match="WEBAUTODASH_RESULTS_DIR"):
                monitor.stop()


def test_a_function_that_the_monitor_calls_may_stop_it(clinic: Clinic) -> None:
    with WebAutoDash(clinic.settings) as program:
        monitor = program.monitor(interval=0.2, on_file=lambda _: monitor.stop())
        monitor.start()
        clinic.drop(a_file(a_patient("GW1")))
        assert wait_until(lambda: not monitor._thread.is_alive())
        monitor.stop()
    assert _taken(clinic) == 1
