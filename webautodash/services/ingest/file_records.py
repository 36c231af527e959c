"""Turns the outcome of a file into its row and into entries of the system log."""

from datetime import datetime

from webautodash.domain.file_state_transitions import FileResult, Transition
from webautodash.domain.vocabulary import STORED_FILES, FileState, Level
from webautodash.domain.wording import counted
from webautodash.repositories.ingested_files import FileRecord
from webautodash.repositories.system_log import LogRecord
from webautodash.services.ingest.file_stat import FileStat, stat_text
from webautodash.services.ingest.report import FileOutcome

_LOGGED_COUNTS = ("stored", "changed", "duplicates", "set_aside", "conflicts")
_HELD = (Level.ERROR, "file_held")
_EVENTS = {
    FileResult.INGESTED: (Level.INFO, "file_ingested"),
    FileResult.PARTIAL: (Level.WARNING, "file_partial"),
    FileResult.ALREADY_INGESTED: (Level.INFO, "file_already_ingested"),
    FileResult.REJECTED: (Level.ERROR, "file_rejected"),
    FileResult.WAITING: (Level.INFO, "file_waiting"),
    FileResult.BLOCKED: (Level.WARNING, "file_blocked"),
    FileResult.FAILED: (Level.ERROR, "file_failed"),
    FileResult.HELD: _HELD,
}


def file_record(
    outcome: FileOutcome, transition: Transition, provider_id: int | None, stat: FileStat | None = None
) -> FileRecord:
    """The row of a file; ``stat`` is the file's stat when it was found."""
    return FileRecord(
        path=outcome.path,
        state=transition.state,
        attempts=transition.attempts,
        provider_id=provider_id,
        content_sha256=outcome.sha256,
        size=outcome.size,
        mtime_ns=outcome.mtime_ns,
        session_id=outcome.session_id,
        look=stat_text(stat) if stat is not None else None,
        next_attempt_at=transition.next_attempt_at,
        reason=outcome.reason,
        kind=outcome.kind,
        found=outcome.found,
        stored=outcome.stored,
        changed=outcome.changed,
        duplicates=outcome.duplicates,
        set_aside=outcome.set_aside,
        duration_ms=outcome.duration_ms,
        unfinished=outcome.unfinished or None,
    )


def is_same_event(before: FileRecord, now: FileRecord) -> bool:
    """Whether two rows record the same event, so that the log and the alerts need nothing new."""
    return _event(before) == _event(now)


def is_same_row(before: FileRecord, now: FileRecord) -> bool:
    """Whether two rows of a stored file also agree in its session and its stat."""
    return _row(before) == _row(now)


def _event(record: FileRecord) -> tuple[object, ...]:
    reason = None if record.state in STORED_FILES else record.reason
    return record.state, record.content_sha256, record.provider_id, reason


def _row(record: FileRecord) -> tuple[object, ...]:
    return *_event(record), record.size, record.mtime_ns, record.session_id, record.look


def log_entries(at: datetime, outcome: FileOutcome, state: FileState) -> list[LogRecord]:
    """The log entries for an outcome after which the file is in ``state``."""
    level, event = _HELD if state is FileState.HELD else _EVENTS[outcome.state]
    message = f"{outcome.path}: {event.removeprefix('file_').replace('_', ' ')}"
    if outcome.reason:
        message += f": {outcome.reason}"
    details: dict[str, object] = {"path": outcome.path, "session_id": outcome.session_id}
    if outcome.kind is not None:
        details["kind"] = outcome.kind
    if outcome.session_id is not None:
        details |= {"found": outcome.found, **{name: getattr(outcome, name) for name in _LOGGED_COUNTS}, **outcome.rows}
    where = (outcome.provider, outcome.database_name)
    entries = [LogRecord(at, level, "ingest", event, message, *where, details)]
    if outcome.conflicts and outcome.state is not FileResult.ALREADY_INGESTED:
        message = f"{outcome.path}: {counted(outcome.conflicts, 'difference')} to review"
        details = {"session_id": outcome.session_id, "conflicts": outcome.conflicts}
        entries.append(LogRecord(at, Level.WARNING, "conflicts", "conflicts_found", message, *where, details))
    return entries
