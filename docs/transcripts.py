"""Run the console transcripts of the manual again and write what the commands print: ``python docs/transcripts.py``.

A page takes part if its first line is ``<!-- transcript -->``. Its ``console`` blocks are one session, in a folder that
has the Results of the repository and nothing else. Times of the session become one fixed time. A line ``...`` stands
for the lines of an output that are left out.
"""

import io
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from pkgutil import walk_packages

import webautodash
from webautodash.cli import main as run_command

ROOT = Path(__file__).parents[1]
MARK = "<!-- transcript -->\n"
Run = Callable[[list[str], Path, dict[str, str]], str]
"""Runs the command with some arguments, in a folder and an environment; gives what it prints on stdout and stderr."""

_ASSIGNMENT = re.compile(r"[A-Z_]+=")
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_TIME = re.compile(r"(20\d\d-\d\d-\d\d)([T ])\d\d:\d\d(:\d\d(?:\.\d+)?)?(Z|\+00:00)?")


def pages() -> list[Path]:
    """The pages that have transcripts."""
    candidates = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in candidates if page.read_text(encoding="utf-8").startswith(MARK)]


def refreshed(page: Path, run: Run) -> str:
    """The text of a page with what its commands print now."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "Results", Path(folder, "Results"))
        text = page.read_text(encoding="utf-8")
        return _BLOCK.sub(lambda block: f"```console\n{_again(block[1], run, Path(folder))}```", text)


def _again(block: str, run: Run, folder: Path) -> str:
    lines: list[str] = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *before = part.splitlines()
        lines += [f"$ {command}", *_elided(_printed(command, run, folder).splitlines(), before)]
    return _TIME.sub(_fixed, "\n".join(lines)) + "\n"


def _printed(command: str, run: Run, folder: Path) -> str:
    words = shlex.split(command, comments=True)
    assigned = list(takewhile(_ASSIGNMENT.match, words))
    settings = {name: value for name, _, value in (word.partition("=") for word in assigned)}
    match words[len(assigned) :]:
        case ["webautodash", *arguments]:
            return run(arguments, folder, _environment() | settings)
        case ["make", "ingest"]:
            return run(["ingest"], folder, _environment())
        case [".", *_]:
            return ""
        case ["sqlite3", file, statement]:
            # Not every machine has the program.
            with sqlite3.connect(folder / file) as connection:
                connection.execute(statement)
            connection.close()
            return ""
        case _:
            shell = ["/bin/sh", "-c", command]
            return subprocess.run(shell, cwd=folder, capture_output=True, text=True, check=True).stdout  # noqa: S603


def _environment() -> dict[str, str]:
    """The environment of a session: no settings, and a wide terminal."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEBAUTODASH_")}
    return inherited | {"COLUMNS": "200"}


def _elided(printed: list[str], before: list[str]) -> list[str]:
    if "..." not in before:
        return printed
    head = before.index("...")
    return [*printed[:head], "...", *printed[len(printed) - (len(before) - head - 1) :]]


def _fixed(time: re.Match[str]) -> str:
    """The times of the synthetic files stay; those of this session become one moment."""
    if time[1] < f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}":
        return time[0]
    return f"2026-01-05{time[2]}09:00{':00' if time[3] else ''}{time[4] or ''}"


def _forked(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Run the command in a copy of this process, which has loaded the program already."""
    with tempfile.TemporaryFile("w+") as printed:
        if (child := os.fork()) == 0:
            status = 1
            try:
                for stream in (1, 2):
                    os.dup2(printed.fileno(), stream)
                if isinstance(sys.stdout, io.TextIOWrapper):
                    # As on a terminal: a line on stdout comes before a later one on stderr.
                    sys.stdout.reconfigure(line_buffering=True)
                os.chdir(folder)
                os.environ.clear()
                os.environ.update(environment)
                sys.argv = ["webautodash", *words]
                run_command()
            except SystemExit as ended:
                status = int(ended.code or 0)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        os.waitpid(child, 0)
        printed.seek(0)
        return printed.read()


def main() -> None:
    """Refresh every page."""
    for module in walk_packages(webautodash.__path__, "webautodash."):
        # Once, instead of in each copy of this process.
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for page in pages():
        text = refreshed(page, _forked)
        if text != page.read_text(encoding="utf-8"):
            page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
