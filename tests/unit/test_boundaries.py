"""Boundaries that import-linter does not hold: what migrations import, and where a database product is named."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "webautodash"
PRODUCTS = PACKAGE / "database/products"
PRODUCT_NAME = re.compile(r"mysql|mariadb|sqlite|innodb", re.IGNORECASE)
# What a user reads or types: the default URL and examples of URLs, and the kind of file that is checked.
NAMED_ELSEWHERE = {"config/settings.py", "cli/verify.py"}


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
