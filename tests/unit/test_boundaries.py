"""Boundaries that import-linter cannot hold: what migrations import, and where a database product is named."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def test_migrations_import_nothing_of_the_application() -> None:
    revisions = sorted((ROOT / "migrations").glob("*/versions/*.py"))
    assert len(revisions) > 20
    for path in revisions:
        assert {name.split(".")[0] for name in _imports(path)} <= {"sqlalchemy", "alembic"}, path.name
    for path in (ROOT / "migrations").glob("*.py"):
        assert "webautodash" not in {name.split(".")[0] for name in _imports(path)}, path.name
