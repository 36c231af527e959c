"""Real processes for tests: killed at a moment that the test chooses, or started together.

A process is forked from a clean, warm server process, never from the test run with its threads. It starts as the
program does, from settings alone, and shares nothing with the test but the databases and the files.
"""

import math
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
from local_server import wait_until

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["preload", "jobs", "shell", __name__])
_HERE = Path(__file__).parent
KILLED = -signal.SIGKILL
_TIMEOUT_SECONDS = 90

Work = Callable[..., None]
Steps = Callable[[Sequence[int]], Sequence[int]]
"""Chooses the steps of a sweep to kill at."""


class Failed(Exception):
    """A process ended by an error of its own; the text is its traceback."""


def moments(work: Work, *arguments: Any, folder: Path) -> list[str]:
    """Run the work to its end: each moment at which it could have been killed, as `database: what comes next`.

    A moment is just before a statement or a COMMIT is sent, which is also just after the one before it.
    """
    return _passed(work, arguments, folder)


def moments_of_files(work: Work, *arguments: Any, folder: Path, files: Path) -> tuple[list[str], list[int]]:
    """As `moments`, and also just before anything is done to a file in a folder: `file: open name`.

    With them the numbers of those at which the files are not what they were at the moment before. Where all that lasts
    is in these files, a process that is killed at any other moment leaves the same.
    """
    looked = [line.split(" ", maxsplit=1) for line in _passed(work, arguments, folder, files=files, looks=True)]
    before = [None, *(seen for seen, _ in looked)]
    return [what for _, what in looked], [n for n, (seen, _) in enumerate(looked) if seen != before[n]]


def writes(moment: str) -> bool:
    """Whether the next step of a moment may change data; other statements only read."""
    first_word = moment.split(": ")[1].split(maxsplit=1)[0]
    return first_word not in {"SELECT", "SHOW", "PRAGMA", "BEGIN"}


def kill_at(moment: int, work: Work, *arguments: Any, folder: Path, files: Path | None = None) -> bool:
    """Run the work and kill it with SIGKILL at a moment, by its number; return whether it reached the moment."""
    process = _start(work, arguments, folder, stops_at=(moment, signal.SIGKILL), files=files)
    process.join(_TIMEOUT_SECONDS)
    if process.exitcode == KILLED:
        return True
    _end_without_error(process, folder)
    return False


def kill_after(seconds: float, work: Work, *arguments: Any, folder: Path) -> bool:
    """Run the work and kill it with SIGKILL after a time; return whether it was still running."""
    process = _start(work, arguments, folder)
    process.join(seconds)
    process.kill()
    process.join(_TIMEOUT_SECONDS)
    if process.exitcode == KILLED:
        return True
    _end_without_error(process, folder)
    return False


def kill_when(condition: Callable[[], bool], work: Work, *arguments: Any, folder: Path) -> None:
    """Run the work and kill it with SIGKILL once a condition is true. Raises Failed if it ends before."""
    process = _start(work, arguments, folder)
    came = wait_until(lambda: process.exitcode is not None or condition(), _TIMEOUT_SECONDS)
    process.kill()
    process.join(_TIMEOUT_SECONDS)
    if not came or process.exitcode != KILLED:
        raise Failed("it ended before the condition came true")


@contextmanager
def held_at(moment: int, work: Work, *arguments: Any, folder: Path) -> Iterator[None]:
    """Run the work, suspend it at a moment for as long as the block lasts, and let it continue to its end.

    Raises Failed if it did not come that far, or fails in the end.
    """
    process = _start(work, arguments, folder, stops_at=(moment, signal.SIGSTOP))
    stands = wait_until(lambda: process.exitcode is not None or _is_suspended(process.pid), _TIMEOUT_SECONDS)
    try:
        if not stands or process.exitcode is not None:
            raise Failed("it did not come to the moment")
        yield
    finally:
        if process.exitcode is None:
            os.kill(process.pid, signal.SIGCONT)
    _end_without_error(process, folder)


def together(
    work: Work, *each: Sequence[Any], folder: Path, timeout_seconds: float = _TIMEOUT_SECONDS, before: str | None = None
) -> None:
    """Run the work in a process for each list of arguments; all start when every one is ready.

    With `before` they wait just before their first statement that contains these words, else at the beginning.
    Raises Failed if one of them fails.
    """
    gate = CONTEXT.Barrier(len(each))
    started = []
    for number, arguments in enumerate(each):
        own = folder / f"process-{number}"
        own.mkdir(exist_ok=True)
        started.append((_start(work, arguments, own, gate=gate, before=before), own))
    for process, _ in started:
        process.join(timeout_seconds)
    for process, own in started:
        _end_without_error(process, own)


def _passed(work: Work, arguments: Sequence[Any], folder: Path, **how: Any) -> list[str]:
    log = folder / "moments"
    log.unlink(missing_ok=True)
    _end_without_error(_start(work, arguments, folder, log=log, **how), folder)
    return log.read_text().splitlines()


def _start(work: Work, arguments: Sequence[Any], folder: Path, **how: Any) -> Any:
    warm_up()
    error = folder / "error"
    error.unlink(missing_ok=True)
    process = CONTEXT.Process(target=_live, args=(work, arguments, error), kwargs=how)
    process.start()
    return process


@cache
def warm_up() -> None:
    """Start the process to fork from, unless it runs."""
    # It looks for the modules that it preloads on its own path only, not on the test run's.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(_HERE), str(_HERE.parent)]))
        forkserver.ensure_running()


def _end_without_error(process: Any, folder: Path) -> None:
    process.join(_TIMEOUT_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise Failed(f"it did not end within {_TIMEOUT_SECONDS} s")
    if process.exitcode != 0:
        error = folder / "error"
        raise Failed(error.read_text() if error.exists() else f"exit status {process.exitcode}")


def _is_suspended(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def _live(
    work: Work,
    arguments: Sequence[Any],
    error: Path,
    *,
    stops_at: tuple[int, int] | None = None,
    log: Path | None = None,
    gate: Any = None,
    before: str | None = None,
    files: Path | None = None,
    looks: bool = False,
) -> None:
    """Run the work in a new process."""
    try:
        passed: list[str] = []
        if stops_at is not None or log is not None:
            _write_file_states_at_the_end()
            _watch(passed, stops_at, files, looks)
        waited: list[str] = []
        if gate is not None and before is not None:
            _wait_before(before, gate, waited)
        elif gate is not None:
            gate.wait(_TIMEOUT_SECONDS)
        work(*arguments)
        if before is not None and not waited:
            raise AssertionError(f"it ended without a statement that contains {before!r}")
        if log is not None:
            log.write_text("\n".join(passed))
    except BaseException:
        error.write_text(traceback.format_exc())
        os._exit(1)


def _write_file_states_at_the_end() -> None:
    # An ingest writes them once a second: a moment's number would depend on how fast the machine is.
    from webautodash.services.ingest import file_log

    pytest.MonkeyPatch().setattr(file_log, "_LONGEST_SECONDS", math.inf)


def _wait_before(words: str, gate: Any, waited: list[str]) -> None:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def before_statement(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not waited and words in " ".join(statement.split()):
            waited.append(statement)
            gate.wait(_TIMEOUT_SECONDS)

    event.listen(Engine, "before_cursor_execute", before_statement)


def _watch(passed: list[str], stops_at: tuple[int, int] | None, files: Path | None, looks: bool) -> None:
    from sqlalchemy import event
    from sqlalchemy.engine import Connection, Engine

    def reached(what: str) -> None:
        if files is not None and looks:
            what = f"{_state(files)} {what}"
        if stops_at is not None and len(passed) == stops_at[0]:
            passed.append(what)
            os.kill(os.getpid(), stops_at[1])
        else:
            passed.append(what)

    def before_statement(connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        reached(f"{_database(connection)}: {' '.join(statement.split()[:3])}")

    event.listen(Engine, "before_cursor_execute", before_statement)
    event.listen(Engine, "commit", lambda connection: reached(f"{_database(connection)}: COMMIT"))
    if files is not None:
        below = f"{files}{os.sep}"

        def before_operation(name: str, arguments: tuple[object, ...]) -> None:
            # Others come from the interpreter, which loads modules, or from reading the state of the files.
            if name in _OPERATIONS and not _looking and any(below in os.fsdecode(each) for each in _paths(arguments)):
                reached(f"file: {name} {Path(os.fsdecode(next(_paths(arguments)))).name}")

        sys.addaudithook(before_operation)


_OPERATIONS = {"open", "sqlite3.connect"}
_OPERATIONS |= {f"os.{name}" for name in ("chmod", "link", "mkdir", "remove", "rename", "rmdir", "truncate", "utime")}


_looking: list[Path] = []


def _state(folder: Path) -> str:
    """A digest of a folder: names, rights, times and contents."""
    _looking.append(folder)
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        # SQLite's shared memory does not outlive its processes: the first to open the database creates it again.
        if path.name.endswith("-shm"):
            continue
        about = path.lstat()
        digest.update(repr((str(path), about.st_mode, path.is_file() and about.st_mtime_ns)).encode())
        if path.is_file():
            digest.update(path.read_bytes())
    _looking.remove(folder)
    return digest.hexdigest()


def _paths(arguments: tuple[object, ...]) -> Iterator[Any]:
    return (each for each in arguments if isinstance(each, str | bytes | os.PathLike))


def _database(connection: Any) -> str:
    if name := connection.engine.url.database:
        return str(name)
    listed = connection.connection.driver_connection
    if hasattr(listed, "execute"):
        return Path(listed.execute("PRAGMA database_list").fetchone()[2]).stem
    return "server"
