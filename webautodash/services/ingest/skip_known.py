"""Skips files that are stored and unchanged, without opening them.

Unchanged means: the same size, mtime, inode and ctime as when the file was read. Replacing a file or resetting its
mtime changes at least one of these. A chmod or another inode costs one more reading, which writes no patient rows.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from webautodash.domain.file_state_transitions import FileResult
from webautodash.domain.vocabulary import ProviderStatus
from webautodash.repositories.ingested_files import IngestedPath
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.sessions import StoredSession
from webautodash.services.batches import in_parts
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.ingest.scan import Candidate, stat_text
from webautodash.services.store import Store

# A statement may have no more than 999 values in the oldest supported database engine.
_AT_ONCE = 900
# The coarsest clock of a file system: a change within one tick does not change the mtime.
_TICK_NS = 2_000_000_000


class NewFiles(NamedTuple):
    """The files that have to be read, and the providers whose recorded totals are wrong."""

    files: list[Candidate]
    miscounted: list[RegisteredProvider]


def reliable_mtime(mtime_ns: int, read_ns: int) -> int | None:
    """The mtime of a file that was read at ``read_ns``; None if a later change could have the same mtime."""
    return mtime_ns if mtime_ns + _TICK_NS <= read_ns else None


def skip_known(
    store: Store, files: Iterable[Candidate], on_known: Callable[[Candidate, FileOutcome], None]
) -> NewFiles:
    """Sort out the files that are stored and unchanged; ``on_known`` is called with the outcome of each.

    The system database alone does not decide: a provider's database may have been lost or restored meanwhile. A file
    is known only if the provider's database has its session, with the same bytes.
    """
    new: list[Candidate] = []
    sessions = _StoredSessions(store)
    with store.system.reading() as work:
        for part in in_parts(files, _AT_ONCE):
            shown = [(candidate.shown, candidate) for candidate in part]
            asked = [path for path, candidate in shown if candidate.size is not None and not candidate.is_asked_for]
            rows = work.ingested_files.ingested(asked)
            same = {path: rows[path] for path, one in shown if path in rows and _is_unchanged(one, rows[path])}
            stored = sessions.find(same.values())
            for path, candidate in shown:
                row = same.get(path)
                found = stored.get((row.provider_id, row.session_id)) if row else None
                if row is None or found is None or found[1].content_sha256 != row.content_sha256:
                    new.append(candidate)
                else:
                    already = FileResult.ALREADY_INGESTED
                    on_known(candidate, FileOutcome.of_session(path, already, *found, row.size, row.mtime_ns))
    return NewFiles(new, sessions.miscounted)


def _is_unchanged(candidate: Candidate, row: IngestedPath) -> bool:
    return candidate.stat[1:3] == (row.size, row.mtime_ns) and stat_text(candidate.stat) == row.look


class _StoredSessions:
    """The sessions in the providers' databases. A database that cannot be read has none; others report the error."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._providers = {provider.id: provider for provider in store.providers()}
        with store.system.reading() as work:
            self._recorded = work.providers.recorded_counts()
        self._unreadable: set[int] = set()
        self._counted: set[int] = set()
        self.miscounted: list[RegisteredProvider] = []

    def find(self, rows: Iterable[IngestedPath]) -> Mapping[tuple[int, int], tuple[RegisteredProvider, StoredSession]]:
        """The sessions of the rows that exist, by provider and session id."""
        wanted: dict[int, set[int]] = {}
        for row in rows:
            wanted.setdefault(row.provider_id, set()).add(row.session_id)
        found: dict[tuple[int, int], tuple[RegisteredProvider, StoredSession]] = {}
        for number, session_ids in wanted.items():
            provider = self._providers.get(number)
            if provider is None or provider.status is not ProviderStatus.ACTIVE or number in self._unreadable:
                continue
            sessions = self._read(provider, session_ids)
            if sessions is None:
                self._unreadable.add(number)
                continue
            found |= {(number, session_id): (provider, stored) for session_id, stored in sessions.items()}
            if number not in self._counted:
                self._counted.add(number)
                self._count(provider)
        return found

    def _read(self, provider: RegisteredProvider, session_ids: Collection[int]) -> dict[int, StoredSession] | None:
        return self._store.read_if_possible(provider, lambda work: work.sessions.among(session_ids))

    def _count(self, provider: RegisteredProvider) -> None:
        counts = self._store.read_if_possible(provider, lambda work: work.sessions.counts())
        # A database that is being migrated may lack the columns now; it is counted the next time.
        if counts is not None and counts != self._recorded.get(provider.id):
            self.miscounted.append(provider)
