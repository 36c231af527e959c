"""What a folder tells about a file without opening it, to notice any change."""

import os
import stat
from pathlib import Path

# A plain tuple of ints, because there may be very many.
FileStat = tuple[int, int | None, int, int, int]
"""Inode, size (None for anything but a regular file that can be seen), mtime, number of links, and ctime.

No program can set the ctime, so that no change goes unnoticed.
"""
_NOTHING: FileStat = (0, None, 0, 1, 0)


def stat_file(path: Path | os.DirEntry[str]) -> FileStat:
    """Stat a file now, without following a link."""
    try:
        status = path.stat(follow_symlinks=False)
    except OSError:
        return _NOTHING
    size = status.st_size if stat.S_ISREG(status.st_mode) else None
    return status.st_ino, size, status.st_mtime_ns, status.st_nlink, status.st_ctime_ns


def stat_text(stat: FileStat) -> str:
    """The stat as a row records it. Without the number of links: another link changes the ctime."""
    number, size, mtime_ns, _, ctime_ns = stat
    return f"{number:x}:{'' if size is None else f'{size:x}'}:{mtime_ns:x}:{ctime_ns:x}"
