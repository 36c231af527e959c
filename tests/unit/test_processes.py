"""Processes told apart, though their numbers come again."""

from __future__ import annotations

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


def test_a_process_is_there_until_it_ends_though_nobody_waited_for_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        key = process_key(process.pid)
        assert key != _of_this_process()
        assert has_ended(process.pid, key) is False
        assert process.stdin is not None
        process.stdin.close()
        # Ended, and its number not free yet.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert has_ended(process.pid, key) is True
    assert has_ended(process.pid, key) is True
    assert process_key(process.pid) is None


def test_another_process_of_the_same_number_is_not_the_one_that_is_meant() -> None:
    key = _of_this_process()
    assert has_ended(os.getpid(), key) is False
    assert has_ended(os.getpid(), f"{key}0") is True


def test_of_another_container_or_machine_or_an_older_program_nothing_can_be_told() -> None:
    boot, namespace, started = _of_this_process().split("/")
    others = [None, f"{boot}/{namespace}1/{started}", f"another/{namespace}/{started}"]
    assert [has_ended(os.getpid(), key) for key in others] == [None, None, None]


def test_where_the_system_does_not_say_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    key = _of_this_process()
    monkeypatch.setattr(processes, "_PROC", processes._PROC / "nowhere")
    assert (process_key(os.getpid()), has_ended(os.getpid(), key)) == (None, None)
