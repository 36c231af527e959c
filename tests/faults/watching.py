"""Monitors as real processes, and waiting for what they do."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import shell
from builders import write_file
from contents import rows
from local_server import wait_until
from sqlalchemy.exc import SQLAlchemyError

from webautodash.config import Settings
from webautodash.errors import WebAutoDashError

ROOT = Path(__file__).resolve().parents[2]


class Watching:
    """A `webautodash monitor` at work."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        arguments: Sequence[str],
        command: Sequence[str],
        more: Mapping[str, str],
    ) -> None:
        self._output_file = folder / f"output-{time.monotonic_ns()}"
        self._output: IO[bytes] = self._output_file.open("wb")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WEBAUTODASH_")}
        self.process = subprocess.Popen(
            [*command, "monitor", *arguments],
            cwd=folder,
            env={**kept, **environment(settings), **more},
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    @property
    def output(self) -> str:
        """Its output so far."""
        return self._output_file.read_text()

    def end(self, number: int) -> int:
        """Send it a signal, and return the status with which it ends."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def close(self) -> None:
        """Kill it if it still runs."""
        self.process.kill()
        self.process.wait()
        self._output.close()


def environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables of a process."""
    values = settings.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    if settings.database_url is not None:
        values["database_url"] = settings.database_url.get_secret_value()
    texts = {f"WEBAUTODASH_{name.upper()}": str(value) for name, value in values.items()}
    paths = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    return texts | {"PYTHONPATH": paths, "PYTHONWARNINGS": "error"}


@contextmanager
def watching(
    settings: Settings, folder: Path, *arguments: str, command: Sequence[str] = shell.COMMAND, **more: str
) -> Iterator[Watching]:
    """A monitor for as long as the block lasts; ``more`` is added to its environment."""
    monitor = Watching(settings, folder, arguments, command, more)
    try:
        yield monitor
    finally:
        monitor.close()


def states(settings: Settings) -> dict[str, str]:
    """The state of each file; nothing while there is no store."""
    return {row["path"]: row["state"] for row in _system_rows(settings, "ingested_files")}


def monitors(settings: Settings) -> list[dict[str, Any]]:
    """The rows of the monitors; nothing while there is no store."""
    return _system_rows(settings, "monitors")


def _system_rows(settings: Settings, table: str) -> list[dict[str, Any]]:
    try:
        return rows(settings, "system", table)
    except (WebAutoDashError, SQLAlchemyError):
        return []


def wait_for(condition: Callable[[], bool], seconds: float = 150) -> None:
    """Wait for a condition. Raises AssertionError if it does not come true in time."""
    assert wait_until(condition, seconds), "the condition did not come true"


def put(path: Path, content: object) -> None:
    """Put a whole file at a path at once, as a careful robot does."""
    write_file(path.with_name(f".{path.name}.tmp"), content).replace(path)
