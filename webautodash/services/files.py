"""Which files there are to take, and in which order."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from webautodash.domain.dates import parse_instant
from webautodash.domain.documents import read_document
from webautodash.domain.naming import LONGEST_NAME
from webautodash.errors import UsageError, WebAutoDashError

_SUFFIX = ".json"
_HEAD = 1 << 16
_METADATA_FIRST = re.compile(r'\s*\{\s*"extraction_metadata"\s*:\s*(?=\{)')
_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A path to look at; ``folder`` is the provider's folder below Results, None for a file elsewhere."""

    path: Path
    folder: str | None
    named: str | None = None
    """The provider that the file itself names, where that could be read cheaply."""

    def shown(self, results: Path) -> str:
        """The path as reports and the registry name it: below Results where it lies there, always UTF-8."""
        path, root = self.path.absolute(), results.absolute()
        shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
        return shown.encode("utf-8", "backslashreplace").decode("utf-8")


def candidates(paths: Sequence[Path], results: Path) -> list[Candidate]:
    """The files behind some paths, or those of Results where there are none given; each once.

    A folder gives the files in it and in its folders, one level deep, as Results has it. Only Results itself may be
    a link to a folder.
    Raises UsageError for a path that is not there.
    """
    found: dict[Path, Candidate] = {}
    root = _real(results)
    for path in paths or [results]:
        if not os.path.lexists(path):
            hint = "set WEBAUTODASH_RESULTS_DIR, or name files or folders" if path == results else "check the path"
            raise UsageError(f"{path} does not exist; {hint}")
        is_folder = path.is_dir() and (path == results or not path.is_symlink())
        for file in _files(path) if is_folder else [path]:
            key = _real(file.parent) / file.name
            found.setdefault(key, Candidate(file, _folder(key, root)))
    return list(found.values())


def in_order(files: Sequence[Candidate], zone: tzinfo) -> list[Candidate]:
    """By ``extracted_at``, those without one first: a provider's later file is compared with the earlier one."""
    looked = [(_looked_into(candidate, zone)) for candidate in files]
    return [candidate for _, candidate in sorted(looked, key=lambda pair: (pair[0], str(pair[1].path)))]


def _real(path: Path) -> Path:
    # Path.resolve raises RuntimeError for a link that leads to itself.
    return Path(os.path.realpath(path))


def _files(folder: Path) -> Iterator[Path]:
    for entry in _entries(folder):
        if entry.name.startswith("."):
            continue
        if entry.is_symlink() and entry.is_dir():
            # Nobody follows it; the report says so.
            yield Path(entry.path)
        elif entry.is_dir(follow_symlinks=False):
            try:
                yield from (Path(file.path) for file in _entries(Path(entry.path)) if _is_extraction(file))
            except UsageError:
                # One provider's folder that cannot be read stops no other's; reading it as a file names the reason.
                yield Path(entry.path)
        elif _is_extraction(entry):
            yield Path(entry.path)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return []  # removed since its parent was read
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read ({error.strerror})") from None


def _is_extraction(entry: os.DirEntry[str]) -> bool:
    # A folder of that name is nobody's file; a link or a fifo is named in the report, not passed over.
    named = entry.name.lower().endswith(_SUFFIX) and not entry.name.startswith(".")
    return named and not entry.is_dir(follow_symlinks=False)


def _folder(path: Path, results: Path) -> str | None:
    return path.relative_to(results).parts[0] if results in path.parent.parents else None


def _looked_into(candidate: Candidate, zone: tzinfo) -> tuple[datetime, Candidate]:
    try:
        metadata = _peek(candidate.path)
    except (OSError, ValueError, RecursionError, WebAutoDashError):
        # It is rejected, with its reason, when its turn comes.
        return _NO_TIME, candidate
    stamp, name = metadata.get("extracted_at"), metadata.get("provider_name")
    at = parse_instant(stamp if isinstance(stamp, str) else None, zone) or _NO_TIME
    usable = isinstance(name, str) and len(name) <= LONGEST_NAME
    return at, replace(candidate, named=name) if usable else candidate


def _peek(path: Path) -> dict[str, Any]:
    """A file's metadata, from its first bytes where it stands there, as it mostly does."""
    if path.is_symlink() or not path.is_file():
        return {}
    with path.open("rb") as file:
        head = file.read(_HEAD).decode("utf-8-sig", "ignore")
    start = _METADATA_FIRST.match(head)
    if start is None:
        return read_document(path).metadata
    try:
        metadata, _ = json.JSONDecoder().raw_decode(head, start.end())
    except ValueError:
        return read_document(path).metadata
    return dict(metadata)
