"""Processes one file: read it, find its provider, store it; any error becomes the file's outcome."""

import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from webautodash.domain.extraction.document.count_lists import count_lists
from webautodash.domain.extraction.document.read_document import Document, read_document
from webautodash.domain.file_state_transitions import (
    CONNECTION_LOST,
    WORKER_LOST,
    FileResult,
    result_of_error,
    stored_result,
)
from webautodash.domain.naming import same_name_key
from webautodash.errors import (
    ConnectionLost,
    DatabaseUnreachable,
    FileGone,
    FileHeld,
    MalformedDocument,
    ReadInterrupted,
    TransientError,
    UnreadableFile,
    UnusableFile,
    WebAutoDashError,
    WrongFolder,
    where_from,
)
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.callbacks import ignore
from webautodash.services.ingest.held_files import accepted_holds, decided
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.ingest.scan import Candidate
from webautodash.services.ingest.skip_known import reliable_mtime
from webautodash.services.ingest.store_file import Accepted, Stored, store_document
from webautodash.services.registry import owner_of_file
from webautodash.services.store import ProviderDatabase, Store
from webautodash.services.workers import OnBatch

# Their text names the file, which the outcome names already.
_ABOUT_A_PATH = (FileGone, ReadInterrupted, UnreadableFile, UnusableFile, WrongFolder)


class FileProcessor:
    """Processes the files of one run in one process. It remembers the providers of folders and names for the run.

    It does not write to the system database, except that it registers new providers. Of a file whose end is missing,
    it waits for the end only if the file changed recently, and never if ``is_settled``.
    """

    def __init__(self, store: Store, *, is_settled: bool = False, why: str | None = None) -> None:
        """``why``: the reason of a person who accepted the file, stored with its session."""
        self._store, self._is_settled, self._why = store, is_settled, why
        self._owners: dict[tuple[str | None, str | None], RegisteredProvider] = {}

    def __call__(self, candidate: Candidate, on_batch: OnBatch = ignore) -> FileOutcome:
        """Process one file. Raises DatabaseUnreachable; every other error is part of the outcome."""
        shown = candidate.shown
        owner: RegisteredProvider | None = None
        try:
            opened_ns, started = time.time_ns(), time.monotonic()
            document = self._read(candidate)
            owner = self._owner(candidate, document)
            provider = self._store.provider_database(owner)
            try:
                holds = accepted_holds(self._store, document, provider, shown)
            except FileHeld as hold:
                outcome = _not_stored(shown, FileResult.HELD, owner, hold.reason, hold.kind)
                return replace(outcome, sha256=document.sha256, size=document.size)
            accepted = Accepted(
                [decided(one, document, self._why) for one in holds],
                next((one.extracted_at for one in holds if one.extracted_at is not None), None),
            )
            try:
                stored = store_document(document, provider, self._store.settings.zone, shown, on_batch, accepted)
            except (ConnectionLost, DatabaseUnreachable) as error:
                if not _is_reachable(provider, document):
                    raise
                # The server is there: what it was sent may be what ends its connections.
                return _not_stored(shown, FileResult.FAILED, owner, str(error), CONNECTION_LOST)
            mtime_ns = reliable_mtime(document.mtime_ns, opened_ns)
            outcome = FileOutcome.of_session(shown, _result(stored), owner, stored.session, document.size, mtime_ns)
            if stored.already:
                return outcome
            return replace(outcome, duration_ms=round(1000 * (time.monotonic() - started)))
        except DatabaseUnreachable:
            raise
        except Exception as error:  # an error of one file must not stop the others
            return self._outcome_of_error(candidate, shown, owner, error)

    def _read(self, candidate: Candidate) -> Document:
        largest, reading = self._store.settings.max_file_size, self._store.time_limit.while_progressing
        document = read_document(candidate.path, reading, largest, candidate.place, self._store.profiles)
        return replace(document, list_counts=count_lists(document))

    def _owner(self, candidate: Candidate, document: Document) -> RegisteredProvider:
        name = document.provider_name
        key = (None if name is None else same_name_key(name), candidate.folder)
        if key not in self._owners:
            self._owners[key] = owner_of_file(self._store, candidate.path, name, candidate.folder)
        return self._owners[key]

    def _outcome_of_error(
        self, candidate: Candidate, shown: str, owner: RegisteredProvider | None, error: Exception
    ) -> FileOutcome:
        if not isinstance(error, WebAutoDashError):
            return _not_stored(shown, result_of_error(error, may_grow=False), owner, where_from(error), "unexpected")
        is_cut = isinstance(error, MalformedDocument) and error.truncated
        may_grow = is_cut and not self._is_settled and _age(candidate.path) < self._store.settings.settle_seconds
        result, reason = result_of_error(error, may_grow=may_grow), _reason(error)
        if may_grow:
            reason += "; it may still be being written"
        outcome = _not_stored(shown, result, owner, reason, error.kind)
        if result is FileResult.FAILED:
            outcome = replace(outcome, transient=isinstance(error, TransientError))
        return replace(outcome, fields=_fields(error))


def settled_files(store: Store) -> FileProcessor:
    """A processor of files that have not changed for a while: a missing end will not be written later."""
    return FileProcessor(store, is_settled=True)


def lost_worker(candidate: Candidate, status: int | None) -> FileOutcome:
    """The outcome of a file whose worker process ended with this exit status."""
    reason = f"its worker process ended (status {status}); ingest again"
    return FileOutcome(candidate.shown, FileResult.FAILED, reason=reason, kind=WORKER_LOST)


def _result(stored: Stored) -> FileResult:
    return FileResult.ALREADY_INGESTED if stored.already else stored_result(stored.session.tally.failed_extractions)


def _is_reachable(provider: ProviderDatabase, document: Document) -> bool:
    """Whether a new connection to a provider's database works."""
    try:
        with provider.reading() as work:
            work.sessions.find(document.sha256)
    except WebAutoDashError:
        return False
    return True


def _not_stored(
    shown: str, result: FileResult, owner: RegisteredProvider | None, reason: str, kind: str
) -> FileOutcome:
    if owner is None or result in {FileResult.GONE, FileResult.WAITING, FileResult.REJECTED}:
        return FileOutcome(shown, result, reason=reason, kind=kind)
    return FileOutcome(shown, result, owner.slug, owner.name, owner.database_name, reason=reason, kind=kind)


def _reason(error: WebAutoDashError) -> str:
    """The text of an error without the file's name."""
    if isinstance(error, MalformedDocument):
        return f"{error.position}: {error.reason}"
    return error.reason if isinstance(error, _ABOUT_A_PATH) else str(error)


def _fields(error: WebAutoDashError) -> dict[str, str | int | None]:
    return {name: part for name, part in vars(error).items() if isinstance(part, str | int | None)}


def _age(path: Path) -> float:
    with suppress(OSError):
        return max(0.0, time.time() - path.lstat().st_mtime)
    return float("inf")
