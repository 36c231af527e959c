"""Write the reference pages that follow from the code: ``python docs/generate.py``; with ``--check`` compare only."""

import sys
from pathlib import Path

from reference_pages import (
    clinical_lists,
    command_line,
    errors,
    packages,
    python_api,
    settings,
    tables,
    vocabulary,
)

FOLDER = Path(__file__).parent / "reference"
GENERATED = {
    "command-line.md": command_line.render,
    "errors.md": errors.render,
    "lists.md": clinical_lists.render,
    "packages.md": packages.render,
    "python.md": python_api.render,
    "settings.md": settings.render,
    "tables.md": tables.render,
    "vocabulary.md": vocabulary.render,
}


def main() -> None:
    """Write the pages that are not what the code gives, or name them and fail."""
    pages = {FOLDER / name: render() for name, render in GENERATED.items()}
    stale = [path for path, page in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != page]
    if "--check" not in sys.argv[1:]:
        for path in stale:
            path.write_text(pages[path], encoding="utf-8")
    elif stale:
        sys.exit(f"stale in docs/reference: {', '.join(path.name for path in stale)}; run `make docs` and commit them")


if __name__ == "__main__":
    main()
