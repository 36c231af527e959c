"""Checks of folders: whether they exist, their permissions, and free space."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from webautodash.config import Settings
from webautodash.domain.wording import counted
from webautodash.errors import NoAnswer
from webautodash.services.doctor.findings import Finding, FindingSeverity, error, fine, info, warning
from webautodash.services.timeouts import TimeLimit

T = TypeVar("T")

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_GIGABYTE = 1 << 30
_LONGEST_SECONDS = 10.0
_LEAST_BYTES = _GIGABYTE
_LEAST_SHARE = 0.05


def within_time(settings: Settings, subject: str, read: Callable[[], T]) -> T:
    """Call ``read`` with a time limit. Raises NoAnswer: reading from a mount of a lost network never returns."""
    return TimeLimit(min(settings.pass_seconds, _LONGEST_SECONDS)).within(subject, read)


def no_answer(silence: NoAnswer) -> Finding:
    """A finding for a folder that timed out."""
    message = f"does not respond within {silence.seconds:g} s: its network or disk may be gone"
    return error("folder.no_answer", silence.folder, message)


def _findings(settings: Settings, folder: Path, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    try:
        return within_time(settings, str(folder), lambda: list(check()))
    except NoAnswer as silence:
        return [no_answer(silence)]


def results(settings: Settings) -> list[Finding]:
    """The folder of the extraction files, and its free space."""
    folder = settings.results_dir
    return _findings(settings, folder, lambda: [*_results(folder), *_room("results", folder)])


def temporary(settings: Settings) -> list[Finding]:
    """Free space for the private copy of a large file."""
    folder = Path(tempfile.gettempdir())
    return _findings(settings, folder, lambda: _room("temporary", folder))


def _results(folder: Path) -> Iterator[Finding]:
    name = str(folder)
    if not os.path.lexists(folder):
        yield error("results.missing", name, "does not exist")
    elif not folder.is_dir():
        yield error("results.not_folder", name, "is not a folder")
    elif not os.access(folder, os.R_OK | os.X_OK):
        yield error("results.unreadable", name, "this user cannot read it")
    elif (mode := folder.stat().st_mode) & stat.S_IWOTH:
        yield warning("results.writable", name, "anybody can create files in it")
    elif mode & stat.S_IXOTH:
        message = "anybody on this machine can enter it; its files contain patient records"
        yield info("results.readable", name, message)
    else:
        yield fine("results.readable", name, "exists, is readable, and is closed to others")


def of_databases(folder: Path | None) -> Iterator[Finding]:
    """The folder of database files; no finding if the databases are on a server."""
    if folder is None:
        return
    yield from _room("databases", folder)
    if not folder.is_dir():
        return
    name = str(folder)
    mode = stat.S_IMODE(folder.stat().st_mode)
    is_open = bool(mode & _OTHERS)
    if is_open:
        message = f"contains patient records, and others can enter it (mode {mode:04o})"
        yield error("databases.folder", name, message)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield error("databases.unwritable", name, "this user cannot write in it", user=str(os.geteuid()))
        return
    loose = sorted(entry.name for entry in os.scandir(folder) if _is_loose(entry))
    if loose:
        named = f"{', '.join(loose[:3])}{' ...' if loose[3:] else ''}"
        message = f"{counted(len(loose), 'file')} that others can read: {named}"
        # Others cannot reach a file in a closed folder.
        yield (error if is_open else warning)("databases.files", name, message)
    elif not is_open:
        yield fine("databases.folder", name, "the folder and its files are closed to others")


def _is_loose(entry: os.DirEntry[str]) -> bool:
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:  # a journal that was just deleted
        return False
    return stat.S_ISREG(mode) and bool(mode & _OTHERS)


def _room(what: str, folder: Path) -> Iterator[Finding]:
    existing = next((each for each in [folder, *folder.absolute().parents] if each.exists()), folder)
    usage = shutil.disk_usage(existing)
    free = f"{usage.free / _GIGABYTE:,.1f} of {usage.total / _GIGABYTE:,.0f} GiB are free"
    if usage.free < _LEAST_BYTES:
        severity = FindingSeverity.ERROR
    elif usage.free < usage.total * _LEAST_SHARE:
        severity = FindingSeverity.WARNING
    else:
        yield fine(f"disk.{what}", str(folder), free)
        return
    yield Finding(f"disk.{what}", severity, str(folder), free)
