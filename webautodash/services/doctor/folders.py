"""The folders: whether they are there, who may use them, and how much room is left."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from webautodash.config import Settings
from webautodash.domain.shell_words import shell_word
from webautodash.domain.wording import counted
from webautodash.errors import NoAnswer
from webautodash.services.doctor.findings import Finding, error, fine, info, warning
from webautodash.services.timeouts import TimeLimit

T = TypeVar("T")

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_GIGABYTE = 1 << 30
_LONGEST_SECONDS = 10.0
_LEAST_BYTES = _GIGABYTE
_LEAST_SHARE = 0.05
_ELSEWHERE = {
    "results": ": move files that are stored to an archive",
    "temporary": ", or set TMPDIR to a folder with more",
    "databases": ", or move the folder and set WEBAUTODASH_DATABASE_URL",
}


def answered(settings: Settings, subject: str, look: Callable[[], T]) -> T:
    """What a look at the disk gives. Raises NoAnswer: where a network is gone, its mounts hang whoever looks."""
    return TimeLimit(min(settings.pass_seconds, _LONGEST_SECONDS)).within(subject, look)


def no_answer(silence: NoAnswer) -> Finding:
    """That there was none."""
    message = f"does not answer within {silence.seconds:g} s: the network or the disk that it is on may be gone"
    return error(
        "folder.no_answer", silence.folder, message, "findmnt shows what it is on; bring that back, or unmount it"
    )


def _in_time(settings: Settings, folder: Path, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    try:
        return answered(settings, str(folder), lambda: list(look()))
    except NoAnswer as silence:
        return [no_answer(silence)]


def results(settings: Settings) -> list[Finding]:
    """The folder that the extraction files come into, and the room in it."""
    folder = settings.results_dir
    return _in_time(settings, folder, lambda: [*_results(folder), *_room("results", folder)])


def temporary(settings: Settings) -> list[Finding]:
    """Room where the private copy of a large file is made."""
    folder = Path(tempfile.gettempdir())
    return _in_time(settings, folder, lambda: _room("temporary", folder))


def _results(folder: Path) -> Iterator[Finding]:
    name, word = str(folder), shell_word(folder)
    if not os.path.lexists(folder):
        yield error("results.missing", name, "does not exist", f"mkdir -m 700 {word}, or set WEBAUTODASH_RESULTS_DIR")
    elif not folder.is_dir():
        yield error("results.not_folder", name, "is no folder", "set WEBAUTODASH_RESULTS_DIR")
    elif not os.access(folder, os.R_OK | os.X_OK):
        yield error("results.unreadable", name, "this user may not read it", f"chmod u+rx {word}, as its owner")
    elif (mode := folder.stat().st_mode) & stat.S_IWOTH:
        yield warning("results.writable", name, "anybody can put files into it", f"chmod o-w {word}")
    elif mode & stat.S_IXOTH:
        message = "anybody on this machine can go into it; the files in it hold patients' records"
        yield info("results.readable", name, message, f"chmod o-rwx {word}")
    else:
        yield fine("results.readable", name, "there, readable, and closed to others")


def of_databases(folder: Path | None) -> Iterator[Finding]:
    """The folder of databases that are files; nothing to see where they are a server's."""
    if folder is None:
        return
    yield from _room("databases", folder)
    if not folder.is_dir():
        return
    name, word = str(folder), shell_word(folder)
    mode = stat.S_IMODE(folder.stat().st_mode)
    is_open = bool(mode & _OTHERS)
    if is_open:
        message = f"holds patients' records, and is not its owner's alone (mode {mode:04o})"
        yield error("databases.folder", name, message, f"chmod 700 {word}")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield error("databases.unwritable", name, "this user may not write in it", f"chown -R {os.geteuid()} {word}")
        return
    loose = sorted(entry.name for entry in os.scandir(folder) if _is_loose(entry))
    if loose:
        named = f"{', '.join(loose[:3])}{' ...' if loose[3:] else ''}"
        message = f"{counted(len(loose), 'file')} that others than the owner can read: {named}"
        cure = f"find {word} -type f -exec chmod 600 {{}} +"
        # Nobody comes to a file in a closed folder.
        yield (error if is_open else warning)("databases.files", name, message, cure)
    elif not is_open:
        yield fine("databases.folder", name, "the folder and its files are their owner's alone")


def _is_loose(entry: os.DirEntry[str]) -> bool:
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:  # a journal comes and goes
        return False
    return stat.S_ISREG(mode) and bool(mode & _OTHERS)


def _room(what: str, folder: Path) -> Iterator[Finding]:
    there = next((each for each in [folder, *folder.absolute().parents] if each.exists()), folder)
    usage = shutil.disk_usage(there)
    left = f"{usage.free / _GIGABYTE:,.1f} of {usage.total / _GIGABYTE:,.0f} GiB are free"
    if usage.free < _LEAST_BYTES:
        found = error
    elif usage.free < usage.total * _LEAST_SHARE:
        found = warning
    else:
        yield fine(f"disk.{what}", str(folder), left)
        return
    yield found(f"disk.{what}", str(folder), left, f"make room there{_ELSEWHERE[what]}")
