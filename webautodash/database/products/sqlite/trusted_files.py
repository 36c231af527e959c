"""Checks that no other user has created a database file, or can change it."""

import stat
from contextlib import suppress
from pathlib import Path

from webautodash.config.ownership import belongs_to_another, why_untrusted
from webautodash.errors import UntrustedDatabaseFile

_FILES_OF_A_DATABASE = ("", "-wal", "-shm", "-journal")


def require_trusted(folder: Path, path: Path) -> None:
    """Raise UntrustedDatabaseFile unless the folder and the database's files are as this program creates them."""
    require_trusted_folder(folder)
    # The files are not opened for this check: closing a descriptor would release SQLite's locks on the file.
    for suffix in _FILES_OF_A_DATABASE:
        file = path.with_name(path.name + suffix)
        with suppress(FileNotFoundError):
            status = file.lstat()
            if stat.S_ISDIR(status.st_mode):
                continue  # SQLite refuses to open a folder, with an error that says what to do
            if not stat.S_ISREG(status.st_mode):
                kind = "a link" if stat.S_ISLNK(status.st_mode) else "not a regular file"
                raise UntrustedDatabaseFile(file, f"is {kind}: replace it with the file itself")
            if reason := why_untrusted(status):
                raise UntrustedDatabaseFile(file, reason)
            if status.st_nlink > 1 and _has_foreign_link(folder, file):
                raise UntrustedDatabaseFile(file, "has another hard link: replace it with a copy of the file")


def require_trusted_folder(folder: Path) -> None:
    """Raise UntrustedDatabaseFile if another user owns the folder or can change it; a missing folder is fine."""
    with suppress(FileNotFoundError):
        if belongs_to_another(folder.lstat()):
            raise UntrustedDatabaseFile(folder, "belongs to another account")
        if reason := why_untrusted(folder.stat()):
            raise UntrustedDatabaseFile(folder, reason)


def file_identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file, None if there is none."""
    with suppress(OSError):
        status = path.lstat()
        return status.st_dev, status.st_ino
    return None


def _has_foreign_link(folder: Path, file: Path) -> bool:
    """Whether a file has another name, apart from a draft that ``create`` links into place or left behind."""
    for _ in range(2):
        status = file.lstat()
        drafts = sum(file_identity(draft) == (status.st_dev, status.st_ino) for draft in folder.glob(".*.new"))
        if status.st_nlink <= 1 + drafts:
            return False
        # ``create`` may have removed its draft between the two counts: count again.
    return True
