"""A file that is there whole at every moment."""

import os
import secrets
from pathlib import Path


def replace_file(path: Path, content: bytes, mode: int, *, durable: bool = False) -> None:
    """Put a file in the place of an earlier one. Raises OSError, and leaves the earlier one then.

    ``durable``: it is on the disk before it takes the place, for whom an empty one after a crash would be the end.
    """
    # Not named as the file itself ends: a node_exporter reads every *.prom, whole or not.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
