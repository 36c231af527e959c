"""The keeper of one test server: a process that stops the server when the test run ends, however it ends.

The process that begins a run holds a lock on a file. The keeper waits for that lock, which is released when the run
ends, also by SIGKILL. The keeper then stops its server and removes the files of both.
"""

import ctypes
import fcntl
import importlib
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

SMALL = ("--skip-log-bin", "--performance-schema=OFF", "--innodb-buffer-pool-size=64M", "--max-connections=200")
# A killed server may then lose transactions: fine for the shared server, wrong for one that a test kills on purpose.
FORGETFUL = ("--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF")


def start(kind: str, lock: Path, folder: Path, command: list[str]) -> None:
    """Start a keeper in the background.

    `kind` is "program" (`command` is the server's command line) or "image" (its one word names the image).
    In the folder, the file `pid` exists while the server runs, `url` once a container answers, `log` always.
    """
    with (folder / "log").open("a") as log:
        subprocess.run(
            [sys.executable, __file__, kind, str(lock), str(folder), *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )


def tail(folder: Path) -> str:
    """The end of the log of a server and its keeper, in one line."""
    log = folder / "log"
    return " ".join(log.read_text(errors="replace")[-600:].split()) if log.exists() else "no log"


def keep(kind: str, lock: Path, folder: Path, command: list[str]) -> None:
    """Run the server in a detached process; return as soon as its `pid` is written."""
    read, write = os.pipe()
    if os.fork():
        os.close(write)
        os.read(read, 1)
        return
    os.setsid()
    pid = folder / "pid"
    over = threading.Event()
    run = lock.open()

    def wait_for_the_end_of_the_run() -> None:
        fcntl.lockf(run, fcntl.LOCK_SH)
        over.set()

    try:
        if kind == "program":
            # No other thread runs yet, so code between fork and exec is safe.
            server = subprocess.Popen(command, preexec_fn=_dying_with_parent())  # noqa: PLW1509
            pid.write_text(str(server.pid))
            os.close(write)

            def kill_at_the_end() -> None:
                wait_for_the_end_of_the_run()
                server.kill()

            threading.Thread(target=kill_at_the_end, daemon=True).start()
            server.wait()
        else:
            pid.write_text(str(os.getpid()))
            os.close(write)
            password = secrets.token_hex(12)
            with _container(command[0], password) as container:
                host, port = container.get_container_host_ip(), container.get_exposed_port(3306)
                url = folder / "url.new"
                url.write_text(f"mysql+pymysql://root:{password}@{host}:{port}/")
                url.rename(folder / "url")
                wait_for_the_end_of_the_run()
    finally:
        pid.unlink(missing_ok=True)
        if over.is_set():
            shutil.rmtree(folder, ignore_errors=True)
            if not list(lock.parent.glob("*/pid")):  # the last keeper to end
                shutil.rmtree(lock.parent, ignore_errors=True)


def _dying_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no server outlives a killed keeper


def _container(image: str, password: str) -> Any:
    mysql = importlib.import_module("testcontainers.community.mysql")
    container = mysql.MySqlContainer(image, username="root", password=password)
    return container.with_command(shlex.join((*SMALL, *FORGETFUL)))


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
