"""Remembers which files need nothing while they are unchanged, and forgets some of them after a time."""

import time
from collections.abc import Iterator, Sequence, Set
from itertools import islice
from struct import Struct

from webautodash.services.ingest.scan import Candidate, FileKey, FileStat

# Each file is looked up again once in this time: a database may have been restored from a backup.
_BELIEVED_SECONDS = 3600.0

_STAT = Struct("<QqqIq")


class DoneFiles:
    """The files that need nothing. It only saves work, because the databases know the state of every file."""

    def __init__(self) -> None:
        # By folder and name. Stats are packed, because there may be very many.
        self._stats: dict[str, dict[str, bytes]] = {}
        self._doubted_at = time.monotonic()
        # The number of files to forget, so far.
        self._due = 0.0
        self._rotation = self._rotate()

    def add(self, candidate: Candidate) -> None:
        """Remember a file until it changes."""
        self._stats.setdefault(candidate.directory, {})[candidate.name] = _packed(candidate.stat)

    def names(self, directory: str) -> Set[str]:
        """The names of the remembered files of a folder."""
        return self._stats.get(directory, {}).keys()

    def changed(
        self, directory: str, files: Sequence[tuple[str, FileStat]], open_names: Set[str]
    ) -> list[tuple[str, FileStat]]:
        """The files of a folder that are new or have changed, and those with ``open_names``."""
        stats = self._stats.get(directory, {})
        return [(name, stat) for name, stat in files if stats.get(name) != _packed(stat) or name in open_names]

    def keep(self, directory: str, names: Set[str]) -> None:
        """Forget the files of a folder with other names."""
        self._stats[directory] = {name: stat for name, stat in self._stats[directory].items() if name in names}

    def keep_folders(self, directories: Set[str]) -> None:
        """Forget the files of other folders."""
        self._stats = {directory: names for directory, names in self._stats.items() if directory in directories}

    def doubt(self) -> None:
        """Forget a share of the files, so that each one is forgotten once in an hour."""
        now, number = time.monotonic(), sum(map(len, self._stats.values()))
        self._due = min(number, self._due + number * (now - self._doubted_at) / _BELIEVED_SECONDS)
        self._doubted_at = now
        due = int(self._due)
        self._due -= due
        for directory, name in islice(self._rotation, due):
            self._stats.get(directory, {}).pop(name, None)

    def _rotate(self) -> Iterator[FileKey]:
        """All files, again and again. Callers must not ask for more than there are."""
        while True:
            for directory in list(self._stats):
                for name in list(self._stats.get(directory, ())):
                    yield directory, name


def _packed(stat: FileStat) -> bytes:
    inode, size, mtime_ns, links, ctime_ns = stat
    return _STAT.pack(inode, -1 if size is None else size, mtime_ns, links, ctime_ns)
