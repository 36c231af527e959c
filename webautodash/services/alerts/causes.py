"""What gives rise to an alert, found in what became of files.

Nothing of a file's contents, name or path is in it: a file of one patient may be named after them.
"""

import re
from collections.abc import Iterable
from functools import partial

from webautodash.domain.alerts import AlertKind, Cause, cause_key, least_severity
from webautodash.domain.file_outcome import FileResult
from webautodash.domain.vocabulary import EventKind, FileState
from webautodash.domain.wording import counted
from webautodash.errors import WebAutoDashError
from webautodash.repositories.conflicts import NewConflicts
from webautodash.repositories.ingested_files import FileRecord
from webautodash.repositories.monitors import MonitorRecord
from webautodash.repositories.pending_events import Event, file_stored
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.alerts.rules import rules_of
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.store import Store

Changed = tuple[FileOutcome, FileRecord, RegisteredProvider | None]
"""A file whose row is new or says something else now."""

_MOST_NUMBERS = 50
# As NotAtHead words it; what becomes of a file is told by its reason alone.
_BEHIND = re.compile(r"is at revision (\w+), this version needs (\w+):")
_STATES = {FileState.REJECTED: AlertKind.REJECTED, FileState.HELD: AlertKind.HELD}


def causes_of(store: Store, changed: Iterable[Changed]) -> list[Cause]:
    """The causes in some files, which is none in most. Never fails: what cannot be looked up is told with less."""
    causes = []
    for outcome, record, provider in changed:
        if kind := _STATES.get(record.state):
            causes.append(_not_taken(kind, record, provider))
        if provider is None:
            continue
        if outcome.state is FileResult.BLOCKED and (behind := _BEHIND.search(outcome.reason or "")):
            causes.append(provider_behind(provider, *behind.groups()))
        if outcome.state is FileResult.ALREADY_INGESTED and outcome.session_id is not None:
            # The outbox has none of it any more: the system database is older than that, or was made anew.
            causes += _causes_of_session(store, provider, outcome.session_id)
    return causes


def causes_of_event(
    store: Store, provider: RegisteredProvider, event: Event, content_sha256: str | None
) -> list[Cause]:
    """The causes in one event of a provider's outbox; ``content_sha256`` is of its session. Never fails."""
    match event.kind:
        case EventKind.FILE_STORED:
            parts: tuple[object, ...] = (content_sha256,)
        case EventKind.PATIENT_TAKEN_IN:
            # A patient who waits for a second decision causes two alerts.
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
        # It was read a moment ago; its alerts are raised when it is next read.
        return []
    if file is None:
        return []
    event = file_stored(session_id, file.session.tally, file.created_at)
    return causes_of_event(store, provider, event, file.session.content_sha256)


def provider_behind(provider: RegisteredProvider, found: str, needed: str) -> Cause:
    """A provider's database has to be migrated before any file of theirs is taken; one cause a revision."""
    return Cause(
        cause_key(AlertKind.BEHIND, provider.database_name, found, needed),
        AlertKind.BEHIND,
        f"the database is at revision {found}, this version needs {needed}; files wait until it is migrated",
        provider=provider.slug,
        database_name=provider.database_name,
        details={"found": found, "needed": needed},
    )


def provider_not_ready(provider: RegisteredProvider, standing: str, found: str | None) -> Cause:
    """A provider's database takes no files for another reason than a migration to come; one cause a reason."""
    return Cause(
        cause_key(AlertKind.BEHIND, provider.database_name, standing, found or ""),
        AlertKind.BEHIND,
        f"the database is {standing}; files wait until that is put right",
        provider=provider.slug,
        database_name=provider.database_name,
        details={"standing": standing},
    )


def monitor_silent(one: MonitorRecord) -> Cause:
    """A monitor has not been heard of since a time; one cause for each such silence."""
    facts = {"monitor_id": one.id, "host": one.host, "pid": one.pid, "heartbeat_at": one.heartbeat_at.isoformat()}
    return Cause(
        cause_key(AlertKind.SILENT, *facts.values()),
        AlertKind.SILENT,
        f"the monitor on {one.host}, process {one.pid}, was last heard of at {one.heartbeat_at:%Y-%m-%d %H:%M:%S} UTC",
        details=facts,
    )


def _conflicts_of(
    store: Store,
    provider: RegisteredProvider,
    event: Event,
    *parts: object,
) -> list[Cause]:
    """The cause in the conflicts that an event brought, or none where all of them are too small or decided already.

    ``parts`` are what makes it this cause, beside the provider. Never fails.
    """
    least = least_severity(rules_of(store.settings).values())
    if least is None:
        return []
    key = cause_key(AlertKind.CONFLICT, provider.identity, *parts)
    cause = partial(Cause, key, AlertKind.CONFLICT, provider=provider.slug, database_name=provider.database_name)
    try:
        with store.provider_database(provider).reading() as work:
            found = work.conflicts.new_conflicts(event.session_id, event.at, least, _MOST_NUMBERS)
    except WebAutoDashError:
        # The file is stored and its row has to be written; that there are conflicts is known in any case.
        message = f"{counted(event.conflicts, 'difference')} in a file to be reviewed; their severity could not be read"
        return [cause(message, details={"conflicts": event.conflicts})]
    if not found.ids:
        return []
    worst = max(found.by_severity, key=lambda severity: severity.rank)
    details = {
        "conflicts": sum(found.by_severity.values()),
        "by_severity": {str(word): count for word, count in found.by_severity.items()},
        "ids": list(found.ids),
    }
    return [cause(_told(found), worst, details=details)]


def _not_taken(kind: AlertKind, record: FileRecord, provider: RegisteredProvider | None) -> Cause:
    look = record.look or (record.size, record.mtime_ns, record.content_sha256)
    said = "was rejected" if kind is AlertKind.REJECTED else "is held after its last attempt"
    return Cause(
        cause_key(kind, record.path, look, record.reason),
        kind,
        f"a file {said}; it waits for a person",
        provider=provider.slug if provider else None,
        database_name=provider.database_name if provider else None,
    )


def _set_aside(event: Event, provider: RegisteredProvider, content_sha256: str | None) -> Cause:
    return Cause(
        cause_key(AlertKind.SET_ASIDE, provider.identity, content_sha256),
        AlertKind.SET_ASIDE,
        f"{event.set_aside} of a file's {event.found} patients were set aside",
        provider=provider.slug,
        database_name=provider.database_name,
        details={"set_aside": event.set_aside, "found": event.found},
    )


def _told(found: NewConflicts) -> str:
    ranked = sorted(found.by_severity.items(), key=lambda each: -each[0].rank)
    counts = ", ".join(f"{number} {severity}" for severity, number in ranked)
    return f"differences in a file wait for review: {counts}"
