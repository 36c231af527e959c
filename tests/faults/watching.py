"""Monitors as real processes, and waiting for what they do."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import shell
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
        self._said = folder / f"said-{time.monotonic_ns()}"
        self._output: IO[bytes] = self._said.open("wb")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WEBAUTODASH_")}
        self.process = subprocess.Popen(
            [*command, "monitor", *arguments],
            cwd=folder,
            env={**kept, **environment(settings), **more},
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    @property
    def said(self) -> str:
        """All that it has written so far."""
        return self._said.read_text()

    def tell(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def ends_with(self, seconds: float = 60) -> int:
        """The status with which it ends."""
        return self.process.wait(seconds)

    def close(self) -> None:
        """Make sure that it is gone."""
        self.process.kill()
        self.process.wait()
        self._output.close()


def environment(settings: Settings) -> dict[str, str]:
    """The settings, as a process is given them."""
    given = settings.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    if settings.database_url is not None:
        given["database_url"] = settings.database_url.get_secret_value()
    texts = {f"WEBAUTODASH_{name.upper()}": str(value) for name, value in given.items()}
    paths = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    return texts | {"PYTHONPATH": paths, "PYTHONWARNINGS": "error"}


@contextmanager
def watching(
    settings: Settings, folder: Path, *arguments: str, command: Sequence[str] = shell.COMMAND, **more: str
) -> Iterator[Watching]:
    """A monitor for as long as the block lasts; ``more`` is of its environment."""
    monitor = Watching(settings, folder, arguments, command, more)
    try:
        yield monitor
    finally:
        monitor.close()


def states(settings: Settings) -> dict[str, str]:
    """How each file stands; nothing while there is no store."""
    try:
        return {row["path"]: row["state"] for row in rows(settings, "system", "ingested_files")}
    except (WebAutoDashError, SQLAlchemyError):
        return {}


def monitors(settings: Settings) -> list[dict[str, Any]]:
    """What is known of the monitors."""
    try:
        return rows(settings, "system", "monitors")
    except (WebAutoDashError, SQLAlchemyError):
        return []


def wait_for(condition: Callable[[], bool], seconds: float = 150) -> None:
    """Wait until something is so. Raises AssertionError where it does not come."""
    assert wait_until(condition, seconds), "it did not come to pass"


def put(path: Path, content: object) -> None:
    """Have a whole file at a path at once, as a careful robot does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.tmp")
    draft.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    draft.replace(path)
