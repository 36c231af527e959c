"""How much memory a process has, by the kernel's account, as it goes on.

Not by what the system says of it in the end (``ru_maxrss``): that has the peak of the process it was forked from, too.
"""

import re
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from benchmarks.bench import NotAvailableError
from benchmarks.runs import COMMAND, WrongOutcomeError
from benchmarks.stores import Place

_PAUSE_SECONDS = 0.02
_FIELD = re.compile(r"^(RssAnon|VmHWM):\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class Memory:
    """In bytes."""

    anonymous: int
    """What the process itself holds now."""
    resident: int
    """The most that was resident since it began; pages of mapped files too, which are the system's to take back."""


@dataclass(frozen=True)
class Watched:
    """A command that ended well."""

    peak: Memory
    seconds: float
    out: str


def memory_of(pid: int | str) -> Memory:
    """What a process has. Raises NotAvailableError where the system does not say it, or the process is gone."""
    try:
        found = dict(_FIELD.findall(Path(f"/proc/{pid}/status").read_text()))
        return Memory(int(found["RssAnon"]) * 1024, int(found["VmHWM"]) * 1024)
    except (OSError, KeyError):
        raise NotAvailableError("this system does not say how much memory a process has") from None


def watched(here: Place, *arguments: str) -> Watched:
    """Run ``webautodash``, and look at its memory all the time.

    Raises NotAvailableError, and WrongOutcomeError, with its last words, unless it ends with 0.
    """
    memory_of("self")
    begin = time.perf_counter()
    anonymous = resident = 0
    with (
        TemporaryFile() as said,
        subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=here.results.parent,
            env=here.environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        ) as child,
    ):
        while child.poll() is None:
            with suppress(NotAvailableError):
                now = memory_of(child.pid)
                anonymous, resident = max(anonymous, now.anonymous), max(resident, now.resident)
            time.sleep(_PAUSE_SECONDS)
        seconds = time.perf_counter() - begin
        said.seek(0)
        out = said.read().decode()
    if child.returncode:
        raise WrongOutcomeError(f"{' '.join(arguments)} ended with {child.returncode}: {out[-600:]}")
    return Watched(Memory(anonymous, resident), seconds, out)
