"""A file that is there whole at every moment."""

import os
import secrets
from pathlib import Path

_FOR_ALL_TO_READ = 0o644


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in the place of an earlier one. Raises OSError, and leaves the earlier one then."""
    # Not named *.prom: the node_exporter must not read it before it is whole.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY), "wb") as file:
            os.fchmod(file.fileno(), _FOR_ALL_TO_READ)
            file.write(content)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
