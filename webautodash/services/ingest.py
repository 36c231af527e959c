"""Extraction files into rows: each file once, whole or not at all, and what became of it said."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path

from webautodash.domain.documents import read_document
from webautodash.domain.naming import letters_key
from webautodash.errors import (
    BeingMigrated,
    DatabaseUnreachable,
    InvalidProviderName,
    MalformedDocument,
    NewerThanProgram,
    NotAtHead,
    ProviderNameTaken,
    StillBeingWritten,
    UnusableFile,
    WebAutoDashError,
    WrongFolder,
    where_from,
)
from webautodash.repositories import ProviderRepository
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.files import Candidate, each_candidate, in_order, look_at
from webautodash.services.known import set_known_apart, telling_mtime
from webautodash.services.progress import Meter, OnBatch, Progress
from webautodash.services.providers import owner_of
from webautodash.services.reports import FileOutcome, FileResult, IngestReport
from webautodash.services.store import Store
from webautodash.services.storing import store_document
from webautodash.services.view import SystemView
from webautodash.services.workers import in_processes

# The system database's, the server's own, and some to spare.
_OTHER_CONNECTIONS = 5
# A migration has to come, or to end, before any file of the provider is taken.
_MIGRATIONS = (NotAtHead, NewerThanProgram, BeingMigrated)
# What is wrong with the file itself; anything else is wrong around it, and the file waits.
_REJECTIONS = (MalformedDocument, WrongFolder, UnusableFile, InvalidProviderName, ProviderNameTaken)


def ingest_paths(
    store: Store,
    paths: Sequence[Path] = (),
    *,
    workers: int = 1,
    rehash: bool = False,
    on_file: Callable[[FileOutcome], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> IngestReport:
    """Take files and folders, or all of Results; ``on_file`` hears of each as it is done, ``on_progress`` more often.

    A file that is stored and has its size and time of change of then is not opened, unless ``rehash`` asks for it.
    With more than one of ``workers`` different providers go at once, each in a process. A file that seems cut short is
    looked at once more, after ``settle_seconds``: it may be still in the making.
    Raises DatabaseUnreachable; everything that is wrong with one file is that file's outcome.
    """
    outcomes: list[FileOutcome] = []
    unfinished: list[Candidate] = []
    store.owners.clear()

    def done(candidate: Candidate, outcome: FileOutcome) -> None:
        outcomes.append(outcome)
        if on_file is not None:
            on_file(outcome)
        meter.file(candidate, outcome)

    def known(candidate: Candidate, outcome: FileOutcome) -> None:
        meter.begin([candidate])
        done(candidate, outcome)

    def looked(candidate: Candidate, outcome: FileOutcome) -> None:
        if outcome.state is FileResult.WAITING:
            unfinished.append(candidate)
        else:
            view.tell(outcome)
            done(candidate, outcome)

    found = each_candidate(paths, store.settings.results_dir)
    meter = Meter(on_progress)
    with SystemView(store) as view:
        if rehash:
            files = list(found)
        else:
            files, miscounted = set_known_apart(store, found, known)
            for provider in miscounted:
                view.recount(provider)
        meter.begin(files)
        files = in_order(files, store.settings.zone)
        groups = _by_provider(store, files)
        if workers > 1 and len(groups) > 1:
            in_processes(
                store,
                groups,
                workers,
                take_file,
                done=looked,
                lost=partial(_lost, store.settings.results_dir),
                on_batch=meter.batch,
                meanwhile=view.keep_up,
            )
        else:
            # In one order over all providers, unless a file would then find its database closed for the others'.
            all_open = len(groups) <= store.settings.max_connections - _OTHER_CONNECTIONS
            waiting = deque(files if all_open else chain.from_iterable(groups))
            # There may be many; each makes room for its outcome.
            files.clear()
            groups.clear()
            while waiting:
                candidate = waiting.popleft()
                view.keep_up(ahead=candidate.size)
                looked(candidate, take_file(store, candidate, partial(meter.batch, candidate)))
        if unfinished:
            view.flush()
            time.sleep(store.settings.settle_seconds)
            for candidate in unfinished:
                rested = look_at(candidate.path) == candidate.look
                outcome = _take(store, candidate, partial(meter.batch, candidate), rested=rested)
                view.tell(outcome)
                done(candidate, outcome)
    return IngestReport(tuple(outcomes))


def take_file(store: Store, candidate: Candidate, on_batch: OnBatch) -> FileOutcome:
    """Take one file; one that may be still in the making is only looked at. The system database is not told."""
    return _take(store, candidate, on_batch, rested=False)


def _lost(results: Path, candidate: Candidate, status: int | None) -> FileOutcome:
    reason = f"its worker process ended (status {status}); ingest again"
    return FileOutcome(candidate.shown(results), FileResult.FAILED, reason=reason)


def _by_provider(store: Store, files: Sequence[Candidate]) -> list[list[Candidate]]:
    """The files of each provider in their order; names and folders that are one provider's stay together."""
    groups: dict[str, list[Candidate]] = {}
    slugs: dict[str, str] = {}
    with store.system.reading() as session:
        registry = ProviderRepository(session)
        for candidate in files:
            key = letters_key(candidate.folder or candidate.named or "")
            if key not in slugs:
                holders = registry.by_letters(key) if key else []
                slugs[key] = holders[0].slug if len(holders) == 1 else key
            groups.setdefault(slugs[key], []).append(candidate)
    return list(groups.values())


def _take(store: Store, candidate: Candidate, on_batch: OnBatch, *, rested: bool) -> FileOutcome:
    shown, path = candidate.shown(store.settings.results_dir), candidate.path
    owner: RegisteredProvider | None = None
    try:
        began = time.time_ns()
        document = read_document(path)
        owner = owner_of(store, path, document.provider_name, candidate.folder)
        provider = store.provider_database(owner)
        stored = store_document(document, provider, store.settings.zone, shown, on_batch)
        if stored.already:
            state = FileResult.ALREADY_INGESTED
        else:
            state = FileResult.PARTIAL if stored.session.tally.failed_extractions else FileResult.INGESTED
        mtime_ns = telling_mtime(document.mtime_ns, began, path)
        return FileOutcome.of_session(shown, state, owner, stored.session, document.size, mtime_ns)
    except StillBeingWritten as error:
        return FileOutcome(shown, FileResult.WAITING, reason=str(error))
    except _REJECTIONS as error:
        unfinished = isinstance(error, MalformedDocument) and error.truncated and not rested
        if unfinished and _age(path) < store.settings.settle_seconds:
            return FileOutcome(shown, FileResult.WAITING, reason=f"{_reason(error)}; it may be still in the making")
        return FileOutcome(shown, FileResult.REJECTED, reason=_reason(error))
    except DatabaseUnreachable:
        raise
    except _MIGRATIONS as error:
        return _left(shown, FileResult.BLOCKED, owner, str(error))
    except WebAutoDashError as error:
        return _left(shown, FileResult.FAILED, owner, str(error))
    except Exception as error:  # whatever is wrong with one file, the others go on
        return _left(shown, FileResult.FAILED, owner, where_from(error))


def _left(shown: str, state: FileResult, owner: RegisteredProvider | None, reason: str) -> FileOutcome:
    if owner is None:
        return FileOutcome(shown, state, reason=reason)
    return FileOutcome(shown, state, owner.slug, owner.name, owner.database_name, reason=reason)


def _reason(error: WebAutoDashError) -> str:
    """What an error says beside the file's name, which the outcome has already."""
    if isinstance(error, MalformedDocument):
        return f"{error.position}: {error.reason}"
    return error.reason if isinstance(error, UnusableFile | WrongFolder) else str(error)


def _age(path: Path) -> float:
    with suppress(OSError):
        return max(0.0, time.time() - path.lstat().st_mtime)
    return float("inf")
