"""One name, one thing: a public class or function of the package is defined in one module only."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "webautodash"
# Verbs that several modules have, which are called with the name of the module: `conflicts.search`, `outbox.retry`.
VERBS = {"forget", "retry", "search", "show"}
# What the command of a fleet does for all databases, and the revisions for one.
OF_ONE_AND_OF_ALL = {"downgrade", "require_known", "scripts"}


def _modules(*left_out: str) -> Iterator[Path]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(left_out):
            yield path


def _repeated(kinds: type | tuple[type, ...], modules: Iterator[Path]) -> dict[str, list[str]]:
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for path in modules:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, kinds) and not node.name.startswith("_"):  # type: ignore[attr-defined]
                homes[node.name].append(path.relative_to(PACKAGE).as_posix())  # type: ignore[attr-defined]
    return {name: found for name, found in homes.items() if len(found) > 1}


def test_a_class_has_one_home() -> None:
    assert _repeated(ast.ClassDef, _modules()) == {}


def test_a_function_has_one_home() -> None:
    # Commands and methods are named by their group; each product, and each channel, implements the same functions.
    same = ("database/products/mysql/", "database/products/sqlite/", "services/alerts/channels/")
    modules = _modules("cli/", "client/", *same)
    assert set(_repeated((ast.FunctionDef, ast.AsyncFunctionDef), modules)) <= VERBS | OF_ONE_AND_OF_ALL
