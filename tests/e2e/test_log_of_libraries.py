"""Log lines and warnings of libraries: only --debug shows them, and only by their source."""

import json
import os
import re

import pytest
from builders import a_file, a_patient
from shell import Done, Shell

# As SQLAlchemy's pool does when a connection is lost, and any library that warns.
TALKATIVE = """
import logging, warnings
import webautodash.services.store as store
from webautodash.database.connections import SharingPool
opened = store.Store.open
def talkative(*arguments, **options):
    try:
        raise KeyError("PRN-4711")
    except KeyError:
        logging.getLogger("sqlalchemy.pool.impl.QueuePool").error("lost with PRN-4711", exc_info=True)
        logging.getLogger("webautodash.monitor").debug("a pass failed", exc_info=True)
    pool = logging.getLogger(f"{SharingPool.__module__}.{SharingPool.__name__}")
    pool.info("lost with PRN-4711")
    pool.error("lost with PRN-4711")
    warnings.warn("of PRN-4711")
    return opened(*arguments, **options)
store.Store.open = talkative
"""


def _talked(shell: Shell, *arguments: str) -> Done:
    (shell.folder / "sitecustomize.py").write_text(TALKATIVE)
    path = os.pathsep.join([str(shell.folder), shell.environment["PYTHONPATH"]])
    return shell.in_a_new_process(*arguments, PYTHONPATH=path, PYTHONWARNINGS="always")


@pytest.mark.parametrize("options", [[], ["--verbose"], ["--log-format", "json"], ["--log-format", "json", "-v"]])
def test_nothing_of_libraries_stands_on_stderr(filled: Shell, options: list[str]) -> None:
    done = _talked(filled, "stats", *options)
    assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize("options", [[], ["--log-format", "json"]])
def test_debug_shows_the_source_of_a_line_and_not_its_text(filled: Shell, options: list[str]) -> None:
    done = _talked(filled, "stats", "--debug", *options)
    assert done.status == 0
    assert "sitecustomize.py, line 10: KeyError" in done.err
    # The stack trace of the test's own error quotes the line of code.
    assert "4711" not in re.sub(r"raise KeyError\(.*?\)", "", done.err)
    if options:
        lines = [json.loads(line) for line in done.err.splitlines()]
        assert {"sqlalchemy.pool.impl.QueuePool", "py.warnings", "monitor"} <= {line["component"] for line in lines}


@pytest.mark.parametrize("options", [[], ["--log-format", "json"], ["--debug"]])
def test_workers_say_nothing_there(shell: Shell, options: list[str]) -> None:
    shell.drop(a_file(a_patient("P1")))
    shell.drop(a_file(a_patient("P1"), provider="Anna Keller"), folder="anna_keller")
    assert shell("setup", "--auto").status == 0
    done = _talked(shell, "ingest", "--force", "--workers", "2", *options)
    assert (done.status, "4711" in done.err, "lost" in done.err) == (0, False, False)
