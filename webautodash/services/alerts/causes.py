"""What gives rise to an alert, found in what became of files.

Nothing of a file's contents, name or path is in it: a file of one patient may be named after them.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from webautodash.domain.alerts import AlertKind, Cause, cause_key, least_severity
from webautodash.domain.vocabulary import FileState
from webautodash.errors import WebAutoDashError
from webautodash.repositories import ConflictRepository
from webautodash.repositories.conflicts import Brought
from webautodash.repositories.files import FileRecord
from webautodash.repositories.monitors import KnownMonitor
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.alerts.rules import rules_of
from webautodash.services.reports import FileOutcome, FileResult
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
        if outcome.set_aside:
            causes.append(_set_aside(outcome, provider))
        if outcome.conflicts and outcome.session_id is not None:
            causes += conflicts_of(store, provider, outcome.session_id, outcome.conflicts, outcome.sha256)
    return causes


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


def monitor_silent(one: KnownMonitor) -> Cause:
    """A monitor has not been heard of since a time; one cause for each such silence."""
    facts = {"monitor_id": one.id, "host": one.host, "pid": one.pid, "heartbeat_at": one.heartbeat_at.isoformat()}
    return Cause(
        cause_key(AlertKind.SILENT, *facts.values()),
        AlertKind.SILENT,
        f"the monitor on {one.host}, process {one.pid}, was last heard of at {one.heartbeat_at:%Y-%m-%d %H:%M:%S} UTC",
        details=facts,
    )


def conflicts_of(
    store: Store,
    provider: RegisteredProvider,
    session_id: int,
    number: int,
    *parts: object,
    since: datetime | None = None,
) -> list[Cause]:
    """The cause in the conflicts that a session brought, or none where all of them are too small or decided already.

    ``parts`` are what makes it this cause, beside the provider; with ``since`` only later ones count. Never fails.
    """
    least = least_severity(rules_of(store.settings).values())
    if least is None:
        return []
    key = cause_key(AlertKind.CONFLICT, provider.identity, *parts)
    cause = partial(Cause, key, AlertKind.CONFLICT, provider=provider.slug, database_name=provider.database_name)
    try:
        with store.provider_database(provider).reading() as session:
            found = ConflictRepository(session).brought_by(session_id, least, _MOST_NUMBERS, since)
    except WebAutoDashError:
        # The file is stored and its row has to be written; that there are conflicts is known in any case.
        message = f"{number} differences in a file wait for review; their severity could not be read"
        return [cause(message, details={"conflicts": number})]
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


def _set_aside(outcome: FileOutcome, provider: RegisteredProvider) -> Cause:
    return Cause(
        cause_key(AlertKind.SET_ASIDE, provider.identity, outcome.sha256),
        AlertKind.SET_ASIDE,
        f"{outcome.set_aside} of a file's {outcome.found} patients were set aside",
        provider=provider.slug,
        database_name=provider.database_name,
        details={"set_aside": outcome.set_aside, "found": outcome.found},
    )


def _told(found: Brought) -> str:
    ranked = sorted(found.by_severity.items(), key=lambda each: -each[0].rank)
    counts = ", ".join(f"{number} {severity}" for severity, number in ranked)
    return f"differences in a file wait for review: {counts}"
