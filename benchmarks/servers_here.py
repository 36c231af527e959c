"""The databases of a run: a durable throwaway MariaDB, and a folder for SQLite files; both gone with the run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import sqlite_version

from local_server import NoServerError
from servers import Run

from benchmarks.stores import MARIADB, SQLITE, raw_connection

# The tests' servers hold 64 MB in memory. Everything that decides about safety stays as the server has it.
_OPTIONS = ("--innodb-buffer-pool-size=1G", "--local-infile=ON")


@contextmanager
def servers_here() -> Iterator[tuple[Path, dict[str, str], dict[str, str], dict[str, str]]]:
    """A scratch folder; by product the URLs, why one is missing, and versions.

    The keeper of the server ends it with this process, however that ends, and removes the folder.
    """
    run = Run.begin()
    try:
        urls, missing, versions = {}, {}, {SQLITE: sqlite_version}
        try:
            urls[MARIADB] = run.private("mariadb", _OPTIONS).url
            with raw_connection(urls[MARIADB]) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT VERSION(), @@innodb_flush_log_at_trx_commit, @@innodb_doublewrite")
                version, flush, doublewrite = cursor.fetchone() or ("", "", "")
            said = f"flush at commit {flush}, doublewrite {doublewrite}, buffer pool 1 GiB, no binary log"
            versions[MARIADB] = f"{version} ({said})"
        except NoServerError as error:
            missing[MARIADB] = str(error)
        folder = run.folder / "scratch"
        folder.mkdir()
        urls[SQLITE] = f"sqlite:///{folder}"
        yield folder, urls, missing, versions
    finally:
        run.end()
