"""The paths of files as reports and the system database name them: below Results, as text."""

import re
from pathlib import Path

_SUFFIX = ".json"
# Names of files that their writer marks as unfinished.
_UNFINISHED = (".tmp.json", ".part.json")
_ESCAPED = re.compile(r"\\(\\|udc[89a-f][0-9a-f])")
_ESCAPE = "\\udc"


DEFAULT_ROOT = "default"
# No path below Results has two slashes in a row.
_PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}://")


def is_root_name(name: str) -> bool:
    """Whether a root can have this name."""
    return _PREFIX.fullmatch(f"{name}://") is not None


def root_prefix(name: str) -> str:
    """The prefix of the paths of a root's files; empty for the default root."""
    return "" if name == DEFAULT_ROOT else f"{name}://"


def split_root(shown: str) -> tuple[str, str]:
    """Split a path into the prefix of its root and the path below that root's folder."""
    found = _PREFIX.match(shown)
    return (found[0], shown[found.end() :]) if found else ("", shown)


def as_text(path: str) -> str:
    """A path as text, for any bytes; different paths have different texts."""
    if _ESCAPE not in path and _is_text(path):
        return path
    return path.replace("\\", "\\\\").encode("utf-8", "backslashreplace").decode("utf-8")


def from_text(text: str) -> str:
    """Reverse ``as_text``."""
    if _ESCAPE not in text:
        return text
    return _ESCAPED.sub(lambda found: "\\" if found[1] == "\\" else chr(int(found[1][1:], 16)), text)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown_folder(directory: str, results: Path, prefix: str = "") -> str:
    """The beginning of the paths of a folder's files, not yet as text; relative to Results if it is there.

    ``prefix`` is that of the root that Results belongs to.
    """
    path, root = Path(directory).absolute(), results.absolute()
    if path == root:
        return prefix
    if not path.is_relative_to(root):
        return path.as_posix().rstrip("/") + "/"
    return f"{prefix}{path.relative_to(root).as_posix()}/"


def shown_path(path: Path, results: Path, prefix: str = "") -> str:
    """The path of a file as text, relative to Results if it is there."""
    return as_text(shown_folder(str(path.parent), results, prefix) + path.name)


def place_of(results: Path, shown: str) -> Path:
    """Where the file with this path is; the inverse of ``shown_path``."""
    return results / from_text(split_root(shown)[1])


def is_extraction(name: str) -> bool:
    """Whether a file with this name is ingested."""
    name = name.lower()
    return name.endswith(_SUFFIX) and not name.startswith(".") and not name.endswith(_UNFINISHED)


def is_watched(shown: str, prefix: str) -> bool:
    """Whether a monitor of the root with this prefix finds the file with this path.

    Other files belong to another root, or were named on the command line. Beside the providers' folders, names that are
    not those of extractions are found as well: they may be links to folders.
    """
    own, path = split_root(shown)
    folder, slash, name = path.rpartition("/")
    return own == prefix and not path.startswith("/") and "/" not in folder and (not slash or is_extraction(name))
