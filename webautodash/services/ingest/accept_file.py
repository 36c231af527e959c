"""Stores a held file because a person confirms it."""

from datetime import datetime

from webautodash.domain.vocabulary import FileState, Level
from webautodash.errors import ACCEPTABLE_HOLDS, FutureTime, UsageError
from webautodash.models.base import utc_now
from webautodash.repositories.file_acceptances import Acceptance
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.ingest.file_states import existing_path, place_of
from webautodash.services.ingest.held_files import parse_corrected_time
from webautodash.services.ingest.paths import split_root
from webautodash.services.ingest.process_file import FileProcessor
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.ingest.scan import candidates
from webautodash.services.review.signature import check_signature
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter

_KINDS = frozenset(hold.own_kind() for hold in ACCEPTABLE_HOLDS)


def accept_file(store: Store, path: str, *, by: str, why: str, extracted_at: str | None = None) -> FileOutcome:
    """Store a held file because a person confirms it, and record who did, when and why.

    The acceptance is for the bytes that were held: a file that has changed since is processed like any other.
    ``extracted_at`` is the correct ISO time. It is required if the time of the file is in the future, and refused
    otherwise. Raises UsageError for a file that is not held, or not for a reason that can be accepted.
    """
    by, why = check_signature(by, why)
    shown = existing_path(store, path)
    with store.system.reading() as work:
        row = work.ingested_files.find([shown])[shown]
    if row.state is not FileState.HELD or row.kind not in _KINDS or row.content_sha256 is None:
        raise UsageError(f"{shown} is not held for a reason that can be accepted (it is {row.state}, {row.kind})")
    acceptance = Acceptance(row.kind, _corrected_time(store, row.kind, extracted_at), by, utc_now())
    content = row.content_sha256

    def accept(work: SystemWork) -> None:
        work.file_acceptances.accept(shown, content, acceptance)

    found = candidates([place_of(store, shown)], store.settings.results_dir, split_root(shown)[0])[0]
    store.system.run_raced(accept)
    SystemLogWriter(store.system).record(Level.INFO, "files", "file_accepted", f"{shown}: accepted ({row.kind})")
    outcome = FileProcessor(store, is_settled=True, why=why)(found)
    with FileLog(store) as log:
        log.record(outcome, found.stat)
    return outcome


def _corrected_time(store: Store, kind: str, extracted_at: str | None) -> datetime | None:
    if kind != FutureTime.own_kind():
        if extracted_at is not None:
            raise UsageError(f"extracted_at is only for a file that is held as {FutureTime.own_kind()}")
        return None
    if extracted_at is None:
        raise UsageError(f"a file that is held as {FutureTime.own_kind()} needs extracted_at, its correct time")
    return parse_corrected_time(store, extracted_at)
