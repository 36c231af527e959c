"""Where a provider's database and the system database differ: one of them was put back from an older backup."""

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path

from webautodash.config import Settings
from webautodash.domain.naming import same_name_key
from webautodash.domain.vocabulary import ProviderStatus
from webautodash.domain.wording import counted
from webautodash.errors import NoAnswer
from webautodash.models.base import utc_now
from webautodash.repositories.ingested_files import StoredPath
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.sessions import LastSession, StoredFile
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.ingest.paths import DEFAULT_ROOT, from_text, root_prefix, split_root
from webautodash.services.store import Store

# What was stored within this time may be recorded at this moment.
_BEING_RECORDED = timedelta(minutes=5)
_SECONDS_TO_ANSWER = 10.0


class Location(StrEnum):
    """Where a file is."""

    RESULTS = "results"
    """Where it was when it was stored: the next ingest finds it."""
    NOWHERE = "nowhere"
    UNKNOWN = "unknown"
    """Its folder does not answer."""


@dataclass(frozen=True, slots=True)
class DivergingFile:
    """A file that one of the two databases knows to be stored, and the other does not."""

    path: str
    content_sha256: str
    session_id: int | None
    """In the provider's database, where it has one."""
    location: Location


@dataclass(frozen=True, slots=True)
class Divergence:
    """What of one provider is not the same in both databases."""

    provider: str
    """The slug."""
    is_older: bool = False
    """Whether the provider's database lacks the newest session that is recorded."""
    missing_files: tuple[DivergingFile, ...] = ()
    """SystemRecords as stored, and not in the provider's database."""
    unrecorded_files: tuple[DivergingFile, ...] = ()
    """Stored, and never recorded in the system database."""
    lost_reviews: int = 0
    """Decisions of people that the provider's database had once: reviews, decisions about files and their patients."""
    missing_aliases: tuple[str, ...] = ()
    """Names that the registry has, and the provider's database has not."""
    unrecorded_aliases: tuple[str, ...] = ()
    """Names that the provider's database has, and the registry has not."""

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
        """The differences, counted."""
        missing, nowhere, unrecorded = self.missing_files, _nowhere(self.missing_files), self.unrecorded_files
        parts = {
            "its database was put back from an older backup": self.is_older,
            f"{counted(len(missing), 'stored file')} missing from the database": missing,
            f"{nowhere:,} of them not in Results either": nowhere,
            f"{counted(len(unrecorded), 'stored file')} not recorded in the system database": unrecorded,
            f"{counted(self.lost_reviews, 'decision')} of people lost": self.lost_reviews,
            f"{_aliases(self.missing_aliases)} missing from the database": self.missing_aliases,
            f"{_aliases(self.unrecorded_aliases)} missing from the registry": self.unrecorded_aliases,
        }
        return "; ".join(part for part, is_there in parts.items() if is_there)


@dataclass(frozen=True, slots=True)
class SystemRecords:
    """What the system database has recorded of all providers, read before their databases are."""

    last: dict[int, LastSession]
    reviews: dict[int, int]
    lost: frozenset[int]
    """Providers of files whose session was found to be gone."""
    folders: dict[str, tuple[Path, ...]]
    """Of each root, by the prefix of its files' paths."""


def system_records(store: Store) -> SystemRecords:
    """What the system database says."""
    with store.system.reading() as work:
        registry, roots = work.providers, work.roots.all()
        lost = work.ingested_files.providers_without_session()
        last, reviews = registry.last_sessions(), registry.recorded_decisions()
    folders: dict[str, tuple[Path, ...]] = {}
    for name, folder in [*((root.name, Path(root.folder)) for root in roots), _own_folder(store.settings)]:
        folders[root_prefix(name)] = (*folders.get(root_prefix(name), ()), folder)
    return SystemRecords(last, reviews, frozenset(lost), folders)


def divergence(store: Store, provider: RegisteredProvider, known: SystemRecords) -> Divergence:
    """Compare one provider's database with what is recorded of it, every file. Raises what opening it raises."""
    # The rows first: what is recorded by then the database has.
    rows = recorded_rows(store, provider)
    with store.provider_database(provider).reading() as work:
        return compare_databases(store, provider, known, work, rows)


def compare_databases(
    store: Store, provider: RegisteredProvider, known: SystemRecords, work: ProviderWork, rows: Sequence[StoredPath]
) -> Divergence:
    """The same for some rows, which were read before ``session`` on the provider's database was begun.

    Without any it is two short statements: enough to notice a backup that was put back, until files are taken again.
    """
    changes, sessions = work.manual_changes.read(), work.sessions
    last = known.last.get(provider.id)
    newer = sessions.since(last) if last is not None else {}
    hashes = sessions.hashes() if rows else set()
    missing = [row for row in rows if row.content_sha256 not in hashes]
    theirs, ours = _by_key(provider.aliases), _by_key(changes.aliases)
    return Divergence(
        provider.slug,
        is_older=newer is None,
        missing_files=tuple(_of_row(store, known, row) for row in missing),
        unrecorded_files=tuple(_of_file(store, known, file) for file in _settled((newer or {}).values())),
        lost_reviews=max(0, known.reviews.get(provider.id, 0) - changes.decisions),
        missing_aliases=tuple(name for key, name in theirs.items() if key not in ours),
        unrecorded_aliases=tuple(name for key, name in ours.items() if key not in theirs),
    )


def recorded_rows(store: Store, provider: RegisteredProvider) -> list[StoredPath]:
    """Every path of a provider that the system database has as stored."""
    with store.system.reading() as work:
        return work.ingested_files.stored_of(provider.id)


def lost_paths(store: Store, provider: RegisteredProvider, work: ProviderWork) -> list[str]:
    """The paths that are recorded as stored, and whose bytes the provider's database, behind ``session``, has not."""
    rows = recorded_rows(store, provider)
    hashes = work.sessions.hashes()
    return [row.path for row in rows if row.content_sha256 not in hashes]


def is_active(provider: RegisteredProvider) -> bool:
    """Whether a provider has a database to compare."""
    return provider.status is ProviderStatus.ACTIVE


def _settled(files: Iterable[StoredFile]) -> list[StoredFile]:
    since = utc_now() - _BEING_RECORDED
    return [file for file in files if file.created_at < since]


def _own_folder(settings: Settings) -> tuple[str, Path]:
    return settings.results_root or DEFAULT_ROOT, settings.results_dir


def _of_row(store: Store, known: SystemRecords, row: StoredPath) -> DivergingFile:
    return DivergingFile(row.path, row.content_sha256, None, _location(store, known, row.path, row.size))


def _of_file(store: Store, known: SystemRecords, file: StoredFile) -> DivergingFile:
    stored = file.session
    return DivergingFile(file.path, stored.content_sha256, stored.id, _location(store, known, file.path, None))


def _location(store: Store, known: SystemRecords, shown: str, size: int | None) -> Location:
    prefix, path = split_root(shown)
    silent = False
    for folder in known.folders.get(prefix, ()):
        read_size = partial(_size, folder / from_text(path))
        try:
            found = store.time_limit.within(str(folder), read_size, _SECONDS_TO_ANSWER)
        except NoAnswer:
            silent = True
            continue
        # Another size is another file.
        if found is not None and size in {None, found}:
            return Location.RESULTS
    return Location.UNKNOWN if silent else Location.NOWHERE


def _size(path: Path) -> int | None:
    try:
        return os.lstat(path).st_size
    except OSError:
        return None


def _by_key(names: Collection[str]) -> dict[str, str]:
    return {same_name_key(name): name for name in names}


def _aliases(names: Collection[str]) -> str:
    return counted(len(names), "alias", "aliases")


def _nowhere(files: Iterable[DivergingFile]) -> int:
    return sum(file.location is Location.NOWHERE for file in files)
