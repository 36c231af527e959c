"""Modules that a command does not import: imports take most of the time of a short command."""

import re

import pytest
from shell import Shell

_IMPORTED = re.compile(r"^import time: .*\| +(\S+)$", re.MULTILINE)


def _loaded(shell: Shell, *arguments: str) -> set[str]:
    """The top-level packages that a command imports."""
    done = shell.in_a_new_process(*arguments, PYTHONPROFILEIMPORTTIME="1")
    assert done.status in {0, 1}
    found = {name.split(".")[0] for name in _IMPORTED.findall(done.err)}
    assert "typer" in found
    return found


def test_help_loads_no_database_and_no_settings(filled: Shell) -> None:
    heavy = {"sqlalchemy", "alembic", "pymysql", "pydantic", "pydantic_settings", "msgspec", "rich", "cryptography"}
    assert heavy & _loaded(filled, "--help") == set()


@pytest.mark.parametrize("arguments", [["stats"], ["stats", "gary_wang"], ["patient", "list", "gary_wang"], ["log"]])
def test_reading_loads_neither_migrations_nor_another_products_driver(filled: Shell, arguments: list[str]) -> None:
    assert {"alembic", "mako", "pymysql", "cryptography", "prometheus_client"} & _loaded(filled, *arguments) == set()


def test_json_is_printed_without_the_modules_that_draw_tables(filled: Shell) -> None:
    assert {"alembic", "rich"} & _loaded(filled, "stats", "--json") == set()


def test_an_ingest_with_nothing_new_loads_no_migrations(filled: Shell) -> None:
    assert {"alembic", "mako", "rich", "pymysql"} & _loaded(filled, "ingest") == set()
