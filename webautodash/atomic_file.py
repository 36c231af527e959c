"""Replaces a file atomically: readers see the old or the new content, never a part."""

import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self


class Replacement:
    """A new file, ready to replace an earlier one; it is removed at the end of the block unless it has replaced it.

    ``durable``: the content is flushed to the disk first, so that the file is not empty after a crash of the machine.
    Raises OSError if it cannot be created; the earlier file stays.
    """

    def __init__(self, path: Path, content: bytes, mode: int, *, durable: bool = False) -> None:
        self._path = path
        # Another suffix than the file itself: a node_exporter reads every *.prom, complete or not.
        self._draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
        try:
            with os.fdopen(os.open(self._draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                os.fchmod(file.fileno(), mode)
                file.write(content)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
        except BaseException:
            self._discard()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self._discard()

    def take_place(self) -> None:
        """Replace the earlier file."""
        self._draft.replace(self._path)

    def _discard(self) -> None:
        self._draft.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Replace a file. Raises OSError if that fails; the earlier file stays."""
    with Replacement(path, content, mode) as ready:
        ready.take_place()
