"""The command with a count of the extraction files that it opens: ``python -m benchmarks.opened ingest``."""

import os
import sys
from typing import Any

from webautodash.cli import main


def count(arguments: list[str]) -> int:
    """Run the command in this process; print how many different files below Results it opened."""
    results = os.path.realpath(os.environ["WEBAUTODASH_RESULTS_DIR"]) + os.sep
    opened: set[str] = set()

    def hook(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(details[0], str | os.PathLike):
            path = os.path.abspath(os.fspath(details[0]))  # noqa: PTH100  # called for every file of every import
            if isinstance(path, str) and path.startswith(results):
                opened.add(path)

    sys.addaudithook(hook)
    sys.argv[1:] = arguments
    status = 0
    try:
        main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    sys.stdout.write(f"{len(opened)}\n")
    return status


if __name__ == "__main__":
    sys.exit(count(sys.argv[1:]))
