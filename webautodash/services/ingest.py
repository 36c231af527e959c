"""Extraction files into rows: each file once, whole or not at all, and what became of it said."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from traceback import extract_tb

from webautodash.domain.documents import read_document
from webautodash.domain.naming import letters_key
from webautodash.domain.vocabulary import FileState, Level
from webautodash.errors import (
    DatabaseUnreachable,
    InvalidProviderName,
    MalformedDocument,
    ProviderNameTaken,
    StillBeingWritten,
    UnusableFile,
    WebAutoDashError,
    WrongFolder,
)
from webautodash.models.base import utc_now
from webautodash.repositories import FileRepository, ProviderRepository, SessionRepository
from webautodash.repositories.files import FileRecord
from webautodash.repositories.sessions import Totals
from webautodash.services.files import Candidate, candidates, in_order
from webautodash.services.log import SystemLog
from webautodash.services.providers import owner_of
from webautodash.services.reports import FileOutcome, FileResult, IngestReport, counts, row_counts
from webautodash.services.store import ProviderDatabase, Store
from webautodash.services.storing import Stored, store_document
from webautodash.services.workers import take_in_processes

_COMPONENT = "ingest"
_STATES = {
    FileResult.INGESTED: FileState.INGESTED,
    FileResult.PARTIAL: FileState.PARTIAL,
    FileResult.REJECTED: FileState.REJECTED,
    FileResult.WAITING: FileState.WAITING,
    FileResult.FAILED: FileState.WAITING,
}
# What is wrong with the file itself; anything else is wrong around it, and the file waits.
_REJECTIONS = (MalformedDocument, WrongFolder, UnusableFile, InvalidProviderName, ProviderNameTaken)


def ingest_paths(
    store: Store,
    paths: Sequence[Path] = (),
    *,
    workers: int = 1,
    on_file: Callable[[FileOutcome], None] | None = None,
) -> IngestReport:
    """Take files and folders, or all of Results; ``on_file`` hears of each as it is done.

    With more than one of ``workers`` different providers go at once, each in a process. A file that seems cut short is
    looked at once more, after ``settle_seconds``: it may be still in the making.
    Raises DatabaseUnreachable; everything that is wrong with one file is that file's outcome.
    """
    outcomes: list[FileOutcome] = []
    unfinished: list[tuple[Candidate, object]] = []
    files = in_order(candidates(paths, store.settings.results_dir), store.settings.zone)
    seen = {candidate.path: _look(candidate.path) for candidate in files}

    def done(outcome: FileOutcome) -> None:
        outcomes.append(outcome)
        if on_file is not None:
            on_file(outcome)

    def looked(candidate: Candidate, outcome: FileOutcome) -> None:
        if outcome.state is FileResult.WAITING:
            unfinished.append((candidate, seen[candidate.path]))
        else:
            done(outcome)

    groups = _by_provider(store, files) if workers > 1 else []
    if len(groups) > 1:
        take_in_processes(store.settings, groups, workers, take_file, looked)
    else:
        for candidate in files:
            looked(candidate, take_file(store, candidate))
    if unfinished:
        time.sleep(store.settings.settle_seconds)
        for candidate, before in unfinished:
            outcome, provider = _take(store, candidate, rested=_look(candidate.path) == before)
            _tell(store, outcome, provider)
            done(outcome)
    return IngestReport(tuple(outcomes))


def take_file(store: Store, candidate: Candidate) -> FileOutcome:
    """Take one file and say so in the system database; one that may be still in the making is only looked at."""
    outcome, provider = _take(store, candidate)
    if outcome.state is not FileResult.WAITING:
        _tell(store, outcome, provider)
    return outcome


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


def _look(path: Path) -> object:
    with suppress(OSError):
        status = path.lstat()
        return status.st_ino, status.st_size, status.st_mtime_ns
    return None


def _take(store: Store, candidate: Candidate, *, rested: bool = False) -> tuple[FileOutcome, ProviderDatabase | None]:
    shown = candidate.shown(store.settings.results_dir)
    provider: ProviderDatabase | None = None
    try:
        document = read_document(candidate.path)
        owner = owner_of(store, candidate.path, document.provider_name, candidate.folder)
        provider = store.provider_database(owner)
        stored = store_document(document, provider, store.settings.zone, shown)
        return _outcome(shown, document.sha256, document.size, provider, stored), provider
    except StillBeingWritten as error:
        return FileOutcome(shown, FileResult.WAITING, reason=str(error)), None
    except _REJECTIONS as error:
        unfinished = isinstance(error, MalformedDocument) and error.truncated and not rested
        if unfinished and _age(candidate.path) < store.settings.settle_seconds:
            return FileOutcome(
                shown, FileResult.WAITING, reason=f"{_reason(error)}; it may be still in the making"
            ), None
        return FileOutcome(shown, FileResult.REJECTED, reason=_reason(error)), None
    except DatabaseUnreachable:
        raise
    except WebAutoDashError as error:
        return FileOutcome(shown, FileResult.FAILED, reason=str(error)), provider
    except Exception as error:  # whatever is wrong with one file, the others go on
        return FileOutcome(shown, FileResult.FAILED, reason=_unexpected(error)), provider


def _reason(error: WebAutoDashError) -> str:
    """What an error says beside the file's name, which the outcome has already."""
    if isinstance(error, MalformedDocument):
        return f"{error.position}: {error.reason}"
    return error.reason if isinstance(error, UnusableFile | WrongFolder) else str(error)


def _unexpected(error: Exception) -> str:
    # Where and of what type; the text of an error that nobody planned may quote a value.
    where = extract_tb(error.__traceback__)[-1]
    return f"unexpected {type(error).__name__} at {Path(where.filename).name}, line {where.lineno}; please report it"


def _age(path: Path) -> float:
    with suppress(OSError):
        return max(0.0, time.time() - path.lstat().st_mtime)
    return float("inf")


def _outcome(shown: str, sha256: str, size: int, provider: ProviderDatabase, stored: Stored) -> FileOutcome:
    tally = stored.session.tally
    if stored.already:
        state = FileResult.ALREADY_INGESTED
    else:
        state = FileResult.PARTIAL if tally.failed_extractions else FileResult.INGESTED
    set_aside = f"{tally.failed_extractions} of {tally.total_patients_found} patients set aside"
    advice = f"see `webautodash set-aside list {provider.provider.slug}`"
    return FileOutcome(
        shown,
        state,
        provider=provider.provider.slug,
        provider_name=provider.provider.name,
        database_name=provider.provider.database_name,
        session_id=stored.session.id,
        reason=f"{set_aside}; {advice}" if tally.failed_extractions else None,
        sha256=sha256,
        size=size,
        conflicts=tally.conflicts_detected,
        rows=row_counts(tally),
        **counts(tally),
    )


def _tell(store: Store, outcome: FileOutcome, provider: ProviderDatabase | None) -> None:
    """Bring the system database's view up to date. What a crash leaves out here, the next run puts in."""
    state = _STATES.get(outcome.state)
    if state is None:
        state = FileState.PARTIAL if outcome.set_aside else FileState.INGESTED
    record = FileRecord(
        path=outcome.path,
        state=state,
        provider_id=provider.provider.id if provider else None,
        content_sha256=outcome.sha256,
        size=outcome.size,
        reason=outcome.reason,
        found=outcome.found,
        stored=outcome.stored,
        changed=outcome.changed,
        duplicates=outcome.duplicates,
        set_aside=outcome.set_aside,
    )
    with store.system.reading() as session:
        if outcome.state is FileResult.ALREADY_INGESTED and _same(FileRepository(session).find(outcome.path), record):
            return
    # In this order: a later run that finds the file's row takes the counters to be right.
    if provider is not None and outcome.session_id is not None:
        _count(store, provider)
    store.system.run(lambda session: FileRepository(session).record(record, utc_now()))
    _log(SystemLog(store.system), outcome)


def _count(store: Store, provider: ProviderDatabase) -> None:
    """Bring a provider's counters up to date, and look again: another worker may have stored a file meanwhile."""
    written: Totals | None = None
    while (totals := _totals(provider)) != written:
        _set_totals(store, provider, totals)
        written = totals


def _totals(provider: ProviderDatabase) -> Totals:
    with provider.reading() as session:
        return SessionRepository(session).totals()


def _set_totals(store: Store, provider: ProviderDatabase, totals: Totals) -> None:
    store.system.run(lambda session: ProviderRepository(session).set_totals(provider.provider.id, totals))


def _same(known: FileRecord | None, now: FileRecord) -> bool:
    return known is not None and (known.state, known.content_sha256, known.provider_id) == (
        now.state,
        now.content_sha256,
        now.provider_id,
    )


def _log(log: SystemLog, outcome: FileOutcome) -> None:
    level, event = _EVENTS[outcome.state]
    numbers = {"found": outcome.found, **{name: getattr(outcome, name) for name in _NUMBERS}, **outcome.rows}
    message = f"{outcome.path}: {outcome.state.replace('_', ' ')}"
    log.record(
        level,
        _COMPONENT,
        event,
        f"{message}: {outcome.reason}" if outcome.reason else message,
        provider=outcome.provider,
        database_name=outcome.database_name,
        path=outcome.path,
        session_id=outcome.session_id,
        **(numbers if outcome.session_id is not None else {}),
    )
    if outcome.conflicts and outcome.state is not FileResult.ALREADY_INGESTED:
        log.record(
            Level.WARNING,
            "conflicts",
            "conflicts_found",
            f"{outcome.path}: {outcome.conflicts} differences wait for review; "
            f"see `webautodash conflict list {outcome.provider}`",
            provider=outcome.provider,
            database_name=outcome.database_name,
            session_id=outcome.session_id,
            conflicts=outcome.conflicts,
        )


_NUMBERS = ("stored", "changed", "duplicates", "set_aside", "conflicts")
_EVENTS = {
    FileResult.INGESTED: (Level.INFO, "file_ingested"),
    FileResult.PARTIAL: (Level.WARNING, "file_partial"),
    FileResult.ALREADY_INGESTED: (Level.INFO, "file_already_ingested"),
    FileResult.REJECTED: (Level.ERROR, "file_rejected"),
    FileResult.WAITING: (Level.INFO, "file_waiting"),
    FileResult.FAILED: (Level.ERROR, "file_failed"),
}
