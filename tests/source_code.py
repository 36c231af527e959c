"""The source files of the project for tests that check how it is written; each file is parsed once."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "webautodash"


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module; callers must not change it."""
    return ast.parse(path.read_text(encoding="utf-8"))


def modules(*left_out: str) -> list[Path]:
    """The modules of the package, except those whose path in it starts with one of the given texts."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if not in_package(path).startswith(left_out)]


def in_package(path: Path) -> str:
    """The path of a module in the package, such as `cli/app.py`."""
    return path.relative_to(PACKAGE).as_posix()


def literals(path: Path) -> Iterator[str]:
    """The strings of a module without its docstrings."""
    nodes = list(ast.walk(parsed(path)))
    documentation = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value
