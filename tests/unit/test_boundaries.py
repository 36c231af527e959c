"""Boundaries that import-linter does not hold: what migrations import, where products and command lines are named."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from webautodash.cli.app import _COMMANDS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "webautodash"
PRODUCTS = PACKAGE / "database/products"
PRODUCT_NAME = re.compile(r"mysql|mariadb|sqlite|innodb", re.IGNORECASE)
# What a user reads or types: the default URL and examples of URLs.
NAMED_ELSEWHERE = {"config/settings.py"}
COMMAND_LINE = re.compile(rf"\bwebautodash ({'|'.join(_COMMANDS)})\b")


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


def test_a_database_product_is_named_in_its_folder_and_nowhere_else() -> None:
    folders = {path.parent for path in PRODUCTS.glob("*/product.py")}
    assert len(folders) == 2
    elsewhere = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if folders.isdisjoint(path.parents) and PRODUCT_NAME.search(path.read_text())
    }
    assert elsewhere == NAMED_ELSEWHERE


def test_a_products_folder_is_imported_by_itself_alone() -> None:
    for path in PACKAGE.rglob("*.py"):
        folder = path.relative_to(PRODUCTS).parts[0] if PRODUCTS in path.parents else None
        for name in _imports(path):
            parts = name.removeprefix("webautodash.database.products.").split(".")
            if name.startswith("webautodash.database.products.") and (PRODUCTS / parts[0]).is_dir():
                assert parts[0] == folder, path


def test_a_command_line_to_type_is_written_by_the_command_line_alone() -> None:
    written = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] != "cli" and any(map(COMMAND_LINE.search, _texts(path)))
    }
    # The mail of alerts is a page for a person as well.
    assert written == {"services/alerts/message.py"}


def _texts(path: Path) -> Iterator[str]:
    """The strings of a module without its docstrings."""
    tree = ast.parse(path.read_text())
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value
