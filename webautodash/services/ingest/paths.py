"""What the registry and reports call a file: its path below Results, as text, and back."""

import re
from pathlib import Path

_SUFFIX = ".json"
# Of files that are still in the making, where their writer says so.
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
    """What the paths of a root's files begin with; those of the default root have no prefix."""
    return "" if name == DEFAULT_ROOT else f"{name}://"


def split_root(shown: str) -> tuple[str, str]:
    """The prefix of a path's root, and the path below that root's folder."""
    found = _PREFIX.match(shown)
    return (found[0], shown[found.end() :]) if found else ("", shown)


def as_text(path: str) -> str:
    """A path as text, whatever bytes it is made of; two paths never have the same text."""
    if _ESCAPE not in path and _is_text(path):
        return path
    return path.replace("\\", "\\\\").encode("utf-8", "backslashreplace").decode("utf-8")


def from_text(text: str) -> str:
    """The path that ``as_text`` made a text of."""
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
    """What the paths of a folder's files begin with, not yet as text: below Results where it lies there.

    ``prefix`` is that of the root whose folder Results is.
    """
    path, root = Path(directory).absolute(), results.absolute()
    if path == root:
        return prefix
    if not path.is_relative_to(root):
        return path.as_posix().rstrip("/") + "/"
    return f"{prefix}{path.relative_to(root).as_posix()}/"


def shown_path(path: Path, results: Path, prefix: str = "") -> str:
    """What the registry calls the file at a path."""
    return as_text(shown_folder(str(path.parent), results, prefix) + path.name)


def is_extraction(name: str) -> bool:
    """Whether a file of this name is one to take."""
    name = name.lower()
    return name.endswith(_SUFFIX) and not name.startswith(".") and not name.endswith(_UNFINISHED)


def is_watched(shown: str, prefix: str) -> bool:
    """Whether a monitor of the root with this prefix meets a file that the registry calls so.

    Others belong to another root, or were named to `ingest` by a person. Beside folders only links to some are met
    under a name that is none of an extraction.
    """
    own, path = split_root(shown)
    folder, slash, name = path.rpartition("/")
    return own == prefix and not path.startswith("/") and "/" not in folder and (not slash or is_extraction(name))
