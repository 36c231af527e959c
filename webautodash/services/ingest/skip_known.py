"""Files that need not be read again: stored, and by all that their folder says of them the same as then.

That is size, time of change, inode and ctime: whoever puts another file in the place of one, or sets its time back,
changes one of these. A chmod or another inode number costs one more reading, which writes no rows of patients.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from webautodash.domain.vocabulary import ProviderStatus
from webautodash.errors import DatabaseError, DatabaseUnreachable, WebAutoDashError
from webautodash.repositories.ingested_files import IngestedPath
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.sessions import StoredSession
from webautodash.services.batches import in_parts
from webautodash.services.ingest.paths import as_text, shown_folder
from webautodash.services.ingest.report import FileOutcome, FileResult
from webautodash.services.ingest.scan import Candidate, stat_text
from webautodash.services.store import ProviderDatabase, Store

# A statement may have no more than 999 values on some supported servers.
_AT_ONCE = 900
# The coarsest clock of a file system: a change within one tick of it leaves the time as it was.
_TICK_NS = 2_000_000_000


def telling_mtime(mtime_ns: int, read_ns: int) -> int | None:
    """A file's time of change as far as it tells any later change from that which was read.

    None for a file that was changed just before it was read, or in the future.
    """
    return mtime_ns if mtime_ns + _TICK_NS <= read_ns else None


def skip_known(
    store: Store, files: Iterable[Candidate], known: Callable[[Candidate, FileOutcome], None]
) -> tuple[list[Candidate], list[RegisteredProvider]]:
    """Say the outcome of each file that is known, without opening it.

    The system database is a view that may be wrong about a provider's database, which may have been lost or restored
    meanwhile: a file is known only where that database has its session, with the same bytes.

    Returns the files that are not known, and the providers whose counters are not right.
    """
    unknown: list[Candidate] = []
    ledgers, shown = _Ledgers(store), _Shown(store.settings.results_dir)
    with store.system.reading() as work:
        for part in in_parts(files, _AT_ONCE):
            some = [(shown.path(candidate), candidate) for candidate in part]
            asked = [path for path, candidate in some if candidate.size is not None and not candidate.is_asked_for]
            rows = work.ingested_files.known(asked)
            same = {path: rows[path] for path, candidate in some if path in rows and _looks_like(candidate, rows[path])}
            stored = ledgers.stored(same.values())
            for path, candidate in some:
                row = same.get(path)
                there = stored.get((row.provider_id, row.session_id)) if row else None
                if row is None or there is None or there[1].content_sha256 != row.content_sha256:
                    unknown.append(candidate)
                else:
                    outcome = FileOutcome.of_session(path, FileResult.ALREADY_INGESTED, *there, row.size, row.mtime_ns)
                    known(candidate, outcome)
    return unknown, ledgers.miscounted


def _looks_like(candidate: Candidate, row: IngestedPath) -> bool:
    return candidate.look[1:3] == (row.size, row.mtime_ns) and stat_text(candidate.look) == row.look


class _Shown:
    """The paths of candidates as the registry has them, each folder looked at once."""

    def __init__(self, results: Path) -> None:
        self._results = results
        self._folders: dict[str, str] = {}

    def path(self, candidate: Candidate) -> str:
        directory = candidate.directory
        if directory not in self._folders:
            self._folders[directory] = shown_folder(directory, self._results, candidate.prefix)
        return as_text(self._folders[directory] + candidate.name)


class _Ledgers:
    """What the providers' own databases say is stored; nothing where one cannot be read, which is told elsewhere."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._providers = {provider.id: provider for provider in store.providers()}
        with store.system.reading() as work:
            self._known = work.providers.recorded_counts()
        self._unreadable: set[int] = set()
        self._counted: set[int] = set()
        self.miscounted: list[RegisteredProvider] = []

    def stored(
        self, rows: Iterable[IngestedPath]
    ) -> Mapping[tuple[int, int], tuple[RegisteredProvider, StoredSession]]:
        """By provider and session, those sessions of the rows that are there."""
        wanted: dict[int, set[int]] = {}
        for row in rows:
            wanted.setdefault(row.provider_id, set()).add(row.session_id)
        found: dict[tuple[int, int], tuple[RegisteredProvider, StoredSession]] = {}
        for number, session_ids in wanted.items():
            provider = self._providers.get(number)
            if provider is None or provider.status is not ProviderStatus.ACTIVE or number in self._unreadable:
                continue
            try:
                there = self._read(self._store.provider_database(provider), session_ids)
            except DatabaseUnreachable:
                raise
            except WebAutoDashError:
                self._unreadable.add(number)
            else:
                found |= {(number, session_id): (provider, stored) for session_id, stored in there.items()}
        return found

    def _read(self, database: ProviderDatabase, session_ids: Collection[int]) -> dict[int, StoredSession]:
        with database.reading() as work:
            there = work.sessions.among(session_ids)
        if database.provider.id not in self._counted:
            self._counted.add(database.provider.id)
            # One that is being migrated may have no such columns now; it is counted the next time.
            with suppress(DatabaseError):
                self._count(database)
        return there

    def _count(self, database: ProviderDatabase) -> None:
        with database.reading() as work:
            if work.sessions.counts() != self._known.get(database.provider.id):
                self.miscounted.append(database.provider)
