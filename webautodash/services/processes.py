"""Identifies processes: a pid is used again after the process ends, and every container has its own pids."""

import os
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_ENDED = ("Z", "X")
"""The states of a process that has ended but that its parent has not collected."""


class _Process(NamedTuple):
    state: str
    started: int
    """In ticks since the machine started."""


def process_key(pid: int) -> str | None:
    """Distinguishes a process of this machine and container from all others, also earlier ones.

    It consists of the machine's boot id, the namespace of its pids, and the process's start time. None except on Linux.
    """
    where, process = _here(), _process(pid)
    return None if where is None or process is None else _key(where, process)


def has_ended(pid: int, key: str | None) -> bool | None:
    """Whether the process with this key has ended; None if that cannot be seen from here, as in another container."""
    where = _here()
    if key is None or where is None or not key.startswith(f"{where}/"):
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # the process of another user exists but may not be signalled
    process = _process(pid)
    if process is None:  # it may be hidden from this user
        return False
    return process.state in _ENDED or _key(where, process) != key


def _key(where: str, process: _Process) -> str:
    return f"{where}/{process.started}"


def _here() -> str | None:
    """Identifies the boot and the namespace in which the pids of this process are valid."""
    try:
        if str((_PROC / "self").readlink()) != str(os.getpid()):  # /proc is that of another namespace
            return None
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return None


def _process(pid: int) -> _Process | None:
    try:
        # The name before it may contain spaces and brackets.
        fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return _Process(fields[0].decode(), int(fields[19]))
