"""A throwaway MariaDB or MySQL server, from a server program on this machine."""

import fcntl
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
import server_keeper


class NoServerError(Exception):
    """No server of this product is available; the text says why."""


class LocalServer:
    """One server, with a folder, a port on the loopback interface and a root account with a random password.

    A durable server keeps everything that was committed when it is killed; the others are faster. `options` are server
    options, which take precedence over those common to all tests. `data` is its data directory, by default in `folder`.
    """

    def __init__(
        self,
        program: str,
        folder: Path,
        lock: Path,
        *,
        durable: bool,
        options: Sequence[str] = (),
        data: Path | None = None,
    ) -> None:
        self._program, self._folder, self._lock, self._durable = program, folder, lock, durable
        self._options = options
        self._data = data or folder / "data"
        self._mariadb = "MariaDB" in version(program)
        self._password = secrets.token_hex(12)
        self._port = free_port()

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of its root account, without a database; it survives a restart."""
        return f"mysql+pymysql://root:{self._password}@127.0.0.1:{self._port}/"

    def create(self) -> None:
        """Create the folder and the data directory, and start the server."""
        self._folder.mkdir(mode=0o700)
        (self._folder / "tmp").mkdir()
        self._copy_data()
        self._write_accounts()
        try:
            self.start()
        except NoServerError:  # another process may have taken the port meanwhile
            self._port = free_port()
            self.restart()

    def start(self) -> None:
        """Start it and wait until it accepts connections. Raises NoServerError when it exits instead."""
        server_keeper.start("program", self._lock, self._folder, self._command())
        deadline = time.monotonic() + 60
        while True:
            try:
                connect(self.url).close()
            except pymysql.MySQLError as error:
                if not self._pid_file.exists() or time.monotonic() > deadline:
                    raise NoServerError(f"it did not start: {server_keeper.tail(self._folder)}") from error
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """Kill it with SIGKILL, as the kernel does when memory runs out, and wait until it is gone."""
        try:
            os.kill(int(self._pid_file.read_text()), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            return
        if not wait_until(lambda: not self._pid_file.exists()):
            raise TimeoutError("the server outlived SIGKILL")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Suspend it during the block: it accepts connections and does not answer."""
        process = int(self._pid_file.read_text())
        os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process, signal.SIGCONT)

    def restart(self, *options: str) -> None:
        """Kill it if it runs, and start it on the same data and port, with other options if any are passed."""
        self.kill()
        self._options = options or self._options
        self.start()

    def remove(self) -> None:
        """Stop it and remove its folder."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _pid_file(self) -> Path:
        return self._folder / "pid"

    def _where(self, data: Path) -> list[str]:
        # A server that starts deletes every temporary table in its tmpdir, another server's as well.
        return [f"--datadir={data}", f"--tmpdir={self._folder / 'tmp'}", *_as_root()]

    def _copy_data(self) -> None:
        """Make the data directory, from one that the first server of this product in the run initialised."""
        product = "mariadb" if self._mariadb else "mysql"
        initialised = self._lock.parent / f"initialised-{product}"
        with initialised.with_suffix(".turn").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if not initialised.exists():
                draft = initialised.with_suffix(".new")
                shutil.rmtree(draft, ignore_errors=True)
                self._initialise(draft)
                draft.rename(initialised)
        shutil.copytree(initialised, self._data)

    def _initialise(self, data: Path) -> None:
        if self._mariadb:
            path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/bin"))
            installer = shutil.which("mariadb-install-db", path=path) or "mariadb-install-db"
            options = ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]
            command = [installer, *options, *self._where(data)]
        else:
            command = [self._program, *self._first(), "--initialize-insecure", *self._where(data)]
        try:
            subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        except FileNotFoundError as error:
            raise NoServerError(f"{command[0]} is missing") from error
        except subprocess.CalledProcessError as error:
            output = f"{error.stdout}{error.stderr}"[-600:].split()
            raise NoServerError(f"{command[0]} failed: {' '.join(output)}") from error

    def _write_accounts(self) -> None:
        accounts = self._folder / "accounts.sql"
        accounts.touch(mode=0o600)
        identified = f"IDENTIFIED BY '{self._password}'"
        accounts.write_text(
            # An account with an empty name would take precedence over every account that a test creates for '%'.
            ("DELETE FROM mysql.global_priv WHERE user = '';\nFLUSH PRIVILEGES;\n" if self._mariadb else "")
            + f"ALTER USER 'root'@'localhost' {identified};\n"
            f"CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' {identified};\n"
            f"ALTER USER 'root'@'127.0.0.1' {identified};\n"
            "GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n"
        )

    def _command(self) -> list[str]:
        socket_path = self._folder / "sock"
        return [
            self._program,
            *self._first(),
            *self._where(self._data),
            # The kernel limits the path to about 100 characters; a relative path is inside the data directory.
            f"--socket={socket_path if len(str(socket_path)) < 100 else 'sock'}",
            f"--init-file={self._folder / 'accounts.sql'}",
            f"--port={self._port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            *server_keeper.SMALL,
            *(() if self._durable else server_keeper.FORGETFUL),
            *(() if self._mariadb else ("--mysqlx=OFF",)),
            *self._options,
        ]

    def _first(self) -> tuple[str, ...]:
        # It must be the first option. A script that wraps the server already passes it.
        with Path(self._program).open("rb") as program:
            return () if program.read(2) == b"#!" else ("--no-defaults",)


def version(program: str) -> str:
    """The version that a server program prints, "" when it does not run."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    match = re.search(r"Ver (\S+)", done.stdout)
    return match.group(1) if match else ""


def connect(url: str) -> "pymysql.Connection[Any]":
    """A plain connection to a server, for fixtures."""
    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or "").encode(),
        connect_timeout=5,
        read_timeout=60,
        autocommit=True,
        ssl_disabled=parts.hostname in {"127.0.0.1", "localhost"},
    )


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    """Wait for a condition; return whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not (reached := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return reached


def _as_root() -> tuple[str, ...]:
    return ("--user=root",) if os.geteuid() == 0 else ()


def free_port() -> int:
    """A free port on the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
