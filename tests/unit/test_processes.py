"""Processes are distinguished, although their numbers are used again."""

import os
import subprocess
import sys

import pytest

from webautodash.services import processes
from webautodash.services.processes import has_ended, process_key


def _of_this_process() -> str:
    key = process_key(os.getpid())
    assert key is not None
    return key


def test_a_process_has_ended_even_before_its_parent_waits_for_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        key = process_key(process.pid)
        assert key != _of_this_process()
        assert has_ended(process.pid, key) is False
        assert process.stdin is not None
        process.stdin.close()
        # It has ended, and its number is not free yet.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert has_ended(process.pid, key) is True
    assert has_ended(process.pid, key) is True
    assert process_key(process.pid) is None


def test_another_process_with_the_same_number_is_not_the_same_process() -> None:
    key = _of_this_process()
    assert has_ended(os.getpid(), key) is False
    assert has_ended(os.getpid(), f"{key}0") is True


def test_nothing_is_known_of_processes_of_other_containers_machines_or_older_programs() -> None:
    boot, namespace, started = _of_this_process().split("/")
    others = [None, f"{boot}/{namespace}1/{started}", f"another/{namespace}/{started}"]
    assert [has_ended(os.getpid(), key) for key in others] == [None, None, None]


def test_nothing_is_known_where_the_system_has_no_process_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    key = _of_this_process()
    monkeypatch.setattr(processes, "_PROC", processes._PROC / "nowhere")
    assert (process_key(os.getpid()), has_ended(os.getpid(), key)) == (None, None)
