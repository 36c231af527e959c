"""Finds differences between a provider's database and the system database, as after restoring an older backup."""

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path

from webautodash.domain.dates import utc_now
from webautodash.domain.file_paths import DEFAULT_ROOT, from_text, root_prefix, split_root
from webautodash.domain.naming import same_name_key
from webautodash.domain.vocabulary import ProviderStatus, Severity
from webautodash.domain.wording import counted
from webautodash.errors import NoAnswer
from webautodash.repositories.ingested_files import StoredPath
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.sessions import LastSession, StoredFile
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.store import Store

# A file that was stored more recently may be just about to be recorded.
_BEING_RECORDED = timedelta(minutes=5)
_TIMEOUT_SECONDS = 10.0


class Location(StrEnum):
    """Where a file is."""

    RESULTS = "results"
    """In its place below Results: the next ingest finds it."""
    NOWHERE = "nowhere"
    UNKNOWN = "unknown"
    """Its folder does not respond."""


@dataclass(frozen=True, slots=True)
class DivergingFile:
    """A file that only one of the two databases has as stored."""

    path: str
    content_sha256: str
    session_id: int | None
    """In the provider's database, if it has one."""
    location: Location


@dataclass(frozen=True, slots=True)
class Divergence:
    """The differences of one provider between both databases."""

    provider: str
    """The slug."""
    is_older: bool = False
    """Whether the provider's database lacks the newest recorded session."""
    missing_files: tuple[DivergingFile, ...] = ()
    """Recorded as stored, but missing from the provider's database."""
    unrecorded_files: tuple[DivergingFile, ...] = ()
    """Stored, but not recorded in the system database."""
    lost_reviews: int = 0
    """Decisions that the provider's database had before: reviews, and decisions about files and patients."""
    missing_aliases: tuple[str, ...] = ()
    """Aliases that only the registry has."""
    unrecorded_aliases: tuple[str, ...] = ()
    """Aliases that only the provider's database has."""

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(
            self.is_older
            or self.missing_files
            or self.unrecorded_files
            or self.lost_reviews
            or self.missing_aliases
            or self.unrecorded_aliases
        )

    @property
    def summary(self) -> str:
        """The differences as counts."""
        missing, unrecorded = self.missing_files, self.unrecorded_files
        nowhere = sum(file.location is Location.NOWHERE for file in missing)
        parts = {
            "its database was restored from an older backup": self.is_older,
            f"{counted(len(missing), 'stored file')} missing from the database": missing,
            f"{nowhere:,} of them not in Results either": nowhere,
            f"{counted(len(unrecorded), 'stored file')} not recorded in the system database": unrecorded,
            f"{counted(self.lost_reviews, 'decision')} of people lost": self.lost_reviews,
            f"{_aliases(self.missing_aliases)} missing from the database": self.missing_aliases,
            f"{_aliases(self.unrecorded_aliases)} missing from the registry": self.unrecorded_aliases,
        }
        return "; ".join(part for part, differs in parts.items() if differs)


@dataclass(frozen=True, slots=True)
class SystemRecords:
    """What the system database has recorded of all providers, read before their databases."""

    last: dict[int, LastSession]
    reviews: dict[int, int]
    open_conflicts: dict[int, dict[Severity, int]]
    lost: frozenset[int]
    """Providers with files whose session was found missing."""
    folders: dict[str, tuple[Path, ...]]
    """The folders of each root, by the prefix of its files' paths."""


def system_records(store: Store) -> SystemRecords:
    """Read what is recorded of all providers."""
    with store.system.reading() as work:
        registry, roots = work.providers, work.roots.all()
        lost = work.ingested_files.providers_without_session()
        last, reviews, conflicts = registry.last_sessions(), registry.recorded_decisions(), registry.open_conflicts()
    folders: dict[str, tuple[Path, ...]] = {}
    own = store.settings.results_root or DEFAULT_ROOT, store.settings.results_dir
    for name, folder in [*((root.name, Path(root.folder)) for root in roots), own]:
        folders[root_prefix(name)] = (*folders.get(root_prefix(name), ()), folder)
    return SystemRecords(last, reviews, conflicts, frozenset(lost), folders)


def find_divergence(store: Store, provider: RegisteredProvider, records: SystemRecords) -> Divergence:
    """Compare one provider's database with the records, every file. Raises what opening the database raises."""
    # The rows first: everything recorded by then is in the database.
    rows = recorded_rows(store, provider)
    with store.provider_database(provider).reading() as work:
        return compare_databases(store, provider, records, work, rows)


def compare_databases(
    store: Store, provider: RegisteredProvider, records: SystemRecords, work: ProviderWork, rows: Sequence[StoredPath]
) -> Divergence:
    """Compare some rows only, which must have been read before ``work`` began.

    Without rows, two short statements notice a restored backup, until further files are ingested.
    """
    changes, sessions = work.manual_changes.read(), work.sessions
    last = records.last.get(provider.id)
    newer = sessions.since(last) if last is not None else {}
    hashes = sessions.hashes() if rows else set()
    missing = [row for row in rows if row.content_sha256 not in hashes]
    registered, stored = _by_key(provider.aliases), _by_key(changes.aliases)
    return Divergence(
        provider.slug,
        is_older=newer is None,
        missing_files=tuple(_of_row(store, records, row) for row in missing),
        unrecorded_files=tuple(_of_file(store, records, file) for file in _settled((newer or {}).values())),
        lost_reviews=max(0, records.reviews.get(provider.id, 0) - changes.decisions),
        missing_aliases=tuple(name for key, name in registered.items() if key not in stored),
        unrecorded_aliases=tuple(name for key, name in stored.items() if key not in registered),
    )


def recorded_rows(store: Store, provider: RegisteredProvider) -> list[StoredPath]:
    """Every path of a provider that is recorded as stored."""
    with store.system.reading() as work:
        return work.ingested_files.stored_of(provider.id)


def is_active(provider: RegisteredProvider) -> bool:
    """Whether the provider's registration is complete, so that there is a database to compare."""
    return provider.status is ProviderStatus.ACTIVE


def _settled(files: Iterable[StoredFile]) -> list[StoredFile]:
    since = utc_now() - _BEING_RECORDED
    return [file for file in files if file.created_at < since]


def _of_row(store: Store, records: SystemRecords, row: StoredPath) -> DivergingFile:
    return DivergingFile(row.path, row.content_sha256, None, _location(store, records, row.path, row.size))


def _of_file(store: Store, records: SystemRecords, file: StoredFile) -> DivergingFile:
    stored = file.session
    return DivergingFile(file.path, stored.content_sha256, stored.id, _location(store, records, file.path, None))


def _location(store: Store, records: SystemRecords, shown: str, size: int | None) -> Location:
    prefix, path = split_root(shown)
    is_unknown = False
    for folder in records.folders.get(prefix, ()):
        read_size = partial(_size, folder / from_text(path))
        try:
            found = store.time_limit.within(str(folder), read_size, _TIMEOUT_SECONDS)
        except NoAnswer:
            is_unknown = True
            continue
        # A different size means a different file.
        if found is not None and size in {None, found}:
            return Location.RESULTS
    return Location.UNKNOWN if is_unknown else Location.NOWHERE


def _size(path: Path) -> int | None:
    try:
        return os.lstat(path).st_size
    except OSError:
        return None


def _by_key(names: Collection[str]) -> dict[str, str]:
    return {same_name_key(name): name for name in names}


def _aliases(names: Collection[str]) -> str:
    return counted(len(names), "alias", "aliases")
