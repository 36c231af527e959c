"""The servers of the tests: each is the right product, keeps databases apart, and does not outlive its run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pymysql
import pytest
from local_server import LocalServer, connect, wait_until
from servers import drop_databases, find_program


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_a_server_is_the_product_it_is_called(backend: str, server_url: str) -> None:
    with connect(server_url) as connection:
        assert ("MariaDB" in connection.get_server_info()) == (backend == "mariadb")


@pytest.mark.parametrize("backend", ["mariadb", "mysql"], indirect=True)
def test_only_databases_with_the_prefix_are_dropped(server_url: str, database_prefix: str) -> None:
    other = database_prefix.replace("_", "x")
    with connect(server_url) as connection, connection.cursor() as cursor:
        for name in (f"{database_prefix}a", f"{database_prefix}b", other):
            cursor.execute(f"CREATE DATABASE `{name}`")
        drop_databases(server_url, database_prefix)
        cursor.execute("SHOW DATABASES LIKE %s", (f"{other[:10]}%",))
        assert cursor.fetchall() == ((other,),)
        cursor.execute(f"DROP DATABASE `{other}`")


def test_a_killed_private_server_keeps_committed_rows(private_mariadb: LocalServer) -> None:
    with connect(private_mariadb.url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE kept")
        cursor.execute("CREATE TABLE kept.numbers (number INT PRIMARY KEY) ENGINE=InnoDB")
        cursor.execute("INSERT INTO kept.numbers VALUES (7)")
        private_mariadb.kill()
        with pytest.raises(pymysql.OperationalError):
            cursor.execute("SELECT 1")
    with pytest.raises(pymysql.OperationalError):
        connect(private_mariadb.url)
    private_mariadb.restart()
    with connect(private_mariadb.url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT number FROM kept.numbers")
        assert cursor.fetchall() == ((7,),)


@pytest.mark.ci
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_killed_run_leaves_no_server_and_no_folder(workers: str, tmp_path: Path) -> None:
    if find_program("mariadb") is None:
        pytest.skip("only a server of a program can be left behind")
    if workers != "0":
        pytest.importorskip("xdist")
    here = Path(__file__).parent.parent
    (tmp_path / "conftest.py").write_text(
        f"import sys\nsys.path.insert(0, {str(here)!r})\nfrom conftest_of_the_project import *\n"
    )
    (tmp_path / "conftest_of_the_project.py").write_text((here / "conftest.py").read_text())
    (tmp_path / "test_waiting.py").write_text(
        "import pathlib, pytest, time\n"
        "@pytest.mark.parametrize('backend', ['mariadb'], indirect=True)\n"
        "@pytest.mark.parametrize('number', [1, 2])\n"
        "def test_waiting(server_url, private_mariadb, number):\n"
        f"    ready = pathlib.Path({str(tmp_path)!r}, f'ready-{{number}}')\n"
        "    ready.with_suffix('.new').write_text(f'{server_url} {private_mariadb.url}')\n"
        "    ready.with_suffix('.new').rename(ready)\n"
        "    time.sleep(100)\n"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment |= {"TMPDIR": str(temporary), "DOCKER_HOST": "unix:///nowhere"}
    environment.pop("WEBAUTODASH_TEST_MARIADB_URL", None)
    with (tmp_path / "log").open("w") as log:
        run = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", "-n", workers, str(tmp_path)],
            cwd=tmp_path,
            env=environment,
            stdout=log,
            stderr=log,
        )
    expected = [tmp_path / f"ready-{number}" for number in range(1, max(int(workers), 1) + 1)]
    try:
        wait_until(lambda: all(ready.exists() for ready in expected) or run.poll() is not None, seconds=60)
        assert all(ready.exists() for ready in expected), (tmp_path / "log").read_text()
        urls = {url for ready in expected for url in ready.read_text().split()}
        assert len(urls) == 1 + len(expected), "one server for all, and a private one each"
        for url in urls:
            connect(url).close()
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert wait_until(lambda: not list(temporary.glob("webautodash-tests-*")))
    assert wait_until(lambda: not _processes_below(temporary))
    for url in urls:
        with pytest.raises(pymysql.OperationalError):
            connect(url)


def _processes_below(folder: Path) -> list[str]:
    """The command lines of the processes that name the folder."""
    if not Path("/proc/self/cmdline").exists():
        return []
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended between the listing and the reading
        if str(folder) in line:
            found.append(line)
    return found
