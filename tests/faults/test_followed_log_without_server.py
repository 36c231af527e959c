"""Following the log continues after the server was away."""

import json
from pathlib import Path

from local_server import LocalServer
from shell import Shell

from webautodash.config import Settings
from webautodash.domain.vocabulary import Level
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter


def test_a_lost_server_is_reported_once_and_the_log_is_followed_when_it_returns(
    private_mariadb: LocalServer, tmp_path: Path
) -> None:
    shell = Shell(tmp_path)
    shell.environment["WEBAUTODASH_DATABASE_URL"] = private_mariadb.url
    assert shell("ingest").status == 0
    settings = Settings.load(database_url=private_mariadb.url, _env_file=None)

    def record(message: str) -> None:
        with Store.open(settings) as store:
            SystemLogWriter(store.system).record(Level.INFO, "ingest", "looked", message)

    record("before")
    with shell.started("log", "--follow", "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["message"] == "before"
        private_mariadb.kill()
        first = process.stderr.readline()
        # The lost connection may be noticed before the missing server.
        assert first.startswith(("cannot reach the database server", "database webautodash_system: busy or"))
        private_mariadb.start()
        record("after")
        assert json.loads(process.stdout.readline())["message"] == "after"
        assert process.poll() is None
        process.kill()
        _, err = process.communicate(timeout=60)
    lines = [first, *err.splitlines()]
    assert len(lines) <= 2
    assert all("trying again" in line for line in lines)
