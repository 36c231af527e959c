"""The installed command, run in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builders import a_file, a_patient

import webautodash

COMMAND = [sys.executable, "-m", "webautodash"]


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said where."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout, which is one JSON document and nothing else."""
        return json.loads(self.out)


class Shell:
    """A folder with a Results folder in it, and the command."""

    def __init__(self, folder: Path, patience_seconds: float = 60) -> None:
        self.folder, self._patience_seconds = folder, patience_seconds
        (folder / "Results").mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WEBAUTODASH_")}
        self.environment = kept | {
            "PYTHONPATH": str(Path(webautodash.__file__).parents[1]),
            "PYTHONWARNINGS": "error",
            "WEBAUTODASH_SETTLE_SECONDS": "0",
        }

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        return self.in_a_new_process(*arguments, stdin=stdin, **environment)

    def in_a_new_process(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=self._patience_seconds,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def started(self, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """The command as a process that goes on, for as long as the block lasts."""
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def with_stderr_full(self, *arguments: str) -> tuple[int, str]:
        """Run the command where nothing can be written to stderr; its status and stdout."""
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [*COMMAND, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=full,
                text=True,
                timeout=self._patience_seconds,
                check=False,
            )
        return done.returncode, done.stdout

    def drop(self, content: object, name: str = "first.json", folder: str = "gary_wang") -> Path:
        path = self.folder / "Results" / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path


def fill(shell: Shell) -> None:
    first = a_file(a_patient("P1", medications=["Aspirin 81 mg"]), a_patient("P2", name="Bo Smith"))
    second = a_file(
        a_patient("P1", medications=["Aspirin 81 mg", "Xanax 1 mg"]),
        a_patient("P2", name="Bo Smith"),
        a_patient(None, name="Nobody Known"),
        at="2024-03-04T09:00:00",
    )
    shell.drop(first)
    shell.drop(second, "second.json")
