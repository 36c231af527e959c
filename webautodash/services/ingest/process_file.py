"""Files into rows, each whose outcome is said: one, or groups of them, each provider's in its order."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from webautodash.domain.extraction.document import Document, read_document
from webautodash.domain.naming import letters_key
from webautodash.errors import (
    BeingMigrated,
    ConnectionLost,
    DatabaseError,
    DatabaseUnreachable,
    FileGone,
    FileHeld,
    InvalidProviderName,
    MalformedDocument,
    NewerThanProgram,
    NotAtHead,
    ProviderNameTaken,
    ReadInterrupted,
    StillBeingWritten,
    TransientError,
    UnreadableFile,
    UnregisteredProvider,
    UnusableFile,
    WebAutoDashError,
    WrongFolder,
    where_from,
)
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.callbacks import ignore
from webautodash.services.ingest.count_attempts import CONNECTION_LOST, WORKER_LOST, Attempts
from webautodash.services.ingest.held_files import accepted_holds, decided
from webautodash.services.ingest.progress import OnBatch
from webautodash.services.ingest.report import FileOutcome, FileResult
from webautodash.services.ingest.scan import Candidate
from webautodash.services.ingest.skip_known import telling_mtime
from webautodash.services.ingest.store_file import Stored, store_document
from webautodash.services.ingest.workers import GoesOn, Take, always, run_in_processes
from webautodash.services.registry.file_owner import owner_of_file
from webautodash.services.store import ProviderDatabase, Store

# A person has to do something, or a migration to end, before any file of the provider is taken.
_GATES = (NotAtHead, NewerThanProgram, BeingMigrated, UnregisteredProvider)
# What is wrong with the file itself; anything else is wrong around it, and the file waits.
_REJECTIONS = (MalformedDocument, WrongFolder, UnusableFile, InvalidProviderName, ProviderNameTaken)
_OF_A_PATH = (ReadInterrupted, UnreadableFile, UnusableFile, WrongFolder)


def process_groups(
    store: Store,
    groups: list[list[Candidate]],
    workers: int,
    looked: Callable[[Candidate, FileOutcome], None],
    attempts: Attempts,
    *,
    take: Take[Candidate, FileOutcome] | None = None,
    on_batch: Callable[[Candidate, int, int], None] = ignore,
    before: Callable[[Candidate], None] = ignore,
    meanwhile: Callable[[], None] = ignore,
    goes_on: GoesOn[Candidate, FileOutcome] = always,
) -> None:
    """Take the files of each group in their order; ``looked`` hears of each. Empties the groups, which may be large.

    ``take`` is ``process_file`` or ``process_settled_file``; ``attempts`` counts each reading before it is begun.
    With more than one of ``workers`` different groups go at once, each in a process. ``before`` hears of each file
    that is taken here, ``meanwhile`` is called again and again while others work.
    Raises DatabaseUnreachable.
    """
    take = take or process_file

    attempts.in_order(groups)

    def begin(candidate: Candidate) -> None:
        before(candidate)
        attempts.begin(candidate)

    def ended(candidate: Candidate, outcome: FileOutcome) -> None:
        looked(candidate, attempts.end(candidate, outcome))

    if workers > 1 and len(groups) > 1:
        run_in_processes(
            store,
            groups,
            workers,
            take,
            done=ended,
            before=attempts.begin,
            lost=partial(_lost, store.settings.results_dir),
            on_batch=on_batch,
            meanwhile=meanwhile,
            goes_on=goes_on,
        )
        return
    for group in groups:
        waiting, outcome = deque(group), None
        # Each makes room for its outcome.
        group.clear()
        while waiting and goes_on(waiting[0], outcome):
            candidate = waiting.popleft()
            begin(candidate)
            outcome = take(store, candidate, partial(on_batch, candidate))
            ended(candidate, outcome)


def by_provider(store: Store, files: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    """The files of each provider in their order; names and folders that are one provider's stay together."""
    groups: dict[str, list[Candidate]] = {}
    slugs: dict[str, str] = {}
    with store.system.reading() as work:
        registry = work.providers
        for candidate in files:
            key = letters_key(candidate.folder or candidate.named or "")
            if key not in slugs:
                holders = registry.by_letters(key) if key else []
                slugs[key] = holders[0].slug if len(holders) == 1 else key
            groups.setdefault(slugs[key], []).append(candidate)
    return groups


def process_file(store: Store, candidate: Candidate, on_batch: OnBatch) -> FileOutcome:
    """Take one file; one that may be still in the making is only looked at. The system database is not told."""
    return _take(store, candidate, on_batch, rested=False)


def process_settled_file(store: Store, candidate: Candidate, on_batch: OnBatch) -> FileOutcome:
    """Take one file that has rested: what is cut short in it is missing for good."""
    return _take(store, candidate, on_batch, rested=True)


def process_accepted_file(store: Store, candidate: Candidate, why: str) -> FileOutcome:
    """Take one file that a person has just accepted; ``why`` is kept with its session."""
    return _take(store, candidate, ignore, rested=True, why=why)


def _lost(results: Path, candidate: Candidate, status: int | None) -> FileOutcome:
    reason = f"its worker process ended (status {status}); ingest again"
    return FileOutcome(candidate.shown(results), FileResult.FAILED, reason=reason, kind=WORKER_LOST)


def _take(
    store: Store, candidate: Candidate, on_batch: OnBatch, *, rested: bool, why: str | None = None
) -> FileOutcome:
    shown, path = candidate.shown(store.settings.results_dir), candidate.path
    owner: RegisteredProvider | None = None
    try:
        began, ticks = time.time_ns(), time.monotonic()
        settings, patience = store.settings, store.time_limit
        document = read_document(path, patience.while_progressing, settings.max_file_size, candidate.place)
        owner = owner_of_file(store, path, document.provider_name, candidate.folder)
        provider = store.provider_database(owner)
        try:
            accepted = accepted_holds(store, document, provider, shown)
        except FileHeld as hold:
            held = _left(shown, FileResult.HELD, owner, hold.reason, hold.kind)
            return replace(held, sha256=document.sha256, size=document.size)
        try:
            stored = store_document(
                document,
                provider,
                store.settings.zone,
                shown,
                on_batch,
                accepted=[decided(one, document, why) for one in accepted],
                extracted_at=next((one.extracted_at for one in accepted if one.extracted_at is not None), None),
            )
        except (ConnectionLost, DatabaseUnreachable) as error:
            if not _answers(provider, document):
                raise
            # The server is there: what it was sent may be what ends its connections.
            return _left(shown, FileResult.FAILED, owner, str(error), CONNECTION_LOST)
        duration_ms = None if stored.already else round(1000 * (time.monotonic() - ticks))
        mtime_ns = telling_mtime(document.mtime_ns, began)
        state = _state(stored)
        return FileOutcome.of_session(shown, state, owner, stored.session, document.size, mtime_ns, duration_ms)
    except DatabaseUnreachable:
        raise
    except Exception as error:  # whatever is wrong with one file, the others go on
        outcome = _not_taken(store, shown, path, owner, error, rested=rested)
        return replace(outcome, remedy=error.remedy) if isinstance(error, DatabaseError) else outcome


def _answers(provider: ProviderDatabase, document: Document) -> bool:
    """Whether a new connection to a provider's database works."""
    try:
        with provider.reading() as work:
            work.sessions.find(document.sha256)
    except WebAutoDashError:
        return False
    return True


def _state(stored: Stored) -> FileResult:
    if stored.already:
        return FileResult.ALREADY_INGESTED
    return FileResult.PARTIAL if stored.session.tally.failed_extractions else FileResult.INGESTED


def _not_taken(
    store: Store, shown: str, path: Path, owner: RegisteredProvider | None, error: Exception, *, rested: bool
) -> FileOutcome:
    """The outcome of a file that an error kept from being stored."""
    match error:
        case FileGone():
            return FileOutcome(shown, FileResult.GONE, reason=error.reason, kind=error.kind)
        case StillBeingWritten():
            return FileOutcome(shown, FileResult.WAITING, reason=str(error), kind=error.kind)
        case MalformedDocument() if error.truncated and not rested and _age(path) < store.settings.settle_seconds:
            reason = f"{_reason(error)}; it may be still in the making"
            return FileOutcome(shown, FileResult.WAITING, reason=reason, kind=error.kind)
        case WebAutoDashError() if isinstance(error, _REJECTIONS):
            return FileOutcome(shown, FileResult.REJECTED, reason=_reason(error), kind=error.kind)
        case WebAutoDashError() if isinstance(error, _GATES):
            return _left(shown, FileResult.BLOCKED, owner, str(error), error.kind)
        case WebAutoDashError():
            is_transient = isinstance(error, TransientError)
            return _left(shown, FileResult.FAILED, owner, _reason(error), error.kind, transient=is_transient)
        case _:
            return _left(shown, FileResult.FAILED, owner, where_from(error), "unexpected")


def _left(
    shown: str, state: FileResult, owner: RegisteredProvider | None, reason: str, kind: str, *, transient: bool = False
) -> FileOutcome:
    if owner is None:
        return FileOutcome(shown, state, reason=reason, kind=kind, transient=transient)
    whose = (owner.slug, owner.name, owner.database_name)
    return FileOutcome(shown, state, *whose, reason=reason, kind=kind, transient=transient)


def _reason(error: WebAutoDashError) -> str:
    """What an error says beside the file's name, which the outcome has already."""
    if isinstance(error, MalformedDocument):
        return f"{error.position}: {error.reason}"
    return error.reason if isinstance(error, _OF_A_PATH) else str(error)


def _age(path: Path) -> float:
    with suppress(OSError):
        return max(0.0, time.time() - path.lstat().st_mtime)
    return float("inf")
