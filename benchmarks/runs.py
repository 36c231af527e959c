"""The measured thing itself: the ingest as a call, and the command as a process."""

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.stores import Place
from webautodash.domain.file_state_transitions import FileResult
from webautodash.services.ingest import IngestReport, ingest_paths
from webautodash.services.setup import set_up
from webautodash.services.store import Store
from webautodash.services.workers import collect_rarely

COMMAND = (sys.executable, "-m", "webautodash")


class WrongOutcomeError(Exception):
    """What was measured did not do what it should have; its time means nothing."""


@dataclass(frozen=True)
class Finished:
    """A process that ended well."""

    seconds: float
    cpu: float
    """User and system time of the process and of the children that it waited for."""
    out: str


def ingest(here: Place, paths: Sequence[Path], *, workers: int = 1, registered: bool = False) -> float:
    """Ingest new files; the seconds of the call, in a store whose system database is there and open.

    ``registered`` has the providers of all files in Results registered before, with their databases made.
    """
    if registered:
        set_up(here.settings, ingest=False)
    collect_rarely()  # as the command does
    with Store.prepare(here.settings) as store:
        begin = perf_counter()
        report = ingest_paths(store, paths, workers=workers)
        seconds = perf_counter() - begin
    expect(report, len(paths), FileResult.INGESTED)
    return seconds


def expect(report: IngestReport, files: int, state: FileResult) -> None:
    """Raise WrongOutcomeError unless the report has this number of files, all of them in this state."""
    if report.count([state]) != files or len(report.files) != files:
        reasons = {f"{outcome.state}: {outcome.reason}" for outcome in report.files if outcome.state is not state}
        raise WrongOutcomeError(f"not all of {files} files are {state}: {'; '.join(sorted(reasons)[:3])}")


def command(here: Place, *arguments: str) -> Finished:
    """Run ``webautodash`` from the start of the interpreter to its end."""
    return process([*COMMAND, *arguments], here)


def process(words: Sequence[str], here: Place, *, stdin: bytes = b"") -> Finished:
    """Run a process with a store's settings. Raises WrongOutcomeError, with its last words, unless it ends with 0."""
    here.results.mkdir(parents=True, exist_ok=True)
    begin = perf_counter()
    with subprocess.Popen(
        words,
        cwd=here.results.parent,
        env=here.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as child:
        assert child.stdin is not None  # both are pipes, as asked for
        assert child.stdout is not None
        child.stdin.write(stdin)
        child.stdin.close()
        out = child.stdout.read().decode()
        return _finish(child, begin, out)


def on_terminal(here: Place, *arguments: str, progress: bool = True) -> Finished:
    """Run ``webautodash`` with a terminal as its output, which is read and dropped; and for its progress as well."""
    mine, its = pty.openpty()

    def drain() -> None:
        # EIO when the last one that had the terminal open is gone.
        with suppress(OSError):
            while os.read(mine, 1 << 16):
                pass

    reader = threading.Thread(target=drain)
    try:
        begin = perf_counter()
        with subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=here.results.parent,
            env=here.environment | {"TERM": "xterm-256color", "COLUMNS": "120"},
            stdin=subprocess.DEVNULL,
            stdout=its,
            stderr=its if progress else subprocess.DEVNULL,
        ) as child:
            os.close(its)
            reader.start()
            finished = _finish(child, begin, "")
        reader.join()
        return finished
    finally:
        os.close(mine)


def _finish(child: "subprocess.Popen[bytes]", begin: float, out: str) -> Finished:
    _, status, used = os.wait4(child.pid, 0)
    seconds = perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise WrongOutcomeError(f"a process ended with {child.returncode}: {' '.join(out[-600:].split())}")
    return Finished(seconds, used.ru_utime + used.ru_stime, out)
