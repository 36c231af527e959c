"""In which order files are taken."""

import json
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any, NamedTuple

from webautodash.domain.dates import parse_instant
from webautodash.domain.extraction.document import provider_key, read_document
from webautodash.domain.extraction.private_copy import open_file
from webautodash.domain.limits import LARGEST_FILE
from webautodash.domain.naming import LONGEST_NAME
from webautodash.errors import WebAutoDashError
from webautodash.services.ingest.scan import Candidate
from webautodash.services.timeouts import TimeLimit

_HEAD = 1 << 16
_METADATA_FIRST = re.compile(r'\s*\{\s*"extraction_metadata"\s*:\s*(?=\{)')
_NO_TIME = datetime.min.replace(tzinfo=UTC)


class Order:
    """The order in which files are taken. What could be read of them is remembered while they look the same."""

    def __init__(self, zone: tzinfo, patience: TimeLimit, largest: int = LARGEST_FILE) -> None:
        self._zone, self._patience, self._largest = zone, patience, largest
        self._read: dict[Candidate, _Beginning] = {}

    def of(self, files: Sequence[Candidate], may_be_opened: Callable[[Candidate], bool]) -> list[Candidate]:
        """By ``extracted_at``, those without one first: a provider's later file is compared with the earlier one.

        ``may_be_opened`` is asked before a whole file is read for its time, which is so where that stands at its end.
        """
        # Many files name the same few providers.
        names: dict[str, str] = {}
        read = {
            candidate: self._read.get(candidate) or self._beginning(candidate, names, may_be_opened)
            for candidate in files
        }
        self._read = {candidate: beginning for candidate, beginning in read.items() if beginning is not _UNREAD}
        ordered = sorted(files, key=lambda one: (read[one].at, f"{one.directory}/{one.name}"))
        return [candidate._replace(named=read[candidate].named) for candidate in ordered]

    def _beginning(
        self, candidate: Candidate, names: dict[str, str], may_be_opened: Callable[[Candidate], bool]
    ) -> "_Beginning":
        try:
            metadata = _peek(candidate, self._patience, self._largest, may_be_opened)
        except (OSError, ValueError, RecursionError, WebAutoDashError):
            # What is wrong is told when its turn comes.
            return _UNREAD
        stamp, name = metadata.get("extracted_at"), metadata.get(provider_key(metadata))
        at = parse_instant(stamp if isinstance(stamp, str) else None, self._zone) or _NO_TIME
        if not isinstance(name, str) or len(name) > LONGEST_NAME:
            return _Beginning(at, None)
        return _Beginning(at, names.setdefault(name, name))


class _Beginning(NamedTuple):
    at: datetime
    named: str | None


_UNREAD = _Beginning(_NO_TIME, None)


def _peek(
    candidate: Candidate, patience: TimeLimit, largest: int, may_be_opened: Callable[[Candidate], bool]
) -> dict[str, Any]:
    """A file's metadata, from its first bytes where it stands there, as it mostly does."""
    if candidate.size is None:
        return {}
    head = patience.within(candidate.directory, partial(_head, candidate)).decode("utf-8-sig", "ignore")
    start = _METADATA_FIRST.match(head)
    if start is not None:
        with suppress(ValueError):
            metadata, _ = json.JSONDecoder().raw_decode(head, start.end())
            return dict(metadata)
    if not may_be_opened(candidate):
        return {}
    return read_document(candidate.path, patience.while_progressing, largest, candidate.place).metadata


def _head(candidate: Candidate) -> bytes:
    # It may be another thing by now: a link is not followed, a fifo does not hold us up.
    handle = open_file(candidate.path, candidate.place)
    try:
        return os.read(handle, _HEAD)
    finally:
        os.close(handle)
