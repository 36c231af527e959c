"""Which process is which: a process's number comes again after its end, and every container counts for itself."""

import os
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_ENDED = ("Z", "X")
"""Ended, and not yet taken note of by its parent."""


class _Process(NamedTuple):
    state: str
    started: int
    """In ticks since the machine was started."""


def process_key(pid: int) -> str | None:
    """What tells a process of this machine and container from all others of any time.

    The machine's start, the namespace that counts its processes, and the process's own start: as Linux has them, None
    elsewhere.
    """
    where, process = _here(), _process(pid)
    return None if where is None or process is None else _key(where, process)


def has_ended(pid: int, key: str | None) -> bool | None:
    """Whether the process of this key is no more; None where that cannot be told from here, as of another container."""
    where = _here()
    if key is None or where is None or not key.startswith(f"{where}/"):
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # another user's may not be signalled, and is there
    process = _process(pid)
    if process is None:  # it may be hidden from other users
        return False
    return process.state in _ENDED or _key(where, process) != key


def _key(where: str, process: _Process) -> str:
    return f"{where}/{process.started}"


def _here() -> str | None:
    """Where this process's number means this process."""
    try:
        if str((_PROC / "self").readlink()) != str(os.getpid()):  # it is another namespace's list of processes
            return None
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return None


def _process(pid: int) -> _Process | None:
    try:
        # The name in front may have spaces and brackets of its own.
        fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return _Process(fields[0].decode(), int(fields[19]))
