"""Reads from the providers' databases what the system database does not record yet."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from webautodash.domain.alerts import Cause
from webautodash.domain.vocabulary import EventKind, Level
from webautodash.domain.wording import counted
from webautodash.errors import WebAutoDashError
from webautodash.repositories.pending_events import Event, file_stored
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.sessions import LastSession, StoredFile, Totals
from webautodash.repositories.unit_of_work import ProviderWork, SystemWork
from webautodash.services.alerts import causes_of_event
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProviderChanges:
    """Totals, events and files of one provider's database that the system database may not record yet."""

    provider: RegisteredProvider
    totals: Totals
    events: list[Event]
    files: dict[int, StoredFile]
    """The files of the events, by session."""
    is_older: bool
    """Whether it lacks the newest recorded session: it was restored from an older backup."""

    def causes(self, store: Store) -> Iterator[Cause]:
        """The causes of alerts in the events."""
        for event in self.events:
            file = None if event.session_id is None else self.files.get(event.session_id)
            yield from causes_of_event(store, self.provider, event, file.session.content_sha256 if file else None)


def read_changes(
    store: Store, providers: Sequence[RegisteredProvider], recorded: Collection[str]
) -> list[ProviderChanges]:
    """Read the changes of some providers, without those whose database cannot be read.

    ``recorded`` are the SHA-256 of the files that the caller is about to record.
    """
    if not providers:
        return []
    # The system database is read first: the providers' databases have everything that is recorded there by then.
    with store.system.reading() as work:
        last = work.providers.last_sessions()
    found = (store.read_if_possible(one, partial(_changes, one, last.get(one.id), recorded)) for one in providers)
    return [one for one in found if one is not None]


def find_lost_paths(store: Store, provider: RegisteredProvider) -> list[str]:
    """The paths whose sessions are missing since an older backup was restored, which is logged."""
    # The system database first, as above.
    with store.system.reading() as work:
        rows = work.ingested_files.stored_of(provider.id)
    hashes = store.read_if_possible(provider, lambda work: work.sessions.hashes())
    lost = [row.path for row in rows if hashes is not None and row.content_sha256 not in hashes]
    message = f"restored from an older backup: {counted(len(lost), 'stored file')} missing"
    SystemLogWriter(store.system).record_about(
        provider, Level.ERROR, "backups", "database_older", message, files=len(lost)
    )
    return lost


def delete_events(store: Store, changes: ProviderChanges) -> None:
    """Delete events that are recorded now. One that cannot be deleted is recorded once more, which changes nothing."""
    numbers = [event.id for event in changes.events if event.id is not None]
    if numbers:
        with suppress(WebAutoDashError):
            database = store.provider_database(changes.provider)
            database.run(lambda work: work.pending_events.delete(numbers))


def settle_totals(store: Store, changes: ProviderChanges) -> None:
    """Write the totals again while they change: another process may have stored a file and written them before.

    If the database cannot be read, the next reader corrects the totals.
    """
    provider, written = changes.provider, changes.totals

    def read(work: ProviderWork) -> Totals:
        return work.sessions.totals()

    def write(work: SystemWork) -> None:
        work.providers.set_totals(provider.id, written)

    while (totals := store.read_if_possible(provider, read)) is not None and totals != written:
        written = totals
        store.system.run(write)


def _changes(
    provider: RegisteredProvider, last: LastSession | None, recorded: Collection[str], work: ProviderWork
) -> ProviderChanges:
    """``last`` is the newest session that the system database records."""
    sessions, events = work.sessions, work.pending_events.pending()
    newer = sessions.since(last) if last is not None else {}
    has_event = {event.session_id for event in events if event.kind is EventKind.FILE_STORED}
    for number, file in (newer or {}).items():
        # The system database was restored from an older backup, or a process was killed before it recorded the file.
        if number not in has_event and file.session.content_sha256 not in recorded:
            events.append(file_stored(number, file.session.tally, file.created_at))
    numbers = {event.session_id for event in events if event.session_id is not None}
    files = sessions.files(numbers) if numbers else {}
    return ProviderChanges(provider, sessions.totals(), events, files, is_older=newer is None)
