"""What the file of each revision must declare."""

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from webautodash.services import revisions
from webautodash.services.revisions import SchemaHistory

ROOT = Path(__file__).parents[2]
REVISIONS = [(history, revision) for history in SchemaHistory for revision in revisions.all_revisions(history)]
EVERY = pytest.mark.parametrize(("history", "revision"), REVISIONS, ids=[revision for _, revision in REVISIONS])
# Changes that break the previous version of the program.
TAKES_AWAY = re.compile(
    r"\b(DROP TABLE|RENAME|MODIFY|CHANGE|SET NOT NULL|TRUNCATE|DELETE FROM)\b"
    r"|^ALTER TABLE [\w`\"]+ (DROP (?!INDEX)|ADD CONSTRAINT|ADD CHECK|ADD (COLUMN )?[\w`\"]+ .*\bNOT NULL\b)",
    re.IGNORECASE,
)
# Unique keys restrict what the previous version may write; each of these has its reason.
UNIQUE_ALLOWED = {
    "uq_conflict_reviews_conflict_id_step": "the previous version leaves the step out, and no NULL equals another",
}
# A CHECK that allows more than before.
WIDENED_ALLOWED = {
    "ck_ingested_files_state": "one more state of a file",
    "ck_pending_events_kind": "one more kind of event; only this program reads them",
}
# SQLite changes a constraint by rebuilding the table.
REBUILT = re.compile(r"^DROP TABLE (?P<name>\w+)$|^ALTER TABLE _alembic_tmp_(?P<named>\w+) RENAME TO (?P=named)$")
WIDENED = re.compile(r"^ALTER TABLE \w+ DROP CONSTRAINT (\w+), ADD CONSTRAINT (\1) CHECK ")
DROPPED = re.compile(
    r"DROP TABLE (?:IF EXISTS )?(\w+)|ALTER TABLE (\w+) DROP (?:COLUMN )?(?!INDEX|CONSTRAINT|FOREIGN)(\w+)", re.I
)


def _config(history: SchemaHistory) -> Config:
    config = Config(str(ROOT / "alembic.ini"), ini_section=history.value)
    config.output_buffer = StringIO()
    return config


def _before(history: SchemaHistory, revision: str) -> str | None:
    known = revisions.all_revisions(history)
    return known[known.index(revision) - 1] if revision != known[0] else None


def _downgrade_sql(history: SchemaHistory, revision: str) -> str:
    config = _config(history)
    command.downgrade(config, f"{revision}:{_before(history, revision) or 'base'}", sql=True)
    lines = str(config.output_buffer.getvalue()).splitlines()
    return "\n".join(line for line in lines if not line.startswith("--") and "alembic_version" not in line)


def _leaves_all(statement: str, others: Sequence[str]) -> bool:
    if widened := WIDENED.match(statement):
        return widened[1] in WIDENED_ALLOWED
    if rebuilt := REBUILT.match(statement):
        name = rebuilt["name"] or rebuilt["named"]
        return f"ALTER TABLE _alembic_tmp_{name} RENAME TO {name}" in others
    return False


@EVERY
@pytest.mark.parametrize("product", ["mysql", "sqlite"])
def test_a_revision_that_takes_away_is_marked_as_breaking(history: SchemaHistory, revision: str, product: str) -> None:
    (step,) = revisions.upgrade_sql(history, product, _before(history, revision), revision)
    taken = [one for one in step.statements if TAKES_AWAY.search(one) and not _leaves_all(one, step.statements)]
    unique = [name for one in step.statements for name in re.findall(r"CREATE UNIQUE INDEX (\w+)", one)]
    taken += [name for name in unique if name not in UNIQUE_ALLOWED]
    assert bool(taken) == revisions.describe(history, revision).contract


@EVERY
def test_what_a_downgrade_deletes_is_listed(history: SchemaHistory, revision: str) -> None:
    module = ScriptDirectory.from_config(_config(history)).get_revision(revision).module
    dropped = {table or f"{of}.{column}" for table, of, column in DROPPED.findall(_downgrade_sql(history, revision))}
    assert dropped == {*module.loses, *getattr(module, "derived", ())}


@EVERY
def test_a_revision_names_what_it_keeps_and_has_a_downgrade(history: SchemaHistory, revision: str) -> None:
    script = ScriptDirectory.from_config(_config(history)).get_revision(revision)
    assert re.search(r"^Keeps ", script.module.__doc__, re.MULTILINE)
    assert script.module.downgrade.__doc__ or _downgrade_sql(history, revision).strip()
    assert Path(script.path).name.startswith(f"{revision}_")


def test_the_lint_recognises_statements_that_take_away() -> None:
    changes = [
        *("DROP COLUMN email", "DROP email", "MODIFY gender VARCHAR(10) NULL", "CHANGE gender sex VARCHAR(255)"),
        *("RENAME COLUMN gender TO sex", "RENAME TO people", "ADD COLUMN x INTEGER NOT NULL"),
        "ADD CONSTRAINT y CHECK (x > 0)",
    ]
    whole = ["DROP TABLE patients", "ALTER TABLE `patients` DROP email", "DELETE FROM patients"]
    for statement in (*whole, *(f"ALTER TABLE patients {change}" for change in changes)):
        assert TAKES_AWAY.search(statement), statement
    harmless = ["CREATE INDEX a ON b (c)", "ALTER TABLE a ADD COLUMN b INTEGER", "DROP INDEX a ON b", "DROP INDEX a"]
    for statement in harmless:
        assert not TAKES_AWAY.search(statement), statement
