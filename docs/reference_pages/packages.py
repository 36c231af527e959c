"""The page of the packages: what each is for, and its modules."""

import ast
from pathlib import Path

import webautodash
from reference_pages.markup import code, first_paragraph, page


def render() -> str:
    """Every package of the code with its purpose and its modules."""
    lines = [
        "# Packages",
        "Where to find what in the code. Imports go down only: see [Architecture](../explanation/architecture.md).",
    ]
    root = Path(webautodash.__file__).parent
    for init in sorted(root.rglob("__init__.py")):
        own = init.parent.relative_to(root.parent)
        modules = sorted(path.stem for path in init.parent.glob("[!_]*.py"))
        lines += [
            f"{'#' * min(len(own.parts) + 1, 3)} {own}",
            first_paragraph(ast.get_docstring(ast.parse(init.read_text(encoding="utf-8")))),
            f"Modules: {', '.join(map(code, modules))}" if modules else "",
        ]
    return page(lines)
