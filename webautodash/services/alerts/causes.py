"""Causes of alerts, found in the outcomes of files.

A cause contains neither content, name nor path of a file: a file may be named after its patient.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from webautodash.domain.alerts import AlertKind, Cause, cause_key, least_severity
from webautodash.domain.file_state_transitions import FileResult
from webautodash.domain.overdue import Overdue
from webautodash.domain.vocabulary import EventKind, FileState, RevisionStatus, Severity
from webautodash.domain.wording import counted
from webautodash.errors import NotAtHead, WebAutoDashError
from webautodash.repositories.conflicts import NewConflicts
from webautodash.repositories.ingested_files import FileRecord
from webautodash.repositories.monitors import MonitorRecord
from webautodash.repositories.pending_events import Event, file_stored
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services import revisions
from webautodash.services.alerts.channels import rules_of
from webautodash.services.revisions import SchemaHistory
from webautodash.services.store import Store

_MOST_NUMBERS = 50
_STATES = {FileState.REJECTED: AlertKind.REJECTED, FileState.HELD: AlertKind.HELD}


class ChangedFile(NamedTuple):
    """A file whose row is new or has changed, and the result of the attempt that did it."""

    result: FileResult
    record: FileRecord
    provider: RegisteredProvider | None


def causes_of(store: Store, changed: Iterable[ChangedFile]) -> list[Cause]:
    """The causes in the outcomes of files; most files have none. Never fails: a cause may have fewer details."""
    causes = []
    behind: dict[str, RegisteredProvider] = {}
    for result, record, provider in changed:
        if kind := _STATES.get(record.state):
            causes.append(_not_taken(kind, record, provider))
        if provider is None:
            continue
        if result is FileResult.BLOCKED and record.kind == NotAtHead.own_kind():
            behind[provider.slug] = provider
        if result is FileResult.ALREADY_INGESTED and record.session_id is not None:
            # Its events are no longer in the outbox: the system database was restored or recreated.
            causes += _causes_of_session(store, provider, record.session_id)
    for provider in behind.values():
        causes += _behind(store, provider)
    return causes


def causes_of_event(
    store: Store, provider: RegisteredProvider, event: Event, content_sha256: str | None
) -> list[Cause]:
    """The causes in one event of a provider's outbox; ``content_sha256`` is that of its session. Never fails."""
    match event.kind:
        case EventKind.FILE_STORED:
            parts: tuple[object, ...] = (content_sha256,)
        case EventKind.PATIENT_TAKEN_IN:
            # A patient who needs a second decision causes a second alert.
            parts = (content_sha256, event.set_aside_id, event.at)
        case EventKind.DATABASE_ADOPTED:
            parts = (event.kind,)
        case EventKind.SESSION_CORRECTED:
            parts = (content_sha256, event.kind, event.at.isoformat())
    causes = _conflicts_of(store, provider, event, *parts) if event.conflicts else []
    if event.set_aside:
        causes.append(_set_aside(event, provider, content_sha256))
    return causes


def _causes_of_session(store: Store, provider: RegisteredProvider, session_id: int) -> list[Cause]:
    try:
        with store.provider_database(provider).reading() as work:
            file = work.sessions.files([session_id]).get(session_id)
    except WebAutoDashError:
        # The alerts are raised when the file is next read.
        return []
    if file is None:
        return []
    event = file_stored(session_id, file.session.tally, file.created_at)
    return causes_of_event(store, provider, event, file.session.content_sha256)


def _behind(store: Store, provider: RegisteredProvider) -> list[Cause]:
    with suppress(WebAutoDashError):
        if found := revisions.revision_on(store.server, provider.database_name):
            return [provider_behind(provider, found, revisions.head(SchemaHistory.PROVIDER))]
    return []


def provider_behind(provider: RegisteredProvider, found: str, needed: str) -> Cause:
    """A provider's database must be migrated before its files can be stored; one cause per revision."""
    message = f"the database is at revision {found}, this version needs {needed}; files wait until it is migrated"
    key = (provider.database_name, found, needed)
    return _cause(AlertKind.BEHIND, key, message, provider, details={"found": found, "needed": needed})


def provider_not_ready(provider: RegisteredProvider, status: RevisionStatus, found: str | None) -> Cause:
    """A provider's database accepts no files for another reason than a pending migration; one cause per reason."""
    message, key = f"the database is {status}; files wait until this is corrected", (provider.database_name, status)
    return _cause(AlertKind.BEHIND, (*key, found or ""), message, provider, details={"standing": str(status)})


def monitor_silent(one: MonitorRecord) -> Cause:
    """A monitor sends no heartbeats any more; one cause per last heartbeat."""
    facts = {"monitor_id": one.id, "host": one.host, "pid": one.pid, "heartbeat_at": one.heartbeat_at.isoformat()}
    at = f"{one.heartbeat_at:%Y-%m-%d %H:%M:%S}"
    message = f"the monitor on {one.host}, process {one.pid}, sent its last heartbeat at {at} UTC"
    return _cause(AlertKind.SILENT, facts.values(), message, details=facts)


def provider_overdue(provider: RegisteredProvider, found: Overdue) -> Cause:
    """No file of a provider has come for three usual intervals; one cause per last file."""
    message = f"no file since {_minute(found.last_at)} UTC; files usually come every {_hours(found)} h"
    details = {"last_at": found.last_at.isoformat(), "interval_seconds": round(found.interval.total_seconds())}
    key = (provider.identity, "overdue", found.last_at.isoformat())
    return _cause(AlertKind.SILENT, key, message, provider, details=details)


def provider_came_back(provider: RegisteredProvider, found: Overdue) -> Cause:
    """A file of a provider has come after an alert that said it was overdue."""
    message = f"resolved: a file has come; the one before came at {_minute(found.last_at)} UTC"
    key = (provider.identity, "came_back", found.last_at.isoformat())
    return _cause(AlertKind.SILENT, key, message, provider, details={"last_at": found.last_at.isoformat()})


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _hours(found: Overdue) -> str:
    return f"{found.interval.total_seconds() / 3600:.0f}"


def _conflicts_of(store: Store, provider: RegisteredProvider, event: Event, *parts: object) -> list[Cause]:
    """The cause in the conflicts of an event; none if all are below the least severity or resolved.

    ``parts`` identify the cause, together with the provider. Never fails.
    """
    least = least_severity(rules_of(store.settings).values())
    if least is None:
        return []
    key = (provider.identity, *parts)
    try:
        with store.provider_database(provider).reading() as work:
            found = work.conflicts.new_conflicts(event.session_id, event.at, least, _MOST_NUMBERS)
    except WebAutoDashError:
        # The row of the file must be written in any case, and the number of conflicts is known.
        message = f"{counted(event.conflicts, 'difference')} in a file to review; their severity could not be read"
        return [_cause(AlertKind.CONFLICT, key, message, provider, details={"conflicts": event.conflicts})]
    if not found.ids:
        return []
    worst = max(found.by_severity, key=lambda severity: severity.rank)
    details = {
        "conflicts": sum(found.by_severity.values()),
        "by_severity": {str(word): count for word, count in found.by_severity.items()},
        "ids": list(found.ids),
    }
    return [_cause(AlertKind.CONFLICT, key, _summary(found), provider, worst, details)]


def _not_taken(kind: AlertKind, record: FileRecord, provider: RegisteredProvider | None) -> Cause:
    stat = record.look or (record.size, record.mtime_ns, record.content_sha256)
    event = "was rejected" if kind is AlertKind.REJECTED else "is held after its last attempt"
    return _cause(kind, (record.path, stat, record.reason), f"a file {event}; it waits for a person", provider)


def _set_aside(event: Event, provider: RegisteredProvider, content_sha256: str | None) -> Cause:
    message = f"{event.set_aside} of a file's {event.found} patients were set aside"
    details = {"set_aside": event.set_aside, "found": event.found}
    return _cause(AlertKind.SET_ASIDE, (provider.identity, content_sha256), message, provider, details=details)


def _cause(
    kind: AlertKind,
    key: Iterable[object],
    message: str,
    provider: RegisteredProvider | None = None,
    severity: Severity | None = None,
    details: Mapping[str, Any] | None = None,
) -> Cause:
    slug, database = (provider.slug, provider.database_name) if provider is not None else (None, None)
    return Cause(cause_key(kind, *key), kind, message, severity, slug, database, details or {})


def _summary(found: NewConflicts) -> str:
    ranked = sorted(found.by_severity.items(), key=lambda each: -each[0].rank)
    counts = ", ".join(f"{number} {severity}" for severity, number in ranked)
    return f"differences in a file wait for review: {counts}"
