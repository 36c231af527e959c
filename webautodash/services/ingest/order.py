"""Decides the order in which files are processed, and groups them by provider."""

import json
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any, NamedTuple

from webautodash.domain.dates import parse_instant
from webautodash.domain.extraction.document.private_copy import open_file
from webautodash.domain.extraction.document.read_document import read_document, stated_provider
from webautodash.domain.extraction.profiles.profile import Profile
from webautodash.domain.limits import LARGEST_FILE
from webautodash.domain.naming import LONGEST_NAME, letters_key
from webautodash.errors import WebAutoDashError
from webautodash.services.batches import in_parts
from webautodash.services.ingest.scan import Candidate
from webautodash.services.store import Store
from webautodash.services.timeouts import TimeLimit

# Folders and names whose providers are looked up in one statement.
_AT_ONCE = 300
_HEAD = 1 << 16
_METADATA_FIRST = re.compile(r'\s*\{\s*"extraction_metadata"\s*:\s*(?=\{)')
_NO_TIME = datetime.min.replace(tzinfo=UTC)


class Order:
    """Orders files by their metadata, which is remembered while a file is unchanged."""

    def __init__(
        self,
        zone: tzinfo,
        time_limit: TimeLimit,
        largest: int = LARGEST_FILE,
        profiles: Sequence[Profile] | None = None,
    ) -> None:
        self._zone, self._time_limit, self._largest, self._profiles = zone, time_limit, largest, profiles
        self._read: dict[Candidate, _Metadata] = {}

    def of(self, files: Sequence[Candidate], may_be_opened: Callable[[Candidate], bool]) -> list[Candidate]:
        """Sort files by ``extracted_at``, those without one first, so that each is compared with an earlier one.

        A file whose metadata is at its end has to be read whole, which ``may_be_opened`` allows or not.
        """
        # Many files name the same few providers.
        names: dict[str, str] = {}
        read = {
            candidate: self._read.get(candidate) or self._metadata(candidate, names, may_be_opened)
            for candidate in files
        }
        self._read = {candidate: metadata for candidate, metadata in read.items() if metadata is not _UNREAD}
        ordered = sorted(files, key=lambda one: (read[one].extracted_at, f"{one.directory}/{one.name}"))
        return [candidate._replace(named=read[candidate].provider_name) for candidate in ordered]

    def _metadata(
        self, candidate: Candidate, names: dict[str, str], may_be_opened: Callable[[Candidate], bool]
    ) -> "_Metadata":
        try:
            metadata = self._peek(candidate, may_be_opened)
        except (OSError, ValueError, RecursionError, WebAutoDashError):
            # The error is reported when the file is processed.
            return _UNREAD
        stamp, name = metadata.get("extracted_at"), stated_provider(metadata)
        at = parse_instant(stamp if isinstance(stamp, str) else None, self._zone) or _NO_TIME
        if name is None or len(name) > LONGEST_NAME:
            return _Metadata(at, None)
        return _Metadata(at, names.setdefault(name, name))

    def _peek(self, candidate: Candidate, may_be_opened: Callable[[Candidate], bool]) -> dict[str, Any]:
        """The metadata of a file, read from its beginning if it is there, as it mostly is."""
        if candidate.size is None:
            return {}
        head = self._time_limit.within(candidate.directory, partial(_head, candidate)).decode("utf-8-sig", "ignore")
        start = _METADATA_FIRST.match(head)
        if start is not None:
            with suppress(ValueError):
                metadata, _ = json.JSONDecoder().raw_decode(head, start.end())
                if metadata.get("extracted_at"):
                    return dict(metadata)
        if not may_be_opened(candidate):
            return {}
        reading = self._time_limit.while_progressing
        return read_document(candidate.path, reading, self._largest, candidate.place, self._profiles).metadata


def group_by_provider(store: Store, files: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    """The files of each provider in their order; different names and folders of one provider stay together."""
    groups: dict[str, list[Candidate]] = {}
    keys = [letters_key(candidate.folder or candidate.named or "") for candidate in files]
    slugs: dict[str, str] = {}
    with store.system.reading() as work:
        for part in in_parts(dict.fromkeys(keys), _AT_ONCE):
            slugs |= work.providers.slugs_by_letters(part)
    for key, candidate in zip(keys, files, strict=True):
        groups.setdefault(slugs.get(key, key), []).append(candidate)
    return groups


class _Metadata(NamedTuple):
    extracted_at: datetime
    provider_name: str | None


_UNREAD = _Metadata(_NO_TIME, None)


def _head(candidate: Candidate) -> bytes:
    # It may have been replaced: open_file follows no link and does not wait for the writer of a fifo.
    handle = open_file(candidate.path, candidate.place)
    try:
        return os.read(handle, _HEAD)
    finally:
        os.close(handle)
