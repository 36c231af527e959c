"""The database servers of a test run: found or started once, shared by its workers, stopped when it ends.

A server comes from a URL in the environment, else from a container where a Docker engine answers, else from a server
program on this machine, which may be one that `make mysql` downloaded.

`python tests/servers.py mariadb` prints where the server would come from, or exits with 1 and prints why there is none.
"""

import fcntl
import importlib
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import server_keeper
from local_server import LocalServer, NoServerError, connect, version, wait_until

BACKENDS = ("sqlite", "mariadb", "mysql")
IMAGES = {"mariadb": "mariadb:11.4", "mysql": "mysql:8.4"}
PROGRAMS = {"mariadb": "mariadbd", "mysql": "mysqld"}
FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec")
_MEMORY = Path("/dev/shm")  # noqa: S108  # it is asked for its room, and folders in it are made by `mkdtemp`
_ROOM = 6 << 30


@dataclass(frozen=True)
class Source:
    """One place a server can come from: a URL, a container image or a program."""

    kind: str
    value: str
    description: str


def sources(backend: str) -> Iterator[Source]:
    """Where a server of this product can come from on this machine, the preferred source first.

    Raises NoServerError where there is none, or where the named program is not such a server.
    """
    variable = f"WEBAUTODASH_TEST_{backend.upper()}_URL"
    if url := os.environ.get(variable):
        parts = urlsplit(url)
        yield Source("url", url, f"{parts.hostname}:{parts.port or 3306}, named by {variable}")
        return
    docker = docker_answers()
    if docker:
        yield Source("image", IMAGES[backend], f"a container of {IMAGES[backend]}")
    if program := find_program(backend):
        yield Source("program", program, f"{version(program)}, a throwaway instance of {program}")
    elif not docker:
        raise NoServerError(f"no {variable}, no Docker engine that answers, no program {PROGRAMS[backend]}")


def docker_answers() -> bool:
    """Whether a Docker engine answers within a second; an installed client alone is not enough."""
    if not os.environ.get("DOCKER_HOST") and not Path("/var/run/docker.sock").exists():
        return False
    try:
        client = importlib.import_module("docker").from_env(timeout=1)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except Exception:  # after any error there is no engine to use
        return False


@cache
def find_program(backend: str) -> str | None:
    """The path of this product's server program.

    Raises NoServerError where the environment names a program that is none.
    """
    variable = f"WEBAUTODASH_TEST_{PROGRAMS[backend].upper()}"
    if named := os.environ.get(variable):
        program = shutil.which(named)
        if program is None or not _is_of(backend, program):
            raise NoServerError(f"{variable}={named} is no {backend} server that runs")
        return program
    folders = (*os.environ.get("PATH", os.defpath).split(os.pathsep), *FOLDERS, str(downloaded(backend)))
    programs = (shutil.which(PROGRAMS[backend], path=folder) for folder in folders)
    return next((program for program in programs if program and _is_of(backend, program)), None)


def _is_of(backend: str, program: str) -> bool:
    # MariaDB installs a `mysqld` too, which is not MySQL.
    found = version(program)
    return found != "" and ("MariaDB" in found) == (backend == "mariadb")


def downloaded(backend: str) -> Path:
    """The folder to which `make mysql` downloads a server program."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "webautodash-ci", backend)


def drop_databases(url: str, prefix: str) -> None:
    """Drop the databases whose names begin with the prefix."""
    with connect(url) as connection, connection.cursor() as cursor:
        # A transaction that a test left open fails this test instead of blocking the run.
        cursor.execute("SET SESSION lock_wait_timeout = 20")
        cursor.execute("SHOW DATABASES LIKE %s", (prefix.replace("_", r"\_") + "%",))
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")


def temporary_folder() -> str:
    """The folder for a run's files: in memory where there is room, because syncing to disk costs nothing there.

    A killed process loses the same on both.
    """
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM:
        return str(_MEMORY)
    return tempfile.gettempdir()


class Run:
    """One test run: a temporary folder with a lock that the process which began the run holds."""

    def __init__(self, folder: Path) -> None:
        """Take part in a run that another process began."""
        self.folder = folder
        self._held: IO[str] | None = None

    @classmethod
    def begin(cls) -> "Run":
        """Begin a run: its servers live until `end`, or until this process dies."""
        run = cls(Path(tempfile.mkdtemp(prefix="webautodash-tests-", dir=temporary_folder())))
        run._held = run._lock.open("w")
        fcntl.lockf(run._held, fcntl.LOCK_EX)
        return run

    def end(self) -> None:
        """Have the keepers stop their servers, and remove the folder."""
        if self._held is not None:
            self._held.close()
            wait_until(lambda: not list(self.folder.glob("*/pid")))
            shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, backend: str) -> str:
        """The URL of the run's server of this product, started by the first caller.

        Raises NoServerError, with the same reason for every worker, where there is none.
        """
        state = self.folder / f"{backend}.json"
        with (self.folder / f"{backend}.turn").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if not state.exists():
                state.write_text(json.dumps(self._find_or_start(backend)))
        found: dict[str, str] = json.loads(state.read_text())
        if "url" not in found:
            raise NoServerError(found["reason"])
        return found["url"]

    def private(self, backend: str, options: Sequence[str] = (), data: Path | None = None) -> LocalServer:
        """A durable server for one test, to kill and restart; the caller removes it."""
        program = find_program(backend)
        if program is None:
            raise NoServerError(f"a private server needs the program {PROGRAMS[backend]} on this machine")
        folder = self.folder / secrets.token_hex(4)
        server = LocalServer(program, folder, self._lock, durable=True, options=options, data=data)
        server.create()
        return server

    @property
    def _lock(self) -> Path:
        return self.folder / "lock"

    def _find_or_start(self, backend: str) -> dict[str, str]:
        reasons = []
        try:
            for source in sources(backend):
                try:
                    return {"url": self._start(backend, source)}
                except NoServerError as error:
                    reasons.append(f"{source.description}: {error}")
                    shutil.rmtree(self.folder / backend, ignore_errors=True)
        except NoServerError as error:
            reasons.append(str(error))
        return {"reason": "; ".join(reasons)}

    def _start(self, backend: str, source: Source) -> str:
        folder = self.folder / backend
        if source.kind == "url":
            return source.value
        if source.kind == "program":
            server = LocalServer(source.value, folder, self._lock, durable=False)
            server.create()
            return server.url
        folder.mkdir()
        url, pid = folder / "url", folder / "pid"
        server_keeper.start("image", self._lock, folder, [source.value])
        if not wait_until(lambda: url.exists() or not pid.exists(), seconds=300) or not url.exists():
            raise NoServerError(server_keeper.tail(folder))
        return url.read_text()


def main(backend: str) -> int:
    """Print where a server of this product would come from; exit with 1 where there is none."""
    try:
        sys.stdout.write(f"{next(sources(backend)).description}\n")
    except NoServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
