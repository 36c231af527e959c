"""A file that is there whole at every moment."""

import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self


class Replacement:
    """A file that lies ready to take the place of an earlier one; gone at the end of the block unless it has.

    ``durable``: it is on the disk before it takes the place, for whom an empty one after a crash would be the end.
    Raises OSError where it cannot be made, and leaves the earlier one then.
    """

    def __init__(self, path: Path, content: bytes, mode: int, *, durable: bool = False) -> None:
        self._path = path
        # Not named as the file itself ends: a node_exporter reads every *.prom, whole or not.
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
        """Be the file from now on."""
        self._draft.replace(self._path)

    def _discard(self) -> None:
        self._draft.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Put a file in the place of an earlier one. Raises OSError, and leaves the earlier one then."""
    with Replacement(path, content, mode) as ready:
        ready.take_place()
